package io.sluice.lab.hostile;

import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Welcome;
import io.sluice.lab.Lab;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A server of the fd plane as one would write it without thinking of enemies: it serves one client after the other, waits
 * for whatever a frame's length promises, and believes what a client calls itself.
 */
final class CarelessServer implements AutoCloseable {
    /** The largest frame that the memory of this process is put at risk for. */
    static final int LARGE = 64 << 20;

    private final Path path;
    private final ServerSocketChannel listener;
    private volatile SocketChannel served;
    private volatile int largest;

    private CarelessServer(Path path, ServerSocketChannel listener) {
        this.path = path;
        this.listener = listener;
    }

    /** Starts it with a socket in a directory of {@code lab}. */
    static CarelessServer start(Lab lab) {
        try {
            Path path = lab.directory("careless").resolve("broker.sock");
            ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
            CarelessServer server = new CarelessServer(path, listener);
            Thread thread = new Thread(server::serve, "careless-server");
            thread.setDaemon(true);
            thread.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it listens. */
    Path socket() {
        return path;
    }

    /** The most bytes that it has taken for one frame. */
    int largest() {
        return largest;
    }

    private void serve() {
        while (listener.isOpen()) {
            try (SocketChannel client = listener.accept()) {
                served = client;
                while (true) {
                    answer(client, Request.parseFrom(frame(client).flip()));
                }
            } catch (IOException ended) {
                // The next one, or the end.
            }
        }
    }

    private static void answer(SocketChannel client, Request request) throws IOException {
        byte[] reply = Reply.newBuilder()
                .setId(request.getId())
                .setWelcome(Welcome.newBuilder()
                        .setVersion(1)
                        .setTenant(request.getHello().getClient()))
                .build()
                .toByteArray();
        ByteBuffer bytes =
                ByteBuffer.allocate(4 + reply.length).putInt(reply.length).put(reply);
        client.write(bytes.flip());
    }

    private ByteBuffer frame(SocketChannel client) throws IOException {
        int length = fill(client, ByteBuffer.allocate(4)).flip().getInt();
        largest = Math.max(largest, length);
        return fill(client, ByteBuffer.allocate(length));
    }

    private static ByteBuffer fill(SocketChannel client, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (client.read(buffer) == -1) {
                throw new EOFException();
            }
        }
        return buffer;
    }

    @Override
    public void close() {
        try {
            listener.close();
            SocketChannel client = served;
            if (client != null) {
                client.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
