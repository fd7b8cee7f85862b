package io.sluice.lab;

import java.util.Locale;

/** Kind of the ports under test. */
public enum Kind {
    /** AF_PACKET with a vnet header: superframes stay whole. */
    PACKET,
    /** AF_XDP. */
    XDP;

    /** Parses the word of the command line. */
    public static Kind of(String word) {
        for (Kind kind : values()) {
            if (kind.word().equals(word)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("unknown kind \"" + word + "\": it is packet or xdp");
    }

    /** The word of the command line and of policies. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
