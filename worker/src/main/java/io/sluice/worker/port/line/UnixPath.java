package io.sluice.worker.port.line;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The path of a unix socket.
 *
 * @param path at most 107 bytes, without NUL
 */
public record UnixPath(String path) implements SocketAddress {
    static final short AF_UNIX = 1;

    /** sun_path is 108 bytes, the last of them NUL. */
    private static final int MOST = 107;

    public UnixPath {
        int length = path.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MOST || path.indexOf(0) >= 0) {
            throw new IllegalArgumentException("a unix socket's path has 1 to " + MOST + " bytes, not " + length
                    + ", and no NUL; use a shorter directory");
        }
    }

    /** As a file. */
    public Path file() {
        return Path.of(path);
    }

    /** struct sockaddr_un: family u16, path, NUL. */
    @Override
    public ByteBuffer encode() {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        return Native.allocate(2 + bytes.length + 1).putShort(0, AF_UNIX).put(2, bytes);
    }

    @Override
    public String toString() {
        return path;
    }
}
