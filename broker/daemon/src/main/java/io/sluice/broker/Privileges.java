package io.sluice.broker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The capabilities that the broker needs, why, and whether this process has just those. */
final class Privileges {
    /** Bit number in CapEff (linux/capability.h), name, reason. */
    private enum Needed {
        NET_ADMIN(12, "SO_RCVBUFFORCE, SO_PREFER_BUSY_POLL, attaching XDP programs"),
        NET_RAW(13, "AF_PACKET and AF_XDP sockets"),
        IPC_LOCK(14, "UMEM beyond RLIMIT_MEMLOCK"),
        BPF(39, "loading programs and making maps");

        private final int bit;
        private final String reason;

        Needed(int bit, String reason) {
            this.bit = bit;
            this.reason = reason;
        }
    }

    private Privileges() {}

    /**
     * Compares CapEff with what is needed.
     *
     * @return what is wrong, one sentence each; empty if nothing is
     */
    static List<String> complaints(boolean allowExtra) throws IOException {
        String status = Files.readString(Path.of("/proc/self/status"));
        long effective = Long.parseUnsignedLong(field(status, "CapEff"), 16);
        List<String> wrong = new ArrayList<>();
        long extra = effective;
        for (Needed needed : Needed.values()) {
            extra &= ~(1L << needed.bit);
            if ((effective >>> needed.bit & 1) == 0) {
                wrong.add("CAP_" + needed + " is missing (" + needed.reason + ")");
            }
        }
        if (!allowExtra && extra != 0) {
            wrong.add(String.format("it has capabilities that it has no use for (%016x)", extra));
        }
        if (!allowExtra && !field(status, "NoNewPrivs").equals("1")) {
            wrong.add("no_new_privs is not set");
        }
        return wrong;
    }

    private static String field(String status, String name) {
        return status.lines()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("0");
    }
}
