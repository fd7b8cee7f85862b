package io.sluice.broker.testbed;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** What this process holds in the kernel, and whether objects that it held are gone. */
public final class Held {
    private static final Path OPEN = Path.of("/proc/self/fd");
    private static final long BPF = System.getProperty("os.arch").equals("aarch64") ? 280 : 321;

    /** The kinds of object that fdinfo names, with the command of bpf(2) that finds one by its id. */
    public enum Kind {
        MAP(14),
        PROG(13),
        LINK(30);

        private final int getFdById;

        Kind(int getFdById) {
            this.getFdById = getFdById;
        }
    }

    /** A BPF object. */
    public record BpfObject(Kind kind, int id) {
        /** Whether anything in the kernel still keeps it. */
        public boolean exists() {
            ByteBuffer attributes = Native.allocate(128).putInt(0, id);
            int fd = (int) BrokerCalls.LIBC.syscall(BPF, kind.getFdById, attributes, attributes.capacity());
            if (fd == -1) {
                return false;
            }
            try (Fd found = Fd.owned(fd, "bpf(GET_FD_BY_ID)")) {
                return !found.isClosed();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    private Held() {}

    /** What every open descriptor is, sorted; files, which class loading opens and closes, are left out. */
    public static List<String> descriptors() throws IOException {
        List<String> targets = new ArrayList<>();
        try (var entries = Files.list(OPEN)) {
            for (Path entry : entries.toList()) {
                try {
                    String target = Files.readSymbolicLink(entry).toString();
                    if (!target.startsWith("/") || target.startsWith("/memfd:")) {
                        targets.add(target.replaceAll(":\\[\\d+]$", ""));
                    }
                } catch (NoSuchFileException e) {
                    // Closed meanwhile, or the one that listed the directory.
                }
            }
        }
        return targets.stream().sorted().toList();
    }

    /**
     * Waits until nothing is open that was not open {@code before}: less is no leak, as what an earlier test left to a thread
     * of the platform (a process's pipes, its pidfd) may have been in that list still.
     */
    public static void nothingSince(List<String> before) throws Exception {
        Eventually.is("open and not before", () -> since(before), List.of());
    }

    private static List<String> since(List<String> before) throws IOException {
        List<String> more = new ArrayList<>(descriptors());
        before.forEach(more::remove);
        return more;
    }

    /** The BPF objects that descriptors of this process refer to, themselves or by a link's program. */
    public static Set<BpfObject> bpf() throws IOException {
        Set<BpfObject> objects =
                new TreeSet<>(java.util.Comparator.comparing(BpfObject::kind).thenComparing(BpfObject::id));
        try (var entries = Files.list(OPEN)) {
            for (Path entry : entries.toList()) {
                try {
                    if (Files.readSymbolicLink(entry).toString().startsWith("anon_inode:bpf")) {
                        Files.readAllLines(Path.of("/proc/self/fdinfo/" + entry.getFileName()))
                                .forEach(line -> add(line, objects));
                    }
                } catch (IOException e) {
                    // Closed meanwhile: the file is not there, or, once it was opened, reading it fails with ENOENT.
                    // The test
                    // still sees that BPF objects were made at all.
                }
            }
        }
        return objects;
    }

    private static void add(String line, Set<BpfObject> objects) {
        for (Kind kind : Kind.values()) {
            String key = kind.name().toLowerCase(Locale.ROOT) + "_id:";
            if (line.startsWith(key)) {
                objects.add(new BpfObject(
                        kind, Integer.parseInt(line.substring(key.length()).strip())));
            }
        }
    }
}
