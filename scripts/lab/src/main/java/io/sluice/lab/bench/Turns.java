package io.sluice.lab.bench;

import io.sluice.lab.LabException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Contenders take turns, so that a change of the machine's mood meets all of them. */
final class Turns {
    private Turns() {}

    /** A run of one of them. */
    @FunctionalInterface
    interface Turn<C> {
        /** Runs {@code contender} and adds its figure to {@code series}. */
        void take(C contender, Series series);
    }

    /** Runs each {@code runs} times. Returns their figures, in the order of {@code contenders}. */
    static List<Series> take(int runs, List<Contender> contenders, Turn<Contender> turn) {
        return take(runs, contenders, contenders.stream().map(Contender::name).toList(), turn);
    }

    /** The same with anything that has a name. Every other run goes backwards: nobody always follows the same one. */
    static <C> List<Series> take(int runs, List<C> contenders, List<String> names, Turn<C> body) {
        List<Series> all = names.stream().map(Series::new).toList();
        for (int run = 1; run <= runs; run++) {
            for (int turn = 0; turn < all.size(); turn++) {
                int i = run % 2 == 1 ? turn : all.size() - 1 - turn;
                progress("run " + run + " of " + runs + ": " + all.get(i).name());
                body.take(contenders.get(i), all.get(i));
            }
        }
        return all;
    }

    /** Those of {@code contenders} that can take part; says why the others can't, and throws if there are none. */
    static List<Contender> withoutMissing(Rig rig, List<Contender> contenders) {
        List<Contender> all = new ArrayList<>(contenders);
        all.removeIf(contender -> {
            Optional<String> why = contender.missing(rig);
            why.ifPresent(reason -> progress("left out: " + contender.name() + ": " + reason));
            return why.isPresent();
        });
        if (all.isEmpty()) {
            throw new LabException("there is nothing left to measure");
        }
        return all;
    }

    /** A time in which something is measured, or warms up: nothing is awaited but the clock. */
    static void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while measuring", e);
        }
    }

    /** A line for people who wait. */
    static void progress(String line) {
        System.err.println("bench: " + line);
    }
}
