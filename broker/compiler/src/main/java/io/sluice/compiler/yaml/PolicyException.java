package io.sluice.compiler.yaml;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** A policy file is not one. The message has a line for each thing that is wrong with it. */
public final class PolicyException extends Exception {
    private static final long serialVersionUID = 1L;
    /** What a person reads, and what fits into one frame to an operator. */
    private static final int MOST = 50;

    private final List<Problem> errors;

    /** One thing that is wrong. Line and column, in code points, count from 1, or are 0 if it is about the whole file. */
    public record Problem(int line, int column, String message) {
        static Problem at(Optional<Mark> mark, String message) {
            return new Problem(
                    mark.map(Mark::getLine).orElse(-1) + 1,
                    mark.map(Mark::getColumn).orElse(-1) + 1,
                    message);
        }

        /** As an editor or a compiler shows it: {@code file:line:column: message}. */
        public String at(String source) {
            return source + (line == 0 ? "" : ":" + line + ":" + column) + ": " + message;
        }
    }

    PolicyException(String source, List<Problem> errors) {
        super(errors.stream().map(error -> error.at(source)).collect(Collectors.joining("\n")));
        this.errors = List.copyOf(errors);
    }

    /** Throws what was found, if anything, in the order of the file; beyond a limit the rest is counted. */
    static void check(String source, List<Problem> found) throws PolicyException {
        List<Problem> sorted = new ArrayList<>(found);
        sorted.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
        if (found.size() > MOST) {
            Problem next = sorted.get(MOST);
            sorted.subList(MOST, found.size()).clear();
            String rest = "and " + (found.size() - MOST) + " more errors from here on";
            sorted.add(new Problem(next.line(), next.column(), rest));
        }
        if (!sorted.isEmpty()) {
            throw new PolicyException(source, sorted);
        }
    }

    /** What is wrong, in the order of the file. */
    public List<Problem> errors() {
        return errors;
    }
}
