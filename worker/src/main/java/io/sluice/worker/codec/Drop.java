package io.sluice.worker.codec;

/**
 * Why a codec refused a packet. Hot functions return a header length or a key, both 0 or more, or {@link #code()}, which
 * is negative.
 */
public enum Drop {
    /** It ends before its header does. */
    SHORT(-1),

    /** A protocol version that is not ours. */
    VERSION(-2),

    /** A reserved bit is set, or a required one is not. */
    FLAGS(-3),

    /** Lengths inside the header contradict each other. */
    HEADER(-4),

    /** The checksum that it carries is wrong. */
    CHECKSUM(-5),

    /** It carries something else than what the tunnel is for. */
    PROTOCOL(-6),

    /** A message of the protocol itself: L2TP control, OAM. */
    CONTROL(-7),

    /** An option that we don't know must not be ignored. */
    CRITICAL(-8),

    /** The L2TPv3 cookie is wrong. */
    COOKIE(-9),

    /** The NSH service path or index is not the tunnel's, or the path has ended. */
    SERVICE_PATH(-10),

    /** The NSH hop count is used up. */
    TTL(-11);

    private static final Drop[] ALL = values();

    private final int code;

    Drop(int code) {
        this.code = code;
    }

    /** Below 0. */
    public int code() {
        return code;
    }

    /** The reason with this {@link #code()}. */
    public static Drop of(long code) {
        return ALL[(int) (-1 - code)];
    }
}
