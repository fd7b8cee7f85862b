package io.sluice.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** What {@code sluice doctor} looks at: the machine that it runs on, or one that a test describes. */
interface Host {
    /** Contents of a small file, without white space at its end; empty if it can't be read. */
    Optional<String> read(String path);

    /** Whether there is something at {@code path}, readable or not. */
    boolean exists(String path);

    /** Tries to open a socket, and closes it. Returns the name of the errno, or an empty string. */
    String socket(int family, int type, int protocol);

    /** The gid of a group; empty if it does not exist. */
    OptionalInt group(String name);

    /** Connects to a unix stream socket and closes it. Returns why it can't, or an empty string. */
    String connect(Path socket);

    /** For example {@code amd64}. */
    String architecture();

    /** Feature version of the running Java, for example 17. */
    int java();
}
