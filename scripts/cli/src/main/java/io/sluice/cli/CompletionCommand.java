package io.sluice.cli;

import com.google.gson.JsonPrimitive;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice completion}. */
@Command(
        name = "completion",
        description = "Prints a script that lets a shell complete sluice's commands and options.",
        customSynopsis = "sluice completion bash",
        footer = {"", "  source <(sluice completion bash)"})
final class CompletionCommand extends Action {
    /** Shells that are known. */
    enum Shell {
        BASH
    }

    @Parameters(paramLabel = "bash", description = "the shell")
    Shell shell;

    CompletionCommand(Globals globals, Terminal terminal) {
        super(globals, terminal);
    }

    @Override
    public Integer call() {
        String script = AutoComplete.bash("sluice", Commands.all(terminal));
        print(() -> Json.of("script", new JsonPrimitive(script)), script::stripTrailing);
        return ExitCode.OK.number();
    }
}
