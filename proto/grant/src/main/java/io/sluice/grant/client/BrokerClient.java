package io.sluice.grant.client;

import io.sluice.grant.channel.Frame;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.Confirm;
import io.sluice.grant.v1.Hello;
import io.sluice.grant.v1.Release;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.WatchAudit;
import io.sluice.grant.v1.Welcome;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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
    private static final long CALL_TIMEOUT_MS = 10_000;

    /** A reply and the descriptors that came with it. */
    private record Answer(Reply reply, List<Fd> fds, IOException failure) {}

    /** What an {@link Acquire} brought. The caller owns the descriptors; messages refer to them by index. */
    public record Acquisition(Acquired reply, List<Fd> fds) {}

    private final FrameChannel channel;
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final Consumer<Reply> notices;
    private final Consumer<IOException> ended;
    private final Thread reader;
    private volatile boolean closing;
    private volatile boolean watching;
    private Welcome welcome = Welcome.getDefaultInstance();
    private long lastId;

    private BrokerClient(FrameChannel channel, Consumer<Reply> notices, Consumer<IOException> ended) {
        this.channel = channel;
        this.notices = notices;
        this.ended = ended;
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
     * @throws IOException the socket can't be connected, or the broker refuses this peer
     */
    public static BrokerClient connect(Path socket, String name, Consumer<Reply> notices, Consumer<IOException> ended)
            throws IOException {
        UnixSocketChannel unix;
        try {
            unix = UnixSocketChannel.open(new UnixSocketAddress(new File(socket.toString())));
        } catch (IOException e) {
            throw new IOException("cannot connect to the broker at " + socket + ": " + e.getMessage(), e);
        }
        // Its descriptor is ours from here on. The channel is never closed: that would shut the connection down.
        Fd owned = Fd.owned(unix.getFD(), "connect");
        BrokerClient client = new BrokerClient(new FrameChannel(owned, FrameChannel.MAX_REPLY, true), notices, ended);
        client.reader.start();
        try {
            client.welcome = client.call(Request.newBuilder()
                            .setHello(Hello.newBuilder()
                                    .setVersion(PROTOCOL_VERSION)
                                    .setClient(name)))
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

    /** Acquires and confirms. On any failure nothing is held, here or there. */
    public synchronized Acquisition acquire(Acquire acquire) throws IOException {
        Answer answer = exchange(Request.newBuilder().setAcquire(acquire));
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
            throw new IOException("the connection to the broker has been closed");
        }
        long id = ++lastId;
        channel.send(request.setId(id).build().toByteArray(), List.of());
        while (!channel.flush()) {
            if (!channel.await(true, (int) CALL_TIMEOUT_MS)) {
                throw new IOException("the broker does not read; is it stopped?");
            }
        }
        return id;
    }

    private Answer exchange(Request.Builder request) throws IOException {
        long id = send(request);
        try {
            Answer answer = answers.poll(CALL_TIMEOUT_MS, TimeUnit.MILLISECONDS);
            if (answer == null) {
                channel.shutdown();
                throw new IOException("the broker gave no answer within " + CALL_TIMEOUT_MS / 1000 + " s");
            }
            if (answer.failure() != null) {
                answers.add(answer);
                throw new IOException(answer.failure().getMessage(), answer.failure());
            }
            if (answer.reply().getId() != id) {
                answer.fds().forEach(Fd::close);
                throw new ProtocolException("reply to request " + answer.reply().getId() + ", expected " + id);
            }
            if (answer.reply().hasError()) {
                throw new RefusedException(answer.reply().getError());
            }
            return answer;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the broker");
        }
    }

    private void readAll() {
        IOException end;
        try {
            while (true) {
                channel.await(false, -1);
                for (Frame frame = channel.receive(); frame != null; frame = channel.receive()) {
                    dispatch(frame);
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
        Reply reply = Reply.parseFrom(frame.body());
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

    /** Closes the connection, which ends its leases. */
    @Override
    public void close() {
        closing = true;
        channel.shutdown();
        boolean interrupted = false;
        while (Thread.currentThread() != reader && reader.isAlive()) {
            try {
                reader.join(); // it uses the descriptor
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        synchronized (this) { // a call in progress has failed by now, and leaves
            channel.close();
        }
        for (Answer left = answers.poll(); left != null; left = answers.poll()) {
            left.fds().forEach(Fd::close);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
