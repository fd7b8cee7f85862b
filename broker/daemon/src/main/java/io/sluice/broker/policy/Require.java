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

    static void name(String name) {
        that(isName(name), "a grant can't be called " + name);
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }
}
