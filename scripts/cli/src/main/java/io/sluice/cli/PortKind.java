package io.sluice.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** The kinds of ports that have options on the command line, and which. */
enum PortKind {
    XDP("--queues", "--mode", "--force-copy", "--no-busy-poll", "--rx-only"),
    PACKET("--sockets", "--offloads", "--ring-frames"),
    TAP("--ifname", "--fds", "--queues", "--offloads"),
    GRE("--local", "--remote", "--rx-key", "--tx-key", "--sequence", "--pin-sequence"),
    VXLAN("--local", "--remote", "--port", "--vni"),
    VXLAN_GPE("--local", "--remote", "--port", "--vni"),
    GENEVE("--local", "--remote", "--port", "--vni"),
    NSH(
            "--over",
            "--spi",
            "--si",
            "--rx-si",
            "--md-type",
            "--next-hop",
            "--local",
            "--remote",
            "--port",
            "--vni",
            "--rx-key",
            "--tx-key",
            "--sequence",
            "--pin-sequence"),
    SEQPACKET("--path", "--listen"),
    STREAM("--path", "--address", "--fd", "--listen", "--reconnect-ms"),
    FD("--fd");

    /** Each between blanks. */
    private final String options;

    PortKind(String... options) {
        this.options = " " + String.join(" ", options) + " ";
    }

    /** Whether a port of this kind is nothing without a grant. */
    boolean needsGrant() {
        return this == XDP || this == PACKET;
    }

    /** Those of {@code given} that it does not have. */
    List<String> strange(Collection<String> given) {
        return given.stream()
                .filter(option -> !options.contains(" " + option + " "))
                .toList();
    }

    /** The kinds that have all of {@code given}, which are some; one that needs a grant is likelier than the others. */
    static List<PortKind> of(Collection<String> given) {
        List<PortKind> fitting = new ArrayList<>();
        for (PortKind kind : values()) {
            if (kind.strange(given).isEmpty()) {
                if (kind.needsGrant()) {
                    return List.of(kind);
                }
                fitting.add(kind);
            }
        }
        return fitting;
    }

    /** As users write it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
