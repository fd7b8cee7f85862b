package io.sluice.lab.bench;

import java.util.function.DoubleFunction;

/**
 * Finds the greatest rate that loses no more than it may: from a first guess up or down in steps until one rate passes and a
 * greater one does not, then by bisection. A trial that does not pass, or for which the load did not come up to the rate, is
 * repeated once, as a machine of few cores has other things to do now and then.
 *
 * @param lossPpm frames of a million that a trial may lose
 * @param least frames a second below which nothing is tried
 */
record RateSearch(int lossPpm, double least) {
    private static final double STEP = 1.25;
    private static final double CLOSE_ENOUGH = 1.03;
    private static final double FULL_RATE = 0.95;
    private static final int MAX_RATES = 24;

    /**
     * What a trial came to.
     *
     * @param offered frames a second that were really offered
     * @param lost frames of a million
     * @param cpus that the contender's process used
     */
    record Trial(double offered, double lost, double cpus) {
        /** What is found if no rate passes. */
        static final Trial NONE = new Trial(0, 0, Double.NaN);

        /** Whether the load has come up to {@code rate}. */
        private boolean isFull(double rate) {
            return offered >= rate * FULL_RATE;
        }
    }

    /**
     * Searches.
     *
     * @param guess frames a second to begin with
     * @param trials makes a trial of a rate
     * @return the best trial that passed; {@link Trial#NONE} if none did
     */
    Trial from(double guess, DoubleFunction<Trial> trials) {
        double rate = Math.max(least, guess);
        double bad = Double.POSITIVE_INFINITY;
        Trial good = Trial.NONE;
        for (int rates = 0; rates < MAX_RATES && rate >= least; rates++) {
            Trial trial = twice(rate, trials);
            if (trial.lost > lossPpm) {
                bad = rate;
            } else if (trial.offered >= good.offered) {
                good = trial;
            }
            // A load that can do no more has nothing greater to offer.
            if ((trial.lost <= lossPpm && !trial.isFull(rate)) || bad / good.offered < CLOSE_ENOUGH) {
                return good;
            }
            rate = next(good.offered, bad);
        }
        return good;
    }

    private Trial twice(double rate, DoubleFunction<Trial> trials) {
        Trial first = trials.apply(rate);
        return first.lost > lossPpm || !first.isFull(rate) ? trials.apply(rate) : first;
    }

    /** @param good the best rate that passed, 0 if none did; {@code bad} the least that did not, or infinity */
    private double next(double good, double bad) {
        if (Double.isInfinite(bad)) {
            return good * STEP;
        }
        if (good > 0) {
            return Math.sqrt(good * bad);
        }
        // The least rate itself is not jumped over.
        return bad > least && bad / STEP < least ? least : bad / STEP;
    }
}
