package io.sluice.broker.policy;

import io.sluice.grant.v1.Error;
import java.util.Optional;

/** What frame pools may be asked for, and what an xdp grant needs of one; pure functions. */
public final class PoolRule {
    private static final int PAGE = 4096;

    /** Bytes; what one ByteBuffer of a Java client can map, rounded up. */
    private static final long MOST = 1L << 31;

    private PoolRule() {}

    /**
     * Why there will be no such pool; empty if it may be made.
     *
     * @param size in bytes, as asked for: nothing is known of it
     */
    public static Optional<Decision.Deny> refusal(long size) {
        String hint = "ask for a multiple of " + PAGE + ", at most " + MOST;
        String reason = "a pool of " + Long.toUnsignedString(size) + " bytes";
        return unless(size > 0 && size <= MOST && size % PAGE == 0, reason, hint);
    }

    /**
     * Why an order can't be made with a pool; empty if it can.
     *
     * @param size in bytes; 0: there is none
     */
    public static Optional<Decision.Deny> refusal(Order order, long size) {
        if (!(order instanceof XdpOrder xdp)) {
            return Optional.empty();
        }
        String needs = "grant " + xdp.grant() + " needs a frame pool";
        String odd = "the pool of " + size + " bytes is no multiple of the chunk size " + xdp.chunkSize();
        return unless(size > 0, needs, "ask for a pool in this request or an earlier one")
                .or(() -> unless(size % xdp.chunkSize() == 0, odd, ""));
    }

    private static Optional<Decision.Deny> unless(boolean holds, String reason, String hint) {
        return holds ? Optional.empty() : Optional.of(new Decision.Deny(Error.Code.INVALID, reason, hint));
    }
}
