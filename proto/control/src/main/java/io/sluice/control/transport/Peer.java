package io.sluice.control.transport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The process at the other end of a unix socket, as the kernel recorded it at connect(2): unix(7), SO_PEERCRED and
 * SO_PEERGROUPS.
 *
 * @param pid in this process' pid namespace; it may have been reused since, so decide by uid and groups
 * @param uid effective uid
 * @param gid effective gid
 * @param groups {@code gid} and the supplementary groups
 */
public record Peer(int pid, int uid, int gid, Set<Integer> groups) {
    public Peer {
        Set<Integer> all = new HashSet<>(groups);
        all.add(gid);
        groups = Set.copyOf(all);
    }

    /** This process, as its peers see it: effective ids from {@code /proc/self/status}. */
    public static Peer self() throws IOException {
        // Not the owner of /proc/self: that is root for a process which is not dumpable.
        List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
        Set<Integer> groups = new HashSet<>();
        for (String group : field(status, "Groups:")) {
            groups.add(Integer.parseUnsignedInt(group));
        }
        return new Peer(
                Integer.parseInt(field(status, "Pid:").get(0)),
                Integer.parseUnsignedInt(field(status, "Uid:").get(1)),
                Integer.parseUnsignedInt(field(status, "Gid:").get(1)),
                groups);
    }

    private static List<String> field(List<String> status, String name) throws IOException {
        for (String line : status) {
            if (line.startsWith(name)) {
                String values = line.substring(name.length()).strip();
                return values.isEmpty() ? List.of() : List.of(values.split("\\s+"));
            }
        }
        throw new IOException("/proc/self/status has no line " + name + " is /proc mounted?");
    }

    @Override
    public String toString() {
        return "uid " + Integer.toUnsignedString(uid) + " (pid " + pid + ")";
    }
}
