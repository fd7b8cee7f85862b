package io.sluice.broker.server;

import io.sluice.grant.v1.Error;

/** A request that is answered with an error; the connection goes on. */
final class Rejection extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Error error;

    Rejection(Error.Code code, String message, String hint) {
        super(message);
        this.error = Error.newBuilder()
                .setCode(code)
                .setMessage(message)
                .setHint(hint)
                .build();
    }

    Error error() {
        return error;
    }
}
