package io.sluice.lab.bench.result;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Something that has to hold: a bound for the ratio of two medians of one result, or for one median.
 *
 * @param what for people
 * @param result id of the result
 * @param ours the contender that is judged
 * @param peer the one that it is compared with; empty: its figure itself is judged
 * @param bound which side of the limit is good
 * @param limit the last good value
 */
public record Check(String what, String result, String ours, Optional<String> peer, Bound bound, double limit) {
    /** Why something was not measured that nobody wanted to know. */
    static final String LEFT_OUT = "left out";

    /** Which side of a limit is good; the limit itself is. */
    public enum Bound {
        /** The limit and what is greater. */
        AT_LEAST(">="),
        /** The limit and what is smaller. */
        AT_MOST("<=");

        private final String sign;

        Bound(String sign) {
            this.sign = sign;
        }
    }

    /** How a check came out. */
    public enum Verdict {
        /** It holds. */
        OK("ok"),
        /** It does not, or its measurement failed. */
        FAILED("FAILED"),
        /** Nothing was measured: it was not asked for, a peer is not installed, or there is nothing yet to measure. */
        NOT_MEASURED("not measured");

        private final String word;

        Verdict(String word) {
            this.word = word;
        }

        /** The word of the table. */
        public String word() {
            return word;
        }
    }

    /**
     * What became of a check.
     *
     * @param check which
     * @param seen the ratio or figure; empty if there is none
     * @param why what kept it from being measured; empty if nothing did
     */
    public record Finding(Check check, Verdict verdict, OptionalDouble seen, String why) {}

    /** Ours against a peer's. */
    public static Check ratio(String what, String result, String ours, String peer, Bound bound, double limit) {
        return new Check(what, result, ours, Optional.of(peer), bound, limit);
    }

    /** A figure of ours by itself. */
    public static Check figure(String what, String result, String ours, Bound bound, double limit) {
        return new Check(what, result, ours, Optional.empty(), bound, limit);
    }

    /** The bound as a table shows it, for example {@code >= 1.7}. */
    public String rule() {
        return bound.sign + " " + decimal(limit);
    }

    /** A number without needless zeros. */
    static String decimal(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e6
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.2f", value);
    }

    /**
     * Judges.
     *
     * @param results what was measured, by id
     * @param failures why a measurement failed, by the id of a result that it should have given
     */
    Finding judge(Map<String, Result> results, Map<String, String> failures) {
        if (failures.containsKey(result)) {
            return new Finding(this, Verdict.FAILED, OptionalDouble.empty(), failures.get(result));
        }
        Result measured = results.get(result);
        if (measured == null) {
            return notMeasured(LEFT_OUT);
        }
        for (String name : peer.isPresent() ? new String[] {ours, peer.get()} : new String[] {ours}) {
            if (measured.line(name).isEmpty()) {
                return notMeasured(name + " did not take part");
            }
        }
        double mine = measured.line(ours).orElseThrow().median();
        double seen = peer.map(name -> mine / measured.line(name).orElseThrow().median())
                .orElse(mine);
        // A peer that did nothing at all is no measure.
        if (!Double.isFinite(seen)) {
            return new Finding(this, Verdict.FAILED, OptionalDouble.empty(), peer.orElse(ours) + " came to 0");
        }
        return new Finding(this, holds(seen) ? Verdict.OK : Verdict.FAILED, OptionalDouble.of(seen), "");
    }

    /** Whether {@code seen} is on the good side of the limit. */
    boolean holds(double seen) {
        return bound == Bound.AT_LEAST ? seen >= limit : seen <= limit;
    }

    private Finding notMeasured(String why) {
        return new Finding(this, Verdict.NOT_MEASURED, OptionalDouble.empty(), why);
    }
}
