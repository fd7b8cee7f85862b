package io.sluice.grant.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Welcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;

/** A peer that does to one client what a test tells it to, on a thread of its own. */
final class ScriptedBroker implements AutoCloseable {
    static final Reply.Builder WELCOME = Reply.newBuilder()
            .setWelcome(Welcome.newBuilder().setVersion(1).setTenant("blue").setBrokerVersion("scripted"));
    private static final int PATIENCE_S = 20;

    /** What happens after the connection was accepted. */
    interface Script {
        void play(ScriptedBroker broker) throws IOException;
    }

    private final UnixServerSocketChannel server;
    private final FutureTask<Void> playing;
    private FdChannel channel;

    ScriptedBroker(Path path, Script script) throws IOException {
        server = UnixServerSocketChannel.open();
        server.socket().bind(new UnixSocketAddress(path.toFile()));
        playing = new FutureTask<>(() -> {
            try (UnixSocketChannel accepted = server.accept();
                    FdChannel opened = new FdChannel(Fd.duplicateOf(accepted.getFD()), FrameChannel.MAX_REQUEST)) {
                channel = opened;
                script.play(this);
            }
            return null;
        });
        new Thread(playing, "scripted-broker").start();
    }

    /** Waits for a request. */
    Request request() throws IOException {
        Frame frame = channel.receiveFrame();
        while (frame == null) {
            assertThat(channel.await(false, PATIENCE_S * 1000)).isTrue();
            frame = channel.receiveFrame();
        }
        return Request.parseFrom(frame.body());
    }

    void reply(long id, Reply.Builder reply, Fd... fds) throws IOException {
        raw(reply.setId(id).build().toByteArray(), fds);
    }

    void raw(byte[] body, Fd... fds) throws IOException {
        channel.send(body, List.of(fds));
        assertThat(channel.flush()).isTrue();
    }

    /** Greets the client as a broker does. */
    void welcome() throws IOException {
        Request hello = request();
        assertThat(hello.hasHello()).isTrue();
        reply(hello.getId(), WELCOME.clone());
    }

    /** Waits until the client has closed the connection, reading what it still sends. */
    void awaitEnd() throws IOException {
        try {
            while (true) {
                request();
            }
        } catch (IOException e) {
            // The end.
        }
    }

    static Reply.Builder error(Error.Code code, String message) {
        return Reply.newBuilder()
                .setError(Error.newBuilder().setCode(code).setMessage(message).setHint("a hint"));
    }

    /** Ends when the script has; throws what it threw. */
    @Override
    public void close() throws IOException {
        try {
            playing.get(PATIENCE_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("the script failed", e.getCause());
        } catch (Exception e) {
            throw new AssertionError("the script does not end", e);
        } finally {
            server.close();
        }
    }
}
