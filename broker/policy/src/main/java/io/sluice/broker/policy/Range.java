package io.sluice.broker.policy;

/** The values that a number may have. */
public record Range(long min, long max, boolean powersOfTwo) {
    public Range(long min, long max) {
        this(min, max, false);
    }

    public static Range powersOfTwo(long min, long max) {
        return new Range(min, max, true);
    }

    public boolean has(long value) {
        return value >= min && value <= max && (!powersOfTwo || Long.bitCount(value) == 1);
    }

    /** Throws unless it has the value. What is below 0 came as an unsigned number of 32 bits, and is shown as one. */
    public void check(String what, long value) {
        long shown = value < 0 ? value & 0xFFFF_FFFFL : value;
        Require.that(has(value), what + " is " + shown + ", not " + this);
    }

    @Override
    public String toString() {
        return (powersOfTwo ? "a power of two from " : "from ") + min + " to " + max;
    }
}
