package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the command line asks for.
 *
 * @param work what is measured
 * @param kind kind of the ports
 * @param mode XDP mode of our ports: native, skb or auto
 * @param runs runs of each contender, 1 to 99
 * @param seconds length of one measurement, 1 to 600
 * @param warmup seconds under load before it, 0 to 600
 * @param frame bytes of a frame without FCS; for tcp, of a full frame
 * @param rate frames offered a second, at least 100,000; 0: as many as one core can
 * @param sink what receives at v3
 * @param only names of contenders; empty: all
 * @param json one JSON object instead of a table
 * @param plot where to draw the figures
 */
record Options(
        Work work,
        Kind kind,
        String mode,
        int runs,
        int seconds,
        int warmup,
        int frame,
        long rate,
        Sink sink,
        List<String> only,
        boolean json,
        Optional<Path> plot) {

    /** Shortest frame that is sent, without FCS, and the longest. */
    private static final int MIN_FRAME = 60;

    private static final int MAX_FRAME = 1514;

    /** The load generator waits between frames in a loop that the verifier bounds. */
    private static final long MIN_RATE = 100_000;

    /** What receives at v3. */
    enum Sink {
        /** The network stack, which drops frames to other hosts first thing; the device's counters count. */
        STACK,
        /** An XDP program that counts and drops. It costs the sender a copy of each frame that is an skb. */
        XDP
    }

    Options {
        range("--runs", runs, 1, 99);
        range("--seconds", seconds, 1, 600);
        range("--warmup", warmup, 0, 600);
        range("--frame", frame, MIN_FRAME, MAX_FRAME);
        range("--rate", rate, 0, 1_000_000_000);
        if (rate > 0 && rate < MIN_RATE) {
            throw new IllegalArgumentException("--rate is 0, for a flood, or at least " + MIN_RATE + ", not " + rate);
        }
        if (!List.of("native", "skb", "auto").contains(mode)) {
            throw new IllegalArgumentException("--mode is native, skb or auto, not \"" + mode + "\"");
        }
        only = List.copyOf(only);
    }

    /** Parses the command line; throws IllegalArgumentException with a message for people. */
    static Options parse(String... args) {
        Deque<String> words = new ArrayDeque<>(List.of(args));
        if (words.isEmpty()) {
            throw new IllegalArgumentException("say what to measure: l2fwd, rx, tx, tcp or jail");
        }
        Work work = Work.of(words.pop());
        Parsed parsed = new Parsed();
        parsed.frame = work.streams() ? MAX_FRAME : 64;
        parsed.kind = work == Work.JAIL ? Kind.PACKET : Kind.XDP;
        while (!words.isEmpty()) {
            parsed.take(words.pop(), words);
        }
        return parsed.options(work);
    }

    private static void range(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(option + " is " + least + " to " + most + ", not " + value);
        }
    }

    /** The options so far, while words are taken. */
    private static final class Parsed {
        private Kind kind = Kind.XDP;
        private String mode = "auto";
        private int runs = 3;
        private int seconds = 5;
        private int warmup = 3;
        private int frame;
        private long rate;
        private Sink sink = Sink.STACK;
        private List<String> only = List.of();
        private boolean json;
        private Optional<Path> plot = Optional.empty();

        void take(String option, Deque<String> rest) {
            switch (option) {
                case "--kind" -> kind = Kind.of(value(option, rest));
                case "--mode" -> mode = value(option, rest);
                case "--runs" -> runs = (int) number(option, rest);
                case "--seconds" -> seconds = (int) number(option, rest);
                case "--warmup" -> warmup = (int) number(option, rest);
                case "--frame" -> frame = (int) number(option, rest);
                case "--rate" -> rate = number(option, rest);
                case "--sink" -> sink = sink(value(option, rest));
                case "--only" -> only = List.of(value(option, rest).split(",", -1));
                case "--json" -> json = true;
                case "--plot" -> plot = Optional.of(Path.of(value(option, rest)));
                default -> throw new IllegalArgumentException("unknown option \"" + option + "\"");
            }
        }

        Options options(Work work) {
            return new Options(work, kind, mode, runs, seconds, warmup, frame, rate, sink, only, json, plot);
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

        private static Sink sink(String word) {
            return switch (word) {
                case "stack" -> Sink.STACK;
                case "xdp" -> Sink.XDP;
                default ->
                    throw new IllegalArgumentException(
                            "unknown sink \"" + word.toLowerCase(Locale.ROOT) + "\": it is stack or xdp");
            };
        }
    }
}
