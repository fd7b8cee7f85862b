package io.sluice.lab;

/**
 * What a command that has ended has said.
 *
 * @param command the command
 * @param exit its exit code; 128 + signal if one ended it
 * @param output standard output, without the last newline
 * @param errors standard error, likewise
 */
public record Finished(Command command, int exit, String output, String errors) {
    /** Whether it exited with 0. */
    public boolean succeeded() {
        return exit == 0;
    }

    /** Returns this if it exited with 0; otherwise throws what it said. */
    public Finished orThrow() {
        if (!succeeded()) {
            String said = errors.isBlank() ? output : errors;
            throw new LabException(command + " failed with exit code " + exit + (said.isBlank() ? "" : ":\n" + said));
        }
        return this;
    }
}
