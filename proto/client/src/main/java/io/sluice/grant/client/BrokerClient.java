package io.sluice.grant.client;

import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.Adopt;
import io.sluice.grant.v1.Confirm;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.Hello;
import io.sluice.grant.v1.Release;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.WatchAudit;
import io.sluice.grant.v1.Welcome;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;

/**
 * A connection to the broker. Calls block and are serialised, as the protocol allows one outstanding request. A reader
 * thread of its own takes replies and notices, so that the end of the connection is noticed while nobody calls.
 */
public final class BrokerClient implements AutoCloseable {
    /** Version of the protocol that this client speaks. */
    public static final int PROTOCOL_VERSION = 1;

    /** How long a call may take. Making an xdp lease takes the broker some milliseconds a queue. */
    private static final int CALL_TIMEOUT_MS = 10_000;

    private static final int BUSY_TRIES = 50;
    private static final long BUSY_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(20);

    /** A reply and the descriptors that came with it. */
    private record Answer(Reply reply, List<Fd> fds, IOException failure) {}

    /** What an {@link Acquire} brought. The caller owns the descriptors; messages refer to them by index. */
    public record Acquisition(Acquired reply, List<Fd> fds) {}

    /** Kept until the end, as closing it shuts the connection down for every duplicate. */
    private final UnixSocketChannel unix;

    private final FdChannel channel;
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final Consumer<Reply> notices;
    private final Consumer<IOException> ended;
    private final int timeoutMs;
    private final Thread reader;
    private volatile boolean closing;
    private volatile boolean watching;
    private Welcome welcome = Welcome.getDefaultInstance();
    private long lastId;

    private BrokerClient(
            UnixSocketChannel unix,
            FdChannel channel,
            Consumer<Reply> notices,
            Consumer<IOException> ended,
            int timeoutMs) {
        this.unix = unix;
        this.channel = channel;
        this.notices = notices;
        this.ended = ended;
        this.timeoutMs = timeoutMs;
        this.reader = new Thread(this::readAll, "broker-reader");
        this.reader.setDaemon(true);
    }

    /**
     * Connects and greets.
     *
     * @param socket path of the broker's tenant or admin socket
     * @param name what the client calls itself in leases and audit lines
     * @param notices called in the reader thread for every message that answers no request
     * @param ended called in the reader thread when the connection has ended other than by {@link #close()}
     * @throws RefusedException the broker refuses this peer
     * @throws IOException the socket can't be connected
     */
    public static BrokerClient connect(Path socket, String name, Consumer<Reply> notices, Consumer<IOException> ended)
            throws IOException {
        return connect(socket, name, "", notices, ended);
    }

    /**
     * The same for a client that wants its leases kept for a while if it dies.
     *
     * @param resume under what they can be adopted, see {@link #adopt()}; empty: they end with this process
     */
    public static BrokerClient connect(
            Path socket, String name, String resume, Consumer<Reply> notices, Consumer<IOException> ended)
            throws IOException {
        Hello.Builder hello = Hello.newBuilder().setClient(name).setResume(resume);
        return connect(socket, hello, notices, ended, CALL_TIMEOUT_MS);
    }

    static BrokerClient connect(
            Path socket, Hello.Builder hello, Consumer<Reply> notices, Consumer<IOException> ended, int timeoutMs)
            throws IOException {
        UnixSocketChannel unix;
        try {
            unix = UnixSocketChannel.open(new UnixSocketAddress(new File(socket.toString())));
        } catch (IOException e) {
            throw new IOException("cannot connect to the broker at " + socket + ": " + e.getMessage(), e);
        }
        BrokerClient client;
        try {
            FdChannel channel = new FdChannel(Fd.duplicateOf(unix.getFD()), FrameChannel.MAX_REPLY);
            client = new BrokerClient(unix, channel, notices, ended, timeoutMs);
        } catch (IOException e) {
            unix.close();
            throw e;
        }
        client.reader.start();
        try {
            client.welcome = client.call(Request.newBuilder().setHello(hello.setVersion(PROTOCOL_VERSION)))
                    .getWelcome();
            return client;
        } catch (IOException e) {
            client.close();
            throw e;
        }
    }

    /** What the broker said about itself and about us. */
    public Welcome welcome() {
        return welcome;
    }

    /** Sends one request and waits for its reply. The id is set here. */
    public synchronized Reply call(Request.Builder request) throws IOException {
        Answer answer = exchange(request);
        answer.fds().forEach(Fd::close);
        return answer.reply();
    }

    /**
     * Acquires and confirms. On any failure nothing is held, here or there. What is busy is tried for a while, as the
     * kernel frees a queue some time after its socket was closed.
     */
    public synchronized Acquisition acquire(Acquire acquire) throws IOException {
        Answer answer = null;
        for (int tries = 1; answer == null; tries++) {
            try {
                answer = exchange(Request.newBuilder().setAcquire(acquire));
            } catch (RefusedException e) {
                if (e.code() != Error.Code.BUSY || tries == BUSY_TRIES) {
                    throw e;
                }
                LockSupport.parkNanos(BUSY_PAUSE_NS);
            }
        }
        return confirm(answer);
    }

