package io.sluice.worker.port.line;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** The file of a unix socket of ours, to be removed with it: that file, not one that somebody has put in its place. */
final class BoundFile {
    private final Path path;
    private final Object key;

    private BoundFile(Path path, Object key) {
        this.path = path;
        this.key = key;
    }

    /** Of a socket that was just bound; nothing for addresses that are no files. */
    static Optional<BoundFile> of(SocketAddress address) {
        return address instanceof UnixPath unix
                ? Optional.of(new BoundFile(unix.file(), key(unix.file())))
                : Optional.empty();
    }

    void remove() {
        if (key != null && key.equals(key(path))) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                // Its directory is not ours any more. The file does no harm: the next who binds replaces it.
            }
        }
    }

    private static Object key(Path path) {
        try {
            return Files.readAttributes(
                            path, java.nio.file.attribute.BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (IOException e) {
            return null;
        }
    }
}
