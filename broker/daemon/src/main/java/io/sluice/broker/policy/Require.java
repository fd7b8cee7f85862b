package io.sluice.broker.policy;

import java.util.regex.Pattern;

/** Checks of the records' constructors. Their messages reach whoever sent the request, so they name the values. */
final class Require {
    /** What tenants and grants may be called. */
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");
    /** What the kernel takes as a device name (dev_valid_name in net/core/dev.c), less what no terminal prints. */
    static final Pattern INTERFACE = Pattern.compile("(?!\\.{1,2}$)[!-~&&[^/:]]{1,15}");

    private Require() {}

    static void that(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /** A number that may have come as an unsigned one of 32 bits: below 0 it is shown as it was meant. */
    static void range(String what, long value, long min, long max) {
        that(value >= min && value <= max, what + " is " + unsigned(value) + ", not from " + min + " to " + max);
    }

    /** As {@link #range}, and a power of two. */
    static void ring(String what, long value, long min, long max) {
        that(
                isRing(value, min, max),
                what + " is " + unsigned(value) + ", not a power of two from " + min + " to " + max);
    }

    static void names(String name, String interfaceName) {
        that(isName(name), "a grant can't be called " + name);
        that(INTERFACE.matcher(interfaceName).matches(), "a device can't be called " + interfaceName);
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    static boolean isRing(long value, long min, long max) {
        return value >= min && value <= max && Long.bitCount(value) == 1;
    }

    private static long unsigned(long value) {
        return value < 0 ? value & 0xFFFF_FFFFL : value;
    }
}
