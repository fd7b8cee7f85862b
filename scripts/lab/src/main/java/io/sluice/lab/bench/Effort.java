package io.sluice.lab.bench;

import io.sluice.lab.Kind;

/**
 * How much is done for each figure of a suite.
 *
 * @param runs of each contender, 1 to 99
 * @param seconds of a measurement, 1 to 600
 * @param warmup seconds under load before it, 0 to 600
 * @param trial seconds of one trial of a rate, in the search for the rate without drops
 * @param lossPpm frames of a million that a trial may lose and still be without drops; the same for all contenders
 * @param endurance seconds of the long run, 5 to 86400
 * @param leases that a lease rate is measured with
 */
record Effort(int runs, int seconds, int warmup, int trial, int lossPpm, int endurance, int leases) {
    /** What the checks are meant for: medians of five. */
    static final Effort FULL = new Effort(5, 5, 3, 2, 1000, 600, 120);

    /** Enough to see that everything works. */
    static final Effort QUICK = new Effort(1, 1, 1, 1, 1000, 15, 18);

    Effort {
        range("--runs", runs, 1, 99);
        range("--seconds", seconds, 1, 600);
        range("--warmup", warmup, 0, 600);
        range("--loss", lossPpm, 0, 100_000);
        range("--endurance", endurance, 5, 86_400);
    }

    private static void range(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(option + " is " + least + " to " + most + ", not " + value);
        }
    }

    /** The options of a measurement with this effort; {@code more} as on the command line. */
    Options options(Work work, Kind kind, int frame, String... more) {
        String[] words = new String[11 + more.length];
        String[] own = {
            work.word(),
            "--kind",
            kind.word(),
            "--frame",
            Integer.toString(frame),
            "--runs",
            Integer.toString(runs),
            "--seconds",
            Integer.toString(seconds),
            "--warmup",
            Integer.toString(warmup)
        };
        System.arraycopy(own, 0, words, 0, own.length);
        System.arraycopy(more, 0, words, own.length, more.length);
        return Options.parse(words);
    }

    /** For people. */
    String text() {
        return runs + (runs == 1 ? " run" : " runs") + " of " + seconds + " s";
    }
}
