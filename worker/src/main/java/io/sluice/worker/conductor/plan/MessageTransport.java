package io.sluice.worker.conductor.plan;

import java.net.InetSocketAddress;
import java.util.Optional;

/** One bare frame a message. */
public sealed interface MessageTransport extends Transport {
    /**
     * AF_UNIX SOCK_SEQPACKET, UML's bess.
     *
     * @param path to listen at, or to connect to
     * @param local bound before connecting
     */
    record UnixSeqpacket(String path, boolean listen, Optional<String> local) implements MessageTransport {
        public UnixSeqpacket {
            Checks.path("path", path);
            local.ifPresent(bound -> Checks.path("local path", bound));
            if (listen && local.isPresent()) {
                throw new IllegalArgumentException("who listens has one path; a local one is for who connects");
            }
        }

        @Override
        public String kind() {
            return "seqpacket";
        }
    }

    /** AF_UNIX SOCK_DGRAM; {@code local} is bound, {@code remote} is sent to. */
    record UnixDgram(String local, String remote) implements MessageTransport {
        public UnixDgram {
            Checks.path("local path", local);
            Checks.path("remote path", remote);
            if (local.equals(remote)) {
                throw new IllegalArgumentException("the local path and the remote path are the same");
            }
        }

        @Override
        public String kind() {
            return "dgram";
        }
    }

    /**
     * Bare frames in UDP.
     *
     * @param local bound; of the family of {@code remote}
     * @param grant the socket's grant, of kind udp; empty: the worker opens it itself
     */
    record InetDgram(InetSocketAddress local, InetSocketAddress remote, Optional<GrantRef> grant)
            implements MessageTransport {
        public InetDgram {
            Checks.sameFamily(local.getAddress(), remote.getAddress());
            Checks.port("local port", local.getPort());
            Checks.port("remote port", remote.getPort());
            if (remote.getAddress().isMulticastAddress() || remote.getAddress().isAnyLocalAddress()) {
                throw new IllegalArgumentException(
                        "remote " + remote.getAddress().getHostAddress() + ": the address of one host is expected");
            }
        }

        @Override
        public String kind() {
            return "dgram";
        }
    }

    /**
     * A port of a VDE switch.
     *
     * @param sock the switch's directory, which has its socket ctl
     * @param port to ask for; 0: any
     * @param group that may write to our socket
     * @param mode of our socket, permission bits
     * @param description for the switch's list of ports
     */
    record Vde(String sock, int port, Optional<String> group, Optional<Integer> mode, String description)
            implements MessageTransport {
        private static final int LAST_PORT = 0xff_ffff;
        private static final int ALL_MODES = 0777;
        private static final int LONGEST_DESCRIPTION = 127;

        public Vde {
            if (!sock.startsWith("/")) {
                throw new IllegalArgumentException("vde directory \"" + PortPlan.shown(sock)
                        + "\": an absolute path is expected, such as /run/vde.ctl");
            }
            Checks.path("vde directory", sock + "/ctl");
            Checks.range("vde port", port, 0, LAST_PORT);
            group.ifPresent(name -> {
                if (!name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}")) {
                    throw new IllegalArgumentException("group \"" + PortPlan.shown(name) + "\" is no name of a group");
                }
            });
            mode.ifPresent(bits -> {
                if (bits < 0 || bits > ALL_MODES) {
                    throw new IllegalArgumentException(
                            "mode 0" + Integer.toOctalString(bits) + ": 0 to 0777, octal, is expected");
                }
            });
            if (!description.matches("[ -~]{0," + LONGEST_DESCRIPTION + "}")) {
                throw new IllegalArgumentException("description \"" + PortPlan.shown(description) + "\": at most "
                        + LONGEST_DESCRIPTION + " printable ASCII characters are expected");
            }
        }

        @Override
        public String kind() {
            return "vde";
        }
    }

    /** A descriptor that the worker inherited: a socket of messages, or a stream, or a tap device, as it turns out to be. */
    record Inherited(int fd) implements MessageTransport {
        public Inherited {
            Checks.descriptor(fd);
        }

        @Override
        public String kind() {
            return "fd";
        }
    }
}
