package io.sluice.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What labs whose process was killed have left behind: namespaces and directories. Their processes died with them, by
 * their death signal. Only what carries the name of a maker that runs no more is touched.
 */
final class Leftovers {
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Leftovers() {}

    /** Removes them and returns their names. */
    static List<String> remove() {
        List<String> gone = Stream.concat(
                        orphans(NAMESPACES).peek(Leftovers::deleteNamespace),
                        orphans(directories()).peek(path -> deleteTree(path)))
                .map(path -> path.getFileName().toString())
                .toList();
        return gone;
    }

    /** Where labs have their directories. */
    static Path directories() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    private static Stream<Path> orphans(Path where) {
        if (!Files.isDirectory(where)) {
            return Stream.empty();
        }
        try (Stream<Path> entries = Files.list(where)) {
            return entries.filter(Leftovers::isOrphan).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOrphan(Path path) {
        try {
            // Anybody may make such a name in /tmp; only root's are a lab's.
            return Maker.of(path.getFileName().toString())
                            .filter(maker -> !maker.isAlive())
                            .isPresent()
                    && (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS) == 0;
        } catch (IOException raced) {
            return false;
        }
    }

    private static void deleteNamespace(Path path) {
        RunningProcess.run(
                Command.of("ip", "netns", "delete", path.getFileName().toString()), LIMIT);
    }

    /** Deletes a directory with all that is in it. Symbolic links are deleted, not followed. */
    static void deleteTree(Path root) {
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
