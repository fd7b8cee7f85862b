package io.sluice.worker.sys;

import io.sluice.grant.sys.Fd;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The sockets and tap devices that this process was started with. A client names them by number, so it is fixed at the start
 * which numbers those are: any other belongs to the process itself, to its connection with the broker for instance.
 *
 * <p>They stay open as long as the process, and ports work with duplicates: a port that is opened again, after the broker was
 * gone, finds its descriptor where it was.
 */
public final class InheritedFds {
    private static final int FIRST = 3;

    private final SortedSet<Integer> numbers;
    private final Map<Integer, Fd> lent = new HashMap<>();

    /** @param numbers those that may be used; never closed here */
    public InheritedFds(Collection<Integer> numbers) {
        this.numbers = new TreeSet<>(numbers);
    }

    /** What is open now from 3 on, if it is a socket or a tap device: before this process opens any of its own. */
    public static InheritedFds ofProcess() throws IOException {
        SortedSet<Integer> found = new TreeSet<>();
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path link : open) {
                int number = Integer.parseInt(link.getFileName().toString());
                if (number >= FIRST && usable(link)) {
                    found.add(number);
                }
            }
        }
        return new InheritedFds(found);
    }

    private static boolean usable(Path link) throws IOException {
        try {
            String target = Files.readSymbolicLink(link).toString();
            return target.startsWith("socket:[") || target.equals("/dev/net/tun") || target.startsWith("/dev/tap");
        } catch (NoSuchFileException e) { // the one by which the directory was read
            return false;
        }
    }

    /**
     * A duplicate of descriptor {@code number}, owned by the caller; one at a time.
     *
     * @throws IOException it was not inherited, or is in use
     */
    public synchronized Fd lend(int number) throws IOException {
        if (!numbers.contains(number)) {
            throw new IOException("fd " + number + " is no socket or tap device that the worker was started with; "
                    + (numbers.isEmpty() ? "it was started with none" : "those are " + numbers));
        }
        Fd before = lent.get(number);
        if (before != null && !before.isClosed()) {
            throw new IOException("fd " + number + " is in use by another port; remove that first");
        }
        Fd duplicate = Fd.duplicateOf(number);
        lent.put(number, duplicate);
        return duplicate;
    }
}
