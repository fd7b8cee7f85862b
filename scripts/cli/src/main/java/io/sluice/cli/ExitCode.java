package io.sluice.cli;

/** How a command ended. Scripts rely on the numbers: docs/cli.md. */
enum ExitCode {
    OK(0),
    /** Refused or failed. */
    FAILED(1),
    /** The command line can't be understood. */
    USAGE(2),
    /** The worker or the gateway does not answer. */
    UNREACHABLE(3),
    /** What was named does not exist. */
    NOT_FOUND(4),
    /** This user may not. */
    DENIED(5);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
