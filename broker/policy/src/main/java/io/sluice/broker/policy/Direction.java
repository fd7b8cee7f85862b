package io.sluice.broker.policy;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Which way frames go, seen from the host end of a jail's veth pair, and where the jail's programs count them: in blocks of
 * 16 u64, one each direction.
 *
 * <pre>
 *   0 frames passed   1 their bytes   2 + number of a {@link DropReason} frames dropped for it
 * </pre>
 */
public enum Direction {
    FROM_TENANT(0), // the host end's ingress
    TO_TENANT(Direction.BLOCK); // its egress

    /** Bytes of a block; a multiple of a cache line, so that the directions do not share one. */
    public static final int BLOCK = 16 * Long.BYTES;

    private static final int DROPS = 2 * Long.BYTES;
    private final int passed;

    Direction(int passed) {
        this.passed = passed;
    }

    /** Offset in bytes of the counter of frames that passed; that of their bytes is the next one. */
    public int passed() {
        return passed;
    }

    /** Offset in bytes of a reason's counter. */
    @SuppressWarnings("EnumOrdinal") // between the compiler and the broker of one build
    public int offset(DropReason reason) {
        return passed + DROPS + reason.ordinal() * Long.BYTES;
    }

    /**
     * Frames that have passed each way, their bytes with Ethernet header, and frames dropped, by direction and reason;
     * no reason that never was. They are not counted at one instant, so sums may be off by the frames under way.
     *
     * @param values the blocks of both directions
     */
    public static Map<String, Long> read(ByteBuffer values) {
        Map<String, Long> all = new LinkedHashMap<>();
        for (Direction direction : values()) {
            String prefix = direction.name().toLowerCase(Locale.ROOT);
            all.put(prefix + "_packets", values.getLong(direction.passed()));
            all.put(prefix + "_bytes", values.getLong(direction.passed() + Long.BYTES));
            for (DropReason reason : DropReason.values()) {
                long count = values.getLong(direction.offset(reason));
                if (count != 0) {
                    all.put(prefix + "_drop_" + reason.key(), count);
                }
            }
        }
        return all;
    }
}
