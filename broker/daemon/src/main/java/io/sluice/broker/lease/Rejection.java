package io.sluice.broker.lease;

import io.sluice.grant.v1.Error;

/** A request that is answered with an error; the connection goes on. */
public final class Rejection extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Error error;

    /** @param hint what the client can do about it; may be empty */
    public Rejection(Error.Code code, String message, String hint) {
        super(message);
        this.error = error(code, message, hint);
    }

    /** Throws unless it holds. */
    public static void unless(boolean holds, Error.Code code, String message, String hint) throws Rejection {
        if (!holds) {
            throw new Rejection(code, message, hint);
        }
    }

    /** The message for the client. */
    public Error error() {
        return error;
    }

    /** An error message. */
    public static Error error(Error.Code code, String message, String hint) {
        return Error.newBuilder()
                .setCode(code)
                .setMessage(message)
                .setHint(hint)
                .build();
    }
}
