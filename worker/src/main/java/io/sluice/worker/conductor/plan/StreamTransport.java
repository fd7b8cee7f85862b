package io.sluice.worker.conductor.plan;

import java.net.InetSocketAddress;

/**
 * Frames in a stream, each behind its length, a big-endian u32, as QEMU has them.
 *
 * @param server whether to listen and take one peer at a time, rather than to connect
 * @param reconnectMs how long to wait before connecting again; 0: never
 */
public record StreamTransport(Endpoint endpoint, boolean server, int reconnectMs) implements Transport {
    private static final int LONGEST_WAIT_MS = 3_600_000;

    /** Where. */
    public sealed interface Endpoint {
        /** At the path of a unix socket. */
        record UnixPath(String path) implements Endpoint {
            public UnixPath {
                Checks.path("path", path);
            }
        }

        /** At a TCP port. */
        record Inet(InetSocketAddress address) implements Endpoint {
            public Inet {
                Checks.port("port", address.getPort());
            }
        }

        /** A connected socket that was inherited. */
        record Descriptor(int fd) implements Endpoint {
            public Descriptor {
                Checks.descriptor(fd);
            }
        }
    }

    public StreamTransport {
        Checks.range("reconnect ms", reconnectMs, 0, LONGEST_WAIT_MS);
        if (reconnectMs != 0 && (server || endpoint instanceof Endpoint.Descriptor)) {
            throw new IllegalArgumentException("reconnect is for who connects: "
                    + (server ? "a server waits for its peer" : "an inherited socket is connected once"));
        }
        if (server && endpoint instanceof Endpoint.Descriptor) {
            throw new IllegalArgumentException("an inherited stream is connected; it can't be a server");
        }
    }

    @Override
    public String kind() {
        return "stream";
    }
}
