package io.sluice.cli;

import java.util.Locale;

/** Figures for people: three or four digits and a unit. */
final class Units {
    private static final String[] SI = {"", " k", " M", " G", " T", " P", " E"};
    private static final String[] IEC = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};

    private Units() {}

    /** A count or a rate with SI prefixes: {@code 9999}, {@code 12.3 k}, {@code 1.00 M}. */
    static String si(double value) {
        if (value < 10_000) {
            return decimal(value);
        }
        int prefix = 0;
        while (value >= 999.5 && prefix < SI.length - 1) {
            value /= 1000;
            prefix++;
        }
        return digits(value) + SI[prefix];
    }

    /** As {@link #si(double)}. */
    static String si(long value) {
        return si((double) value);
    }

    /** Bytes with IEC prefixes: {@code 512 B}, {@code 16 MiB}, {@code 1.5 GiB}. */
    static String bytes(long value) {
        double scaled = value;
        int prefix = 0;
        while (scaled >= 1023.5 && prefix < IEC.length - 1) {
            scaled /= 1024;
            prefix++;
        }
        return decimal(scaled) + IEC[prefix];
    }

    /** Three digits unless more stand before the point; no zeros at the end. */
    static String decimal(double value) {
        String text = digits(value);
        return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
    }

    private static String digits(double value) {
        int digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    /** An age: {@code 12s}, {@code 3m 12s}, {@code 2h 5m}, {@code 3d 4h}. */
    static String age(long ms) {
        long s = Math.max(0, ms / 1000);
        if (s < 60) {
            return s + "s";
        }
        if (s < 3600) {
            return s / 60 + "m " + s % 60 + "s";
        }
        if (s < 86_400) {
            return s / 3600 + "h " + s / 60 % 60 + "m";
        }
        return s / 86_400 + "d " + s / 3600 % 24 + "h";
    }
}
