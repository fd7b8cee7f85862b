package io.sluice.lab.bench;

import java.util.Locale;

/** What is measured. */
enum Work {
    /** Forwarding between v1 and v2 of a flood into v1, counted where it arrives, at v3. */
    L2FWD("Mpps"),
    /** Receiving a flood on v1 and throwing it away, as the contender counts it. */
    RX("Mpps"),
    /** Sending generated frames on v2, counted where they arrive, at v3. */
    TX("Mpps"),
    /** One TCP stream from A to B and one back, after each other; the mean of both. */
    TCP("Gbit/s"),
    /** The same between two jails, each in a bridge with one of the hosts: with the rules in force, and without. */
    JAIL("Gbit/s");

    private final String unit;

    Work(String unit) {
        this.unit = unit;
    }

    /** Unit of the figures; more is better. */
    String unit() {
        return unit;
    }

    /** Whether it is streams that are measured, and not frames. */
    boolean streams() {
        return this == TCP || this == JAIL;
    }

    /** The word of the command line. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Parses the word of the command line. */
    static Work of(String word) {
        for (Work work : values()) {
            if (work.word().equals(word)) {
                return work;
            }
        }
        throw new IllegalArgumentException("unknown work \"" + word + "\": it is l2fwd, rx, tx, tcp or jail");
    }
}
