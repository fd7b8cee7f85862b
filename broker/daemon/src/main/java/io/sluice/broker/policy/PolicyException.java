package io.sluice.broker.policy;

import java.util.List;
import java.util.stream.Collectors;

/** A policy file is not one. The message has a line for each thing that is wrong with it. */
public final class PolicyException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String source;
    private final List<Problem> errors;

    /**
     * One thing that is wrong.
     *
     * @param line from 1; 0 if it is about the file as a whole
     * @param column from 1, in code points; 0 if it is about the file as a whole
     * @param message what is wrong, and what was expected
     */
    public record Problem(int line, int column, String message) {
        /** As an editor or a compiler shows it: {@code file:line:column: message}. */
        public String at(String source) {
            return source + (line == 0 ? "" : ":" + line + ":" + column) + ": " + message;
        }
    }

    /**
     * @param source the file's name
     * @param errors at least one, in the order of the file
     */
    public PolicyException(String source, List<Problem> errors) {
        super(errors.stream().map(error -> error.at(source)).collect(Collectors.joining("\n")));
        this.source = source;
        this.errors = List.copyOf(errors);
    }

    /** The file's name. */
    public String source() {
        return source;
    }

    /** What is wrong, in the order of the file. */
    public List<Problem> errors() {
        return errors;
    }
}
