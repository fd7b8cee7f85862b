package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the command line of {@code scripts/bench tunnels} asks for.
 *
 * @param kind kind of our ports towards the hosts
 * @param runs runs of each contender, 1 to 99
 * @param seconds length of one measurement, 1 to 600
 * @param warmup seconds under load before it, 0 to 600
 * @param rate frames offered a second when frames are counted, at least 100,000
 * @param loads what is measured
 * @param only names of transports; empty: all
 * @param contenders names of contenders; empty: all
 * @param json one JSON object instead of a table
 * @param out a file for the JSON object, beside what is printed
 */
record TunnelOptions(
        Kind kind,
        int runs,
        int seconds,
        int warmup,
        long rate,
        List<Load> loads,
        List<String> only,
        List<String> contenders,
        boolean json,
        Optional<Path> out) {
    private static final long MIN_RATE = 100_000;

    /** What crosses a tunnel. */
    enum Load {
        /** Frames of 64 bytes from A, counted at the far host. */
        FRAMES("kpps"),
        /** One TCP stream from A and one back, after each other; the mean of both. */
        TCP("Gbit/s");

        private final String unit;

        Load(String unit) {
            this.unit = unit;
        }

        /** Unit of the figures; more is better. */
        String unit() {
            return unit;
        }

        /** The word of the command line. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        private static Load of(String word) {
            for (Load load : values()) {
                if (load.word().equals(word)) {
                    return load;
                }
            }
            throw new IllegalArgumentException("unknown load \"" + word + "\": it is frames or tcp");
        }
    }

    TunnelOptions {
        range("--runs", runs, 1, 99);
        range("--seconds", seconds, 1, 600);
        range("--warmup", warmup, 0, 600);
        range("--rate", rate, MIN_RATE, 1_000_000_000);
        loads = List.copyOf(loads);
        only = List.copyOf(only);
        contenders = List.copyOf(contenders);
        known("--only", only, TunnelRow.all().stream().map(TunnelRow::name).toList());
        known("--contenders", contenders, List.of(TunnelSluice.NAME, TunnelVswitch.NAME, TunnelKernel.NAME));
    }

    private static void known(String option, List<String> asked, List<String> names) {
        for (String name : asked) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException(option + " knows " + names + " here, not \"" + name + "\"");
            }
        }
    }

    /** Whether a contender is to take part. */
    boolean wants(TunnelContender contender) {
        return contenders.isEmpty() || contenders.contains(contender.name());
    }

    /** The rows to measure. */
    List<TunnelRow> rows() {
        return TunnelRow.all().stream()
                .filter(row -> only.isEmpty() || only.contains(row.name()))
                .toList();
    }

    /** Parses the words after {@code tunnels}; throws IllegalArgumentException with a message for people. */
    static TunnelOptions parse(List<String> args) {
        Deque<String> words = new ArrayDeque<>(args);
        Parsed parsed = new Parsed();
        while (!words.isEmpty()) {
            parsed.take(words.pop(), words);
        }
        return new TunnelOptions(
                parsed.kind,
                parsed.runs,
                parsed.seconds,
                parsed.warmup,
                parsed.rate,
                parsed.loads,
                parsed.only,
                parsed.contenders,
                parsed.json,
                parsed.out);
    }

    private static void range(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(option + " is " + least + " to " + most + ", not " + value);
        }
    }

    /** The options so far, while words are taken. */
    private static final class Parsed {
        private Kind kind = Kind.PACKET;
        private int runs = 5;
        private int seconds = 4;
        private int warmup = 3;
        private long rate = 500_000;
        private List<Load> loads = List.of(Load.values());
        private List<String> only = List.of();
        private List<String> contenders = List.of();
        private boolean json;
        private Optional<Path> out = Optional.empty();

        void take(String option, Deque<String> rest) {
            switch (option) {
                case "--kind" -> kind = Kind.of(value(option, rest));
                case "--runs" -> runs = (int) number(option, rest);
                case "--seconds" -> seconds = (int) number(option, rest);
                case "--warmup" -> warmup = (int) number(option, rest);
                case "--rate" -> rate = number(option, rest);
                case "--load" -> loads = List.of(Load.of(value(option, rest)));
                case "--only" -> only = List.of(value(option, rest).split(",", -1));
                case "--contenders" -> contenders = List.of(value(option, rest).split(",", -1));
                case "--json" -> json = true;
                case "--out" -> out = Optional.of(Path.of(value(option, rest)));
                default -> throw new IllegalArgumentException("unknown option \"" + option + "\"");
            }
        }

        private static String value(String option, Deque<String> rest) {
            if (rest.isEmpty()) {
                throw new IllegalArgumentException(option + " needs a value");
            }
            return rest.pop();
        }

        private static long number(String option, Deque<String> rest) {
            String word = value(option, rest);
            if (!word.matches("\\d{1,9}|1000000000")) {
                throw new IllegalArgumentException(option + " needs a number, not \"" + word + "\"");
            }
            return Long.parseLong(word);
        }
    }
}
