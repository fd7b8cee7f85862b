package io.sluice.broker;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The capabilities that the broker needs, why, and whether every thread of this process has just those. */
final class Privileges {
    /** A capability, its bit in CapEff (linux/capability.h), whether the broker works without, what it is for. */
    private record Needed(String name, int bit, boolean optional, String reason) {}

    private static final List<Needed> NEEDED = List.of(
            new Needed("NET_ADMIN", 12, false, "attaching programs, making devices, large buffers, busy polling"),
            new Needed("NET_RAW", 13, false, "AF_PACKET and AF_XDP sockets"),
            new Needed("IPC_LOCK", 14, false, "UMEM beyond RLIMIT_MEMLOCK"),
            new Needed("SYS_ADMIN", 21, true, "network namespaces of jails; the system call filter allows no more"),
            new Needed("BPF", 39, false, "loading programs and making maps"));

    /** Where a thread can have capabilities, or get them from. */
    private static final List<String> SETS = List.of("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb");

    private Privileges() {}

    /**
     * Compares the capabilities of all threads with what is needed.
     *
     * @return what is wrong, one sentence each; empty if nothing is
     */
    static List<String> complaints(boolean allowExtra) throws IOException {
        Set<String> wrong = new LinkedHashSet<>(); // mostly the same of every thread
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path thread : threads) {
                try {
                    wrong.addAll(complaints(Files.readAllLines(thread.resolve("status")), allowExtra));
                } catch (IOException e) {
                    if (Files.exists(thread)) { // else a compiler thread that was no longer needed
                        throw e;
                    }
                }
            }
        }
        return List.copyOf(wrong);
    }

    /** The same for the lines of one status file. */
    static List<String> complaints(List<String> status, boolean allowExtra) {
        List<String> wrong = new ArrayList<>();
        long effective = Long.parseUnsignedLong(field(status, "CapEff"), 16);
        long allowed = 0;
        for (Needed needed : NEEDED) {
            allowed |= 1L << needed.bit;
            if (!needed.optional && (effective >>> needed.bit & 1) == 0) {
                wrong.add("CAP_" + needed.name + " is missing (" + needed.reason + ")");
            }
        }
        if (allowExtra) {
            return wrong;
        }
        for (String set : SETS) {
            long extra = Long.parseUnsignedLong(field(status, set), 16) & ~allowed;
            if (extra != 0) {
                wrong.add(String.format("%s has capabilities that it has no use for (%016x)", set, extra));
            }
        }
        if (!field(status, "NoNewPrivs").equals("1")) {
            wrong.add("no_new_privs is not set");
        }
        return wrong;
    }

    private static String field(List<String> status, String name) {
        return status.stream()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("0");
    }
}
