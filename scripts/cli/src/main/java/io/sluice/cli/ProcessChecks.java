package io.sluice.cli;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** What this user may do, and what our own processes start with. */
final class ProcessChecks {
    private static final String GROUP = "sluice-admin";

    /** Bits of CapEff (linux/capability.h). */
    private enum Capability {
        NET_ADMIN(12),
        NET_RAW(13),
        IPC_LOCK(14),
        SYS_ADMIN(21),
        BPF(39);

        private final int bit;

        Capability(int bit) {
            this.bit = bit;
        }
    }

    /** What the broker does not start without. */
    private static final Set<Capability> NEEDED =
            EnumSet.of(Capability.NET_ADMIN, Capability.NET_RAW, Capability.IPC_LOCK, Capability.BPF);

    private final Host host;
    private final String status;

    ProcessChecks(Host host) {
        this.host = host;
        this.status = host.read("/proc/self/status").orElse("");
    }

    List<Finding> all() {
        return List.of(capabilities(), jails(), memlock(), group(), java(), archive());
    }

    private Finding capabilities() {
        String user = "uid " + uid();
        List<String> impossible = missing("CapBnd:", NEEDED);
        if (!impossible.isEmpty()) {
            return Finding.warn(
                    "capabilities",
                    "no process here can have " + String.join(", ", impossible) + ", so the broker can't run here",
                    "in a container add them, for example with --cap-add");
        }
        List<String> missing = missing("CapEff:", NEEDED);
        if (missing.isEmpty()) {
            return Finding.ok("capabilities", user + " has all that the broker needs");
        }
        return Finding.ok(
                "capabilities", user + " lacks " + String.join(", ", missing) + ", which the broker alone needs");
    }

    /** Most kinds of grant need a jail, and making one SYS_ADMIN: see docs/security.md. */
    private Finding jails() {
        return missing("CapBnd:", EnumSet.of(Capability.SYS_ADMIN)).isEmpty()
                ? Finding.ok("jails", "the broker can have SYS_ADMIN, which makes them")
                : Finding.warn(
                        "jails",
                        "no process here can have SYS_ADMIN, so the broker refuses every grant in a jail",
                        "in a container add it, or grant devices of the host with `unconfined: true`");
    }

    private List<String> missing(String set, Set<Capability> wanted) {
        long held = Long.parseUnsignedLong(field(set, "0"), 16);
        List<String> missing = new ArrayList<>();
        for (Capability capability : wanted) {
            if ((held >>> capability.bit & 1) == 0) {
                missing.add(capability.name());
            }
        }
        return missing;
    }

    private Finding memlock() {
        String limit = host.read("/proc/self/limits")
                .orElse("")
                .lines()
                .filter(line -> line.startsWith("Max locked memory"))
                .map(line -> line.substring(17).strip().split("\\s+", 2)[0])
                .findFirst()
                .orElse("unknown");
        String amount = limit.matches("\\d+") ? Units.bytes(Long.parseLong(limit)) : limit;
        return Finding.ok("memlock", amount + ", enough: the broker's IPC_LOCK lifts it");
    }

    private Finding group() {
        OptionalInt gid = host.group(GROUP);
        if (gid.isEmpty()) {
            return Finding.warn(
                    "group " + GROUP,
                    "missing, so the gateway serves root and its own user only",
                    "run: groupadd --system " + GROUP);
        }
        boolean member =
                (field("Gid:", "") + " " + field("Groups:", "")).matches("(.*\\s)?" + gid.getAsInt() + "(\\s.*)?");
        return Finding.ok(
                "group " + GROUP, member || uid().equals("0") ? "this user may operate" : "this user is not in it");
    }

    private Finding java() {
        return host.java() >= 17
                ? Finding.ok("java", String.valueOf(host.java()))
                : Finding.fail("java", host.java() + " is too old", "install Java 17 or newer");
    }

    /** The launcher names the archive on the JVM's command line. */
    private Finding archive() {
        String arguments = host.read("/proc/self/cmdline").orElse("");
        for (String argument : arguments.split("\0", -1)) {
            if (argument.startsWith("-XX:SharedArchiveFile=") || argument.startsWith("-XX:AOTCache=")) {
                String file = argument.substring(argument.indexOf('=') + 1);
                if (host.exists(file)) {
                    return Finding.ok("start-up archive", file);
                }
            }
        }
        return Finding.warn("start-up archive", "none, so commands start slowly", "run: sluice prepare");
    }

    private String uid() {
        String[] ids = field("Uid:", "? ?").split("\\s+", -1);
        return ids.length > 1 ? ids[1] : "?";
    }

    private String field(String name, String otherwise) {
        return status.lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()).strip())
                .findFirst()
                .orElse(otherwise);
    }
}
