package io.sluice.lab.bench;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Tells, for each burst of dropped frames, what the thread did that should have forwarded them: from the looks that were taken at
 * short intervals before it and in it.
 */
final class Losses {
    /** How many looks before the first drop count: a ring that is full now has filled since. */
    private static final int BEFORE = 16;

    /** After how many looks without a drop a burst is over. */
    private static final int QUIET = 8;

    /** How many looks are told of at once; a longer burst is told in parts. */
    private static final int MOST = 64;

    private static final double MS_PER_S = 1e3;

    private final Deque<Look> looks = new ArrayDeque<>();
    private int quiet = QUIET;

    /**
     * What was read at one moment; all but the moment are totals.
     *
     * @param atMs the moment, in milliseconds since the start
     * @param ranMs how long the thread has run
     * @param waitedMs how long it waited for its CPU, which something else had
     * @param stolenMs how long the host has taken the CPU away
     * @param forwarded frames
     * @param dropped frames
     */
    record Look(double atMs, double ranMs, double waitedMs, double stolenMs, long forwarded, long dropped) {}

    /** Takes the next look. Returns a line once a burst of drops is over. */
    Optional<String> next(Look look) {
        boolean more = !looks.isEmpty() && look.dropped() > looks.getLast().dropped();
        boolean inBurst = more || quiet < QUIET;
        quiet = more ? 0 : Math.min(quiet + 1, QUIET);
        looks.add(look);
        if (inBurst && (quiet == QUIET || looks.size() == MOST)) {
            String told = tell();
            looks.clear();
            looks.add(look);
            quiet = QUIET;
            return Optional.of(told);
        }
        if (!inBurst && looks.size() > BEFORE) {
            looks.remove();
        }
        return Optional.empty();
    }

    /** Of all looks but those after the last drop. */
    private String tell() {
        for (int look = 0; look < quiet; look++) {
            looks.removeLast();
        }
        List<Look> told = List.copyOf(looks);
        Look first = told.get(0);
        Look last = told.get(told.size() - 1);
        long[] forwarded = IntStream.range(1, told.size())
                .mapToLong(at -> told.get(at).forwarded() - told.get(at - 1).forwarded())
                .sorted()
                .toArray();
        return String.format(
                Locale.ROOT,
                "%d frames dropped until %.2f s; of the %.0f ms before, the thread ran for %.0f and waited for its CPU for %.0f,"
                        + " the host had it for %.0f; between two looks it forwarded %d frames at least, %d in the middle",
                last.dropped() - first.dropped(),
                last.atMs() / MS_PER_S,
                last.atMs() - first.atMs(),
                last.ranMs() - first.ranMs(),
                last.waitedMs() - first.waitedMs(),
                last.stolenMs() - first.stolenMs(),
                forwarded[0],
                forwarded[forwarded.length / 2]);
    }
}
