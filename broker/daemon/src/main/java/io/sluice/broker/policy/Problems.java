package io.sluice.broker.policy;

import io.sluice.broker.policy.PolicyException.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** What is wrong with a file, collected, so that one run tells it all. */
final class Problems {
    /** What a person reads, and what fits into one frame to an operator. */
    private static final int MOST = 50;

    private final String source;
    private final List<Problem> found = new ArrayList<>();

    Problems(String source) {
        this.source = source;
    }

    void add(Optional<Mark> mark, String message) {
        add(mark.map(Mark::getLine).orElse(-1) + 1, mark.map(Mark::getColumn).orElse(-1) + 1, message);
    }

    void add(int line, int column, String message) {
        found.add(new Problem(line, column, message));
    }

    /** Throws what was found so far, if anything, in the order of the file. */
    void check() throws PolicyException {
        if (!found.isEmpty()) {
            found.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
            if (found.size() > MOST) {
                Problem next = found.get(MOST);
                String rest = "and " + (found.size() - MOST) + " more errors from here on";
                found.subList(MOST, found.size()).clear();
                found.add(new Problem(next.line(), next.column(), rest));
            }
            throw new PolicyException(source, found);
        }
    }
}
