package io.sluice.broker.lease;

import io.sluice.broker.policy.Decision;
import io.sluice.grant.v1.Error;
import java.util.Optional;

/** A request that is answered with an error; the connection goes on. */
public final class Rejection extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Error error;

    /** @param hint what the client can do about it; may be empty */
    public Rejection(Error.Code code, String message, String hint) {
        super(message);
        this.error = Error.newBuilder()
                .setCode(code)
                .setMessage(message)
                .setHint(hint)
                .build();
    }

    /** What policy says. */
    public Rejection(Decision.Deny deny) {
        this(deny.code(), deny.reason(), deny.hint());
    }

    /** Throws unless it holds. */
    public static void unless(boolean holds, Error.Code code, String message, String hint) throws Rejection {
        if (!holds) {
            throw new Rejection(code, message, hint);
        }
    }

    /** Throws what a rule of the policy has found. */
    public static void throwIf(Optional<Decision.Deny> refusal) throws Rejection {
        if (refusal.isPresent()) {
            throw new Rejection(refusal.get());
        }
    }

    /** The message for the client. */
    public Error error() {
        return error;
    }
}
