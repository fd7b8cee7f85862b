package io.sluice.gateway;

import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.client.FdChannel;
import io.sluice.grant.client.Frame;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Welcome;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;

/** The admin table of a broker as a script, on a real unix socket: frames, greeting, one thread a connection. */
final class FakeBroker {
    /** A connection after its greeting. */
    static final class Session {
        private final FdChannel channel;
        private final BlockingQueue<Boolean> ended = new LinkedBlockingQueue<>();
        private volatile long watchId;

        Session(FdChannel channel) {
            this.channel = channel;
        }

        /** Sends an audit event. Returns false if the client has taken nothing for half a second. */
        synchronized boolean event(Reply.Builder reply) throws IOException {
            channel.send(reply.setId(watchId).build().toByteArray(), List.of());
            while (!channel.flush()) {
                if (!channel.await(true, 500)) {
                    return false;
                }
            }
            return true;
        }

        /** Breaks the connection off. */
        void cut() {
            channel.shutdown();
        }

        /** Waits until the client has closed it. */
        void awaitEnd() throws InterruptedException {
            if (ended.poll(20, TimeUnit.SECONDS) == null) {
                throw new AssertionError("the connection is still open");
            }
        }
    }

    /** Connections that asked to watch, in order. */
    final BlockingQueue<Session> watchers = new LinkedBlockingQueue<>();

    /** Every request after the greeting. */
    final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();

    private final Path socket;
    private final UnixServerSocketChannel listener;
    private final Function<Request, Reply.Builder> script;
    private final List<Session> sessions = new CopyOnWriteArrayList<>();
    private final Thread acceptor;
    private volatile boolean closed;

    /** @param script the reply to a request, null for none at all */
    FakeBroker(Path socket, Function<Request, Reply.Builder> script) throws IOException {
        this.socket = socket;
        this.script = script;
        this.listener = UnixServerSocketChannel.open();
        listener.socket().bind(new UnixSocketAddress(new File(socket.toString())));
        acceptor = start(this::acceptAll);
    }

    static Reply.Builder error(Error.Code code, String message, String hint) {
        return Reply.newBuilder()
                .setError(Error.newBuilder().setCode(code).setMessage(message).setHint(hint));
    }

    /** Breaks every connection off, and goes on listening. */
    void cutAll() {
        sessions.forEach(Session::cut);
    }

    private void acceptAll() {
        try {
            while (!closed) {
                UnixSocketChannel accepted = listener.accept();
                Fd owned = Fd.owned(accepted.getFD(), "accept"); // closing the channel would shut it down
                Session session = new Session(new FdChannel(owned, FrameChannel.MAX_REQUEST));
                sessions.add(session);
                start(() -> serve(session));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void serve(Session session) {
        try (FdChannel channel = session.channel) {
            while (true) {
                channel.await(false, -1);
                for (Frame frame = channel.receiveFrame(); frame != null; frame = channel.receiveFrame()) {
                    answer(session, Request.parseFrom(frame.body()));
                }
            }
        } catch (IOException end) {
            session.ended.add(true);
        }
    }

    private void answer(Session session, Request request) throws IOException {
        Reply.Builder reply;
        if (request.hasHello()) {
            reply = Reply.newBuilder()
                    .setWelcome(Welcome.newBuilder().setVersion(1).setBrokerVersion("fake"));
        } else {
            requests.add(request);
            reply = script.apply(request);
            if (request.hasWatchAudit()) {
                session.watchId = request.getId();
                watchers.add(session);
            }
        }
        if (reply != null) {
            session.channel.send(reply.setId(request.getId()).build().toByteArray(), List.of());
            session.channel.flush();
        }
    }

    private static Thread start(Runnable task) {
        Thread thread = new Thread(task, "fake-broker");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Ends every connection and removes the socket, as a broker that stops. */
    void close() throws IOException, InterruptedException {
        if (!closed) {
            closed = true;
            // accept(2) does not notice that its socket is closed, and the number would be the next broker's: wake it.
            try (UnixSocketChannel wake = UnixSocketChannel.open(new UnixSocketAddress(socket.toFile()))) {
                acceptor.join();
                wake.shutdownOutput();
            }
            listener.close();
            cutAll();
            Files.deleteIfExists(socket);
        }
    }
}
