package io.sluice.lab.hostile;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Frames by mark, as the programs count them.
 *
 * @param victim of the victim's steady stream
 * @param evil sent by an attacker as it must not
 * @param legal sent by an attacker as it may
 * @param foreign sent by others on the attacker's own wire
 * @param other without a mark
 * @param lost numbers left out in the victim's stream
 */
record Counts(long victim, long evil, long legal, long foreign, long other, long lost) {
    private static final Pattern LINE =
            Pattern.compile("victim=(\\d+) evil=(\\d+) legal=(\\d+) foreign=(\\d+) other=(\\d+) lost=(\\d+) next=\\d+");

    /** Reads an answer. */
    static Counts of(String answer) {
        Matcher line = LINE.matcher(answer);
        if (!line.matches()) {
            throw new AssertionError("these are no counts: " + answer);
        }
        return new Counts(at(line, 1), at(line, 2), at(line, 3), at(line, 4), at(line, 5), at(line, 6));
    }

    private static long at(Matcher line, int group) {
        return Long.parseLong(line.group(group));
    }
}
