package io.sluice.lab;

/** Something in a test network did not work. The message says what, with the output of the command that failed. */
public final class LabException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what failed and, where it is known, what to do about it */
    public LabException(String message) {
        super(message);
    }

    /**
     * @param message what failed
     * @param cause why
     */
    public LabException(String message, Throwable cause) {
        super(message + ": " + cause.getMessage(), cause);
    }
}
