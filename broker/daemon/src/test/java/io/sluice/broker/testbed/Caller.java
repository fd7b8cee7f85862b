package io.sluice.broker.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.client.FdChannel;
import io.sluice.grant.client.Frame;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.Confirm;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Hello;
import io.sluice.grant.v1.ListGrants;
import io.sluice.grant.v1.PoolRequest;
import io.sluice.grant.v1.Release;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import jnr.constants.platform.Errno;

/** A client that keeps to the protocol or not, as the test likes, under any uid. */
public final class Caller implements AutoCloseable {
    private static final int PATIENCE_MS = 20_000;
    private static final int BUSY_TRIES = 1000;
    private static final long BUSY_PAUSE_NS = 5_000_000;
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM_CLOEXEC = 0x80001;
    private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");
    private static final long SETRESUID = ARM ? 147 : 117;
    private static final long SETRESGID = ARM ? 149 : 119;
    private static final long SETGROUPS = ARM ? 159 : 116;

    private final FdChannel channel;
    private final List<Fd> fds = new ArrayList<>();
    private long lastId;
    private long lastNonce;

    private Caller(FdChannel channel) {
        this.channel = channel;
    }

    /** Connects, no more, with this process' credentials. */
    public static Caller connect(Path path) throws Exception {
        Fd socket = Fd.owned(BrokerCalls.LIBC.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0), "socket");
        connect(socket, path);
        return new Caller(new FdChannel(socket, FrameChannel.MAX_REPLY));
    }

    /**
     * Connects, no more, as another user with these groups alone: from a thread that becomes that user, does this one
     * call and ends. The kernel takes the peer's credentials at connect(2).
     */
    public static Caller connect(Path path, int uid, int... groups) throws Exception {
        ByteBuffer list = Native.allocate(4 * Math.max(1, groups.length));
        list.asIntBuffer().put(groups);
        TestCalls.LIBC.connect(-1, Native.allocate(2), 2); // loads what the thread as somebody else may not read
        Fd socket = Fd.owned(BrokerCalls.LIBC.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0), "socket");
        FutureTask<Void> task = new FutureTask<>(() -> {
            Native.check(BrokerCalls.LIBC.syscall(SETGROUPS, groups.length, list, 0), "setgroups");
            Native.check(TestCalls.LIBC.syscall(SETRESGID, uid, uid, uid), "setresgid");
            Native.check(TestCalls.LIBC.syscall(SETRESUID, uid, uid, uid), "setresuid");
            connect(socket, path);
            return null;
        });
        Thread thread = new Thread(task, "uid " + uid);
        thread.start();
        task.get();
        thread.join();
        return new Caller(new FdChannel(socket, FrameChannel.MAX_REPLY));
    }

    /** Connects and greets. */
    public static Caller greeted(Path path) throws Exception {
        return connect(path).hello("");
    }

    /** Connects as another user and greets. */
    public static Caller greeted(Path path, int uid) throws Exception {
        return connect(path, uid).hello("");
    }

    /** Connects and greets, and wants to be succeeded by who says the same. */
    public static Caller resuming(Path path, String resume) throws Exception {
        return connect(path).hello(resume);
    }

    /** The same as another user, who has these groups. */
    public static Caller resuming(Path path, String resume, int uid, int... groups) throws Exception {
        return connect(path, uid, groups).hello(resume);
    }

    private static void connect(Fd socket, Path path) throws SyscallException {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer address = Native.allocate(110).putShort(0, (short) AF_UNIX).put(2, name);
        Native.check(TestCalls.LIBC.connect(socket.number(), address, 2 + name.length + 1), "connect(" + path + ")");
    }

    private Caller hello(String resume) throws IOException {
        Reply reply = call(Request.newBuilder()
                .setHello(Hello.newBuilder().setVersion(1).setClient("test").setResume(resume)));
        assertThat(reply.hasWelcome()).as("welcomed, not %s", reply).isTrue();
        return this;
    }

    /** The connection. */
    public FdChannel channel() {
        return channel;
    }

    /** Sends a request under the next id, all of it. */
    public long send(Request.Builder request) throws IOException {
        request.setId(++lastId);
        send(request.build().toByteArray());
        return lastId;
    }

    /** Sends a frame. */
    public void send(byte[] body, Fd... attached) throws IOException {
        channel.send(body, List.of(attached));
        while (!channel.flush()) {
            assertThat(channel.await(true, PATIENCE_MS)).as("the broker reads").isTrue();
        }
    }

    /** Sends bytes, of a frame or not. */
    public void raw(byte[] bytes) throws SyscallException {
        ByteBuffer buffer = Native.allocate(bytes.length).put(0, bytes);
        long sent = TestCalls.LIBC.send(channel.socket().number(), buffer, bytes.length, 0x4000);
        assertThat(Native.check(sent, "send")).isEqualTo(bytes.length);
    }

    /** Waits for a frame; keeps its descriptors. */
    public Frame frame() throws IOException {
        Frame frame = channel.receiveFrame();
        while (frame == null) {
            assertThat(channel.await(false, PATIENCE_MS)).as("a frame in time").isTrue();
            frame = channel.receiveFrame();
        }
        fds.addAll(frame.fds());
        return frame;
    }

    /** Waits for a message. */
    public Reply reply() throws IOException {
        return Reply.parseFrom(frame().body());
    }

    /** Sends a request and waits for a message. */
    public Reply call(Request.Builder request) throws IOException {
        long id = send(request);
        Reply reply = reply();
        assertThat(reply.getId()).as("id of %s", reply).isIn(id, 0L);
        return reply;
    }

    /** Sends a request that is answered with an error. */
    public Error refused(Request.Builder request) throws IOException {
        Reply reply = call(request);
        assertThat(reply.hasError()).as("an error, not %s", reply).isTrue();
        return reply.getError();
    }

    /** Waits for the broker's last word, an error, and for the end after it. */
    public Error cutOff() throws IOException {
        Reply reply = reply();
        assertThat(reply.hasError()).as("an error, not %s", reply).isTrue();
        assertThat(reply.getId()).isZero();
        ended();
        return reply.getError();
    }

    /** Waits for the end of the connection, without a word. A reset is an end with something unread on the other side. */
    public void ended() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(this::frame)
                .matches(e -> e instanceof EOFException || (e instanceof SyscallException s && s.is(Errno.ECONNRESET)));
    }

    /** Whether the broker answers. */
    public void isServed() throws IOException {
        Reply reply = call(Request.newBuilder().setListGrants(ListGrants.getDefaultInstance()));
        assertThat(reply.hasGrantList()).as("served, not %s", reply).isTrue();
    }

    /** Asks, with a pool of so many bytes unless 0. */
    public static Request.Builder acquire(long pool, String... grants) {
        Acquire.Builder acquire = Acquire.newBuilder();
        if (pool > 0) {
            acquire.setPool(PoolRequest.newBuilder().setSize(pool));
        }
        for (String grant : grants) {
            acquire.addGrants(GrantRequest.newBuilder().setGrant(grant));
        }
        return Request.newBuilder().setAcquire(acquire);
    }

    /** Acquires without confirming; what is busy until the kernel has freed it is tried again. */
    public Acquired acquired(Request.Builder acquire) throws IOException {
        Reply reply = call(acquire);
        for (int tries = 0; tries < BUSY_TRIES && reply.getError().getCode() == Error.Code.BUSY; tries++) {
            LockSupport.parkNanos(BUSY_PAUSE_NS);
            reply = call(acquire);
        }
        assertThat(reply.hasAcquired()).as("acquired, not %s", reply).isTrue();
        lastNonce = reply.getAcquired().getNonce();
        return reply.getAcquired();
    }

    /** Acquires and confirms. */
    public Acquired hold(Request.Builder acquire) throws IOException {
        Acquired acquired = acquired(acquire);
        Reply reply = call(confirm(acquired.getNonce()));
        assertThat(reply.hasConfirmed()).as("confirmed, not %s", reply).isTrue();
        return acquired;
    }

    /** Says that everything arrived. */
    public static Request.Builder confirm(long nonce) {
        return Request.newBuilder().setConfirm(Confirm.newBuilder().setNonce(nonce));
    }

    /** The nonce of what was acquired last. */
    public long lastNonce() {
        return lastNonce;
    }

    /** Gives a lease back. */
    public void release(long lease) throws IOException {
        Reply reply = call(Request.newBuilder().setRelease(Release.newBuilder().setLease(lease)));
        assertThat(reply.hasReleased()).as("released, not %s", reply).isTrue();
    }

    /** The descriptors that came so far and were not closed. */
    public List<Fd> fds() {
        return fds;
    }

    /** Closes the descriptors that came. */
    public void closeFds() {
        fds.forEach(Fd::close);
        fds.clear();
    }

    @Override
    public void close() {
        closeFds();
        channel.close();
    }
}
