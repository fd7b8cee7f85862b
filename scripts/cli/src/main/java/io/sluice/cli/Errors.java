package io.sluice.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** What goes wrong, in a line on standard error, and as an exit code. */
final class Errors implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private final Terminal terminal;

    Errors(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public int handleParseException(ParameterException e, String[] arguments) {
        String name = e.getCommandLine().getCommandSpec().qualifiedName();
        String why = lowerFirst(e.getMessage());
        if (e instanceof UnmatchedArgumentException unmatched) {
            why = "'" + String.join(" ", unmatched.getUnmatched()) + "' is not understood";
            List<String> suggestions = unmatched.getSuggestions();
            why += suggestions.isEmpty() ? "" : " (did you mean " + String.join(" or ", suggestions) + "?)";
        }
        String where = name.equals("sluice") ? name : name.replaceFirst(" ", ": ");
        terminal.err().println(where + ": " + why + "; see " + name + " --help");
        trace(e);
        return ExitCode.USAGE.number();
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
        trace(e);
        if (e instanceof Failure failure) {
            terminal.err().println("sluice: " + failure.getMessage());
            return failure.code().number();
        }
        terminal.err().println("sluice: this should not happen: " + e + "; SLUICE_DEBUG=1 shows where");
        return ExitCode.FAILED.number();
    }

    private void trace(Exception e) {
        if (terminal.debug()) {
            e.printStackTrace(terminal.err());
        }
    }

    private static String lowerFirst(String text) {
        return text.isEmpty() ? text : Character.toLowerCase(text.charAt(0)) + text.substring(1);
    }
}
