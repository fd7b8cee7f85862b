package io.sluice.grant.client;

import io.sluice.grant.v1.Error;
import java.io.IOException;

/** The broker answered a request with an error. The connection goes on unless the code is PROTOCOL. */
public final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Error.Code code;
    private final String hint;

    RefusedException(Error error) {
        super(error.getMessage());
        this.code = error.getCode();
        this.hint = error.getHint();
    }

    public Error.Code code() {
        return code;
    }

    /** What to do about it; may be empty. */
    public String hint() {
        return hint;
    }
}
