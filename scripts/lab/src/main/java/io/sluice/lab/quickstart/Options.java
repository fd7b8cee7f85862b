package io.sluice.lab.quickstart;

import io.sluice.lab.Kind;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What the command line asks for.
 *
 * @param kind kind of the two ports
 * @param seconds length of each of the two TCP measurements, 1 to 600
 * @param json one JSON object instead of a report for people
 * @param keep where to write the exit code before staying; empty: do not stay
 */
record Options(Kind kind, int seconds, boolean json, Optional<Path> keep) {
    private static final int MAX_SECONDS = 600;

    Options {
        if (seconds < 1 || seconds > MAX_SECONDS) {
            throw new IllegalArgumentException("--seconds is 1 to " + MAX_SECONDS + ", not " + seconds);
        }
    }

    /** Parses the command line; throws IllegalArgumentException with a message for people. */
    static Options parse(String... args) {
        Deque<String> words = new ArrayDeque<>(List.of(args));
        Kind kind = Kind.PACKET;
        int seconds = 3;
        boolean json = false;
        Optional<Path> keep = Optional.empty();
        while (!words.isEmpty()) {
            String option = words.pop();
            switch (option) {
                case "--kind" -> kind = Kind.of(value(option, words));
                case "--seconds" -> seconds = number(option, value(option, words));
                case "--json" -> json = true;
                case "--keep" -> keep = Optional.of(Path.of(value(option, words)));
                default -> throw new IllegalArgumentException("unknown option \"" + option + "\"");
            }
        }
        return new Options(kind, seconds, json, keep);
    }

    private static String value(String option, Deque<String> rest) {
        if (rest.isEmpty()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return rest.pop();
    }

    private static int number(String option, String word) {
        if (!word.matches("\\d{1,6}")) {
            throw new IllegalArgumentException(option + " needs a number, not \"" + word + "\"");
        }
        return Integer.parseInt(word);
    }
}
