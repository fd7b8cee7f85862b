package io.sluice.lab.bench;

import io.sluice.lab.bench.result.Result;
import java.util.List;
import java.util.Map;

/**
 * A part of the suite that can be run by itself.
 *
 * @param name words and dots, for example {@code l2fwd.xdp.64}: {@code --only} takes it, or what it starts with
 * @param gives ids of the results that it gives
 * @param body what it does
 */
record Step(String name, List<String> gives, Body body) {
    Step {
        gives = List.copyOf(gives);
    }

    /** What a step does. */
    @FunctionalInterface
    interface Body {
        /**
         * Measures.
         *
         * @param found what the steps before have found, by id
         */
        List<Result> run(Effort effort, Map<String, Result> found);
    }

    /** A step with one result, of its own name. */
    static Step of(String name, Body body) {
        return new Step(name, List.of(name), body);
    }

    /** Whether {@code word} is its name or the first words of it. */
    boolean isMeant(String word) {
        return name.equals(word) || name.startsWith(word + ".");
    }
}
