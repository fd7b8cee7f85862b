package io.sluice.worker.port.line;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A name in a directory, which is what inotify(7) tells of.
 *
 * @param directory as it is written, so that the kernel resolves it: "." for names without one
 * @param name one component
 */
record Place(String directory, String name) {
    /** Where {@code path} is. */
    static Place of(String path) {
        String trimmed = trimmed(path);
        int slash = trimmed.lastIndexOf('/');
        return slash < 0
                ? new Place(".", trimmed)
                : new Place(trimmed(trimmed.substring(0, slash + 1)), trimmed.substring(slash + 1));
    }

    /** Where the directory itself is; nothing for the root and the current one, which are always there. */
    Optional<Place> above() {
        return directory.equals("/") || directory.equals(".") ? Optional.empty() : Optional.of(of(directory));
    }

    /** Without slashes at the end, but for the root. */
    private static String trimmed(String path) {
        int end = path.length();
        while (end > 1 && path.charAt(end - 1) == '/') {
            end--;
        }
        return path.substring(0, end);
    }

    /** The directory as a C string. */
    ByteBuffer encode() {
        byte[] bytes = directory.getBytes(StandardCharsets.UTF_8);
        return Native.allocate(bytes.length + 1).put(0, bytes);
    }
}
