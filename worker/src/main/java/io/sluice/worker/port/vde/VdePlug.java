package io.sluice.worker.port.vde;

import io.sluice.worker.port.line.UnixPath;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Where a port is to be plugged in.
 *
 * @param directory the switch's, as vde_switch -s has it
 * @param local path of our own socket; empty: one in the switch's directory, or if that is not ours to write in the one for
 *     temporary files
 * @param port number of the switch's port, 1..32767; 0: any
 * @param description what the switch shows for the port, at most 128 bytes
 * @param group that may write to our own socket, as a switch of another user has to
 * @param mode of our own socket, permission bits
 */
public record VdePlug(
        UnixPath directory,
        Optional<UnixPath> local,
        int port,
        String description,
        Optional<String> group,
        Optional<Integer> mode) {
    private static final int MOST_PORT = 32_767;
    private static final int LONGEST = 128;

    public VdePlug {
        if (port < 0 || port > MOST_PORT) {
            throw new IllegalArgumentException("vde port " + port + ": 0 to " + MOST_PORT + " is expected, 0 for any");
        }
        if (description.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
            throw new IllegalArgumentException("a vde description has at most " + LONGEST + " bytes");
        }
        control(directory);
    }

    /** With a socket of our own whose rights are as the process's umask has them. */
    public VdePlug(UnixPath directory, Optional<UnixPath> local, int port, String description) {
        this(directory, local, port, description, Optional.empty(), Optional.empty());
    }

    /** The switch's control socket. */
    UnixPath control() {
        return control(directory);
    }

    private static UnixPath control(UnixPath directory) {
        return new UnixPath(directory.path() + "/ctl");
    }
}
