package io.sluice.broker.policy;

import io.sluice.broker.policy.PolicyException.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** What is wrong with a file, collected, so that one run tells it all. */
final class Problems {
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

    /** Throws what was found so far, if anything. */
    void check() throws PolicyException {
        if (!found.isEmpty()) {
            throw exception();
        }
    }

    /** What was found so far, in the order of the file. */
    PolicyException exception() {
        found.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
        return new PolicyException(source, found);
    }
}
