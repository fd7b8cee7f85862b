package io.sluice.gateway;

import io.grpc.Status;
import io.sluice.grant.client.RefusedException;
import java.io.IOException;

/** What the broker's errors are in gRPC. */
final class Statuses {
    /** A status travels in a trailer, and clients take some 8 KiB of those, escaped up to threefold. */
    private static final int MAX_DESCRIPTION = 2_000;

    private Statuses() {}

    /** The answer to a call that failed: the broker's own refusal, or UNAVAILABLE if it could not be asked. */
    static Status of(IOException failure) {
        return failure instanceof RefusedException refused
                ? of(refused)
                : Status.UNAVAILABLE
                        .withDescription(shorten(failure.getMessage()))
                        .withCause(failure);
    }

    private static Status of(RefusedException refused) {
        Status status = switch (refused.code()) {
            case INVALID -> Status.INVALID_ARGUMENT;
            case DENIED -> Status.PERMISSION_DENIED;
            case QUOTA -> Status.RESOURCE_EXHAUSTED;
            case NOT_FOUND -> Status.NOT_FOUND;
            case BUSY -> Status.ABORTED;
            case UNSUPPORTED -> Status.FAILED_PRECONDITION;
            case PROTOCOL, INTERNAL -> Status.INTERNAL;
            case CODE_UNSPECIFIED, UNRECOGNIZED -> Status.UNKNOWN;
        };
        String hint = refused.hint().isEmpty() ? "" : "; " + refused.hint();
        return status.withDescription(shorten(refused.getMessage() + hint));
    }

    private static String shorten(String text) {
        return text == null || text.length() <= MAX_DESCRIPTION ? text : text.substring(0, MAX_DESCRIPTION) + "...";
    }
}
