package io.sluice.lab.bench;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the command line of a suite asks for.
 *
 * @param steps what to run, in order
 * @param effort how much
 * @param output directory for results and plots; empty: the build's own
 * @param from results to read in place of measuring
 * @param json the results in JSON in place of the table
 * @param document write the results into docs/
 */
record SuiteOptions(
        List<Step> steps, Effort effort, Optional<Path> output, Optional<Path> from, boolean json, boolean document) {
    SuiteOptions {
        steps = List.copyOf(steps);
    }

    /** Parses what follows the word {@code suite}; throws IllegalArgumentException with a message for people. */
    static SuiteOptions parse(String... args) {
        Deque<String> words = new ArrayDeque<>(List.of(args));
        Parsed parsed = new Parsed();
        while (!words.isEmpty()) {
            parsed.take(words.pop(), words);
        }
        return parsed.options();
    }

    private static final class Parsed {
        private final boolean[] flags = new boolean[3];
        private Optional<Integer> runs = Optional.empty();
        private Optional<Integer> seconds = Optional.empty();
        private Optional<Integer> warmup = Optional.empty();
        private Optional<Integer> loss = Optional.empty();
        private Optional<Integer> endurance = Optional.empty();
        private List<String> only = List.of();
        private Optional<Path> output = Optional.empty();
        private Optional<Path> from = Optional.empty();

        void take(String option, Deque<String> rest) {
            switch (option) {
                case "--quick" -> flags[0] = true;
                case "--json" -> flags[1] = true;
                case "--document" -> flags[2] = true;
                case "--runs" -> runs = Optional.of(number(option, rest));
                case "--seconds" -> seconds = Optional.of(number(option, rest));
                case "--warmup" -> warmup = Optional.of(number(option, rest));
                case "--loss" -> loss = Optional.of(number(option, rest));
                case "--endurance" -> endurance = Optional.of(number(option, rest));
                case "--only" -> only = List.of(value(option, rest).split(",", -1));
                case "--out" -> output = Optional.of(Path.of(value(option, rest)));
                case "--from" -> from = Optional.of(Path.of(value(option, rest)));
                default -> throw new IllegalArgumentException("unknown option \"" + option + "\" of suite");
            }
        }

        SuiteOptions options() {
            Effort basis = flags[0] ? Effort.QUICK : Effort.FULL;
            Effort effort = new Effort(
                    runs.orElse(basis.runs()),
                    seconds.orElse(basis.seconds()),
                    warmup.orElse(basis.warmup()),
                    basis.trial(),
                    loss.orElse(basis.lossPpm()),
                    endurance.orElse(basis.endurance()),
                    basis.leases());
            return new SuiteOptions(steps(), effort, output, from, flags[1], flags[2]);
        }

        private List<Step> steps() {
            List<String> wanted = only.isEmpty() && flags[0] ? Steps.QUICK : only;
            for (String word : wanted) {
                if (stepsOf(word).findAny().isEmpty()) {
                    throw new IllegalArgumentException("--only knows "
                            + Steps.all().stream().map(Step::name).toList() + ", not \"" + word + "\"");
                }
            }
            return Steps.all().stream()
                    .filter(step -> wanted.isEmpty() || wanted.stream().anyMatch(step::isMeant))
                    .toList();
        }

        private static Stream<Step> stepsOf(String word) {
            return Steps.all().stream().filter(step -> step.isMeant(word));
        }

        private static String value(String option, Deque<String> rest) {
            if (rest.isEmpty()) {
                throw new IllegalArgumentException(option + " needs a value");
            }
            return rest.pop();
        }

        private static int number(String option, Deque<String> rest) {
            String word = value(option, rest);
            if (!word.matches("\\d{1,6}")) {
                throw new IllegalArgumentException(option + " needs a number, not \"" + word + "\"");
            }
            return Integer.parseInt(word);
        }
    }
}
