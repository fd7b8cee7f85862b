package io.sluice.broker.policy;

import java.util.regex.Pattern;

/** Checks of the records' constructors. Their messages reach whoever sent the request, so they name the values. */
public final class Require {
    /** What tenants and grants may be called. */
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");
    /** What the kernel takes as a device name (dev_valid_name in net/core/dev.c), less what no terminal prints. */
    public static final Pattern INTERFACE = Pattern.compile("(?!\\.{1,2}$)[!-~&&[^/:]]{1,15}");

    private static final int SHOWN = 40;
    /** Control, format, private and unassigned characters, line separators. */
    private static final Pattern UNSHOWN = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");

    private Require() {}

    /** Throws IllegalArgumentException unless it holds. */
    public static void that(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    static void name(String name) {
        that(isName(name), "a grant can't be called " + name);
    }

    /** Whether a tenant or grant may be called that. */
    public static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** What somebody wrote, in quotes, cut, and with nothing in it that acts on a terminal or misleads. */
    public static String shown(String text) {
        String cut = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
        return '"' + printable(cut).replace('"', '?') + '"';
    }

    /** The text, with a question mark for whatever would act on a terminal or mislead. */
    public static String printable(String text) {
        return UNSHOWN.matcher(text).replaceAll("?");
    }
}
