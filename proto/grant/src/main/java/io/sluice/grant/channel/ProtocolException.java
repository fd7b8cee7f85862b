package io.sluice.grant.channel;

import java.io.IOException;

/** The peer broke the protocol; the connection can only be closed. The message says what was expected. */
public final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    public ProtocolException(String message) {
        super(message);
    }
}