    /**
     * Takes over what a client left that died and had the same words for {@code resume}, and confirms: all of its
     * leases, and its pool, with their descriptors.
     *
     * @return empty: nothing of that kind waits
     */
    public synchronized Optional<Acquisition> adopt() throws IOException {
        try {
            return Optional.of(confirm(exchange(Request.newBuilder().setAdopt(Adopt.getDefaultInstance()))));
        } catch (RefusedException e) {
            if (e.code() == Error.Code.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private Acquisition confirm(Answer answer) throws IOException {
        try {
            call(Request.newBuilder()
                    .setConfirm(Confirm.newBuilder()
                            .setNonce(answer.reply().getAcquired().getNonce())));
            return new Acquisition(answer.reply().getAcquired(), answer.fds());
        } catch (IOException e) {
            answer.fds().forEach(Fd::close);
            throw e;
        }
    }

    /** Ends a lease. The caller closes its descriptors first. */
    public void release(long lease) throws IOException {
        call(Request.newBuilder().setRelease(Release.newBuilder().setLease(lease)));
    }

    /**
     * Turns the connection into a stream of audit events, which come as notices. No call is possible on it afterwards; a
     * refusal ends it.
     */
    public synchronized void watchAudit() throws IOException {
        watching = true;
        send(Request.newBuilder().setWatchAudit(WatchAudit.getDefaultInstance()));
    }

    private long send(Request.Builder request) throws IOException {
        if (closing) {
            throw new EOFException("closed by this side");
        }
        long id = ++lastId;
        byte[] body = request.setId(id).build().toByteArray();
        if (body.length > FrameChannel.MAX_REQUEST) {
            throw tooLarge(body.length); // the broker would end the connection, and with it every lease
        }
        channel.send(body, List.of());
        while (!channel.flush()) {
            if (!channel.await(true, timeoutMs)) {
                throw new IOException("the broker does not read; is it stopped?");
            }
        }
        return id;
    }

    private static RefusedException tooLarge(int bytes) {
        String message = "a request of " + bytes + " bytes; the broker takes " + FrameChannel.MAX_REQUEST;
        return new RefusedException(Error.newBuilder()
                .setCode(Error.Code.INVALID)
                .setMessage(message)
                .setHint("Ask for less at once, by shorter names.")
                .build());
    }

    /** One request and its reply. Whatever fails but a refusal leaves the protocol in doubt, and ends the connection. */
    private Answer exchange(Request.Builder request) throws IOException {
        try {
            return answer(send(request));
        } catch (RefusedException e) {
            throw e;
        } catch (SyscallException e) {
            channel.shutdown();
            return answer(lastId); // the broker hung up, and may have said why: that is the failure then
        } catch (IOException e) {
            channel.shutdown();
            throw e;
        }
    }

    private Answer answer(long id) throws IOException {
        try {
            Answer answer = answers.poll(timeoutMs, TimeUnit.MILLISECONDS);
            if (answer == null) {
                throw new IOException("the broker gave no answer within " + timeoutMs / 1000.0 + " s");
            }
            if (answer.failure() != null) {
                answers.add(answer);
                throw answer.failure();
            }
            if (answer.reply().getId() == id && !answer.reply().hasError()) {
                return answer;
            }
            answer.fds().forEach(Fd::close);
            if (answer.reply().getId() != id) {
                throw new ProtocolException("reply to request " + answer.reply().getId() + ", expected " + id);
            }
            throw new RefusedException(answer.reply().getError());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the broker");
        }
    }

    private void readAll() {
        IOException end = new EOFException("closed by this side");
        try {
            while (!closing) {
                channel.await(false, -1);
                Frame frame = channel.receiveFrame();
                while (frame != null) {
                    dispatch(frame);
                    frame = closing ? null : channel.receiveFrame(); // a notice may have made its receiver close us
                }
            }
        } catch (IOException e) {
            end = e;
        }
        answers.add(new Answer(Reply.getDefaultInstance(), List.of(), end));
        if (!closing) {
            ended.accept(end);
        }
    }

    private void dispatch(Frame frame) throws IOException {
        Reply reply;
        try {
            reply = Reply.parseFrom(frame.body());
        } catch (InvalidProtocolBufferException e) {
            frame.close();
            throw e;
        }
        if (watching && reply.hasError()) {
            frame.close();
            throw new RefusedException(reply.getError());
        } else if (reply.getId() == 0 || reply.hasAuditEvent()) {
            frame.close();
            if (reply.hasError()) {
                answers.add(new Answer(reply, List.of(), new RefusedException(reply.getError())));
            } else {
                notices.accept(reply);
            }
        } else {
            answers.add(new Answer(reply, frame.fds(), null));
        }
    }

    /** Closes the connection, which ends its leases. A call that waits meanwhile fails. */
    @Override
    public void close() {
        closing = true;
        channel.shutdown();
        answers.add(new Answer(Reply.getDefaultInstance(), List.of(), new EOFException("closed by this side")));
        boolean interrupted = false;
        while (Thread.currentThread() != reader && reader.isAlive()) {
            try {
                reader.join(); // it uses the descriptor
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        free();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Not while a call uses the socket, whose number somebody else may get next. */
    private synchronized void free() {
        channel.close();
        try {
            unix.close();
        } catch (IOException e) {
            // Nothing is left that could be lost.
        }
        for (Answer left = answers.poll(); left != null; left = answers.poll()) {
            left.fds().forEach(Fd::close);
        }
    }
}
