package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.control.Version;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class UsageTest {
    private final Cli cli = new Cli();

    @Test
    void versionIsThatOfTheBuild() {
        assertThat(cli.line("--version")).isEqualTo(new Cli.Result(0, "sluice " + Version.text() + "\n", ""));
        assertThat(Version.text()).matches("\\d+\\.\\d+\\.\\d+.*");
    }

    @Test
    void wordsThatAreNotUnderstoodAreAUsageErrorInOneLine() {
        assertThat(cli.line("prot ls").code()).isEqualTo(2);
        assertThat(cli.line("port lss"))
                .isEqualTo(new Cli.Result(
                        2, "", "sluice: port: 'lss' is not understood (did you mean ls?); see sluice port --help\n"));
        assertThat(cli.line("port ls --jsno"))
                .isEqualTo(new Cli.Result(
                        2,
                        "",
                        "sluice: port ls: '--jsno' is not understood (did you mean --json?); see sluice port ls"
                                + " --help\n"));
        assertThat(cli.line("port"))
                .isEqualTo(new Cli.Result(
                        2, "", "sluice: port: one of add, ls, show, set, rm is expected; see sluice port --help\n"));
        assertThat(cli.run()).isEqualTo(new Cli.Result(2, "", "sluice: a command is expected; see sluice --help\n"));
        assertThat(cli.line("link add a"))
                .isEqualTo(new Cli.Result(
                        2, "", "sluice: link add: missing required parameter: 'B'; see sluice link add --help\n"));
    }

    @Test
    void programsAreSentToTheirLauncher() {
        assertThat(cli.line("broker --policy x"))
                .isEqualTo(new Cli.Result(
                        2, "", "sluice: sluice broker is a program of its own; start it with scripts/sluice\n"));
    }

    @Test
    void topLevelHelpNamesEveryCommand() {
        Cli.Result help = cli.line("--help");
        assertThat(help.code()).isZero();
        for (List<String> words : commands()) {
            String line = help.out()
                    .lines()
                    .filter(text -> text.startsWith("  " + words.get(0) + " "))
                    .filter(text -> words.size() == 1 || text.contains(words.get(1)))
                    .findFirst()
                    .orElse("");
            assertThat(line).as("line of sluice --help for %s", words).isNotEmpty();
        }
        assertThat(help.out().lines()).allMatch(line -> line.length() <= 100);
    }

    @Test
    void everyCommandHasHelpOfItsOwn() {
        for (List<String> words : commands()) {
            List<String> asked = new ArrayList<>(words);
            asked.add("--help");
            Cli.Result help = cli.run(asked.toArray(new String[0]));
            assertThat(help.code()).isZero();
            assertThat(help.out())
                    .startsWith("Usage: sluice " + String.join(" ", words))
                    .doesNotContain("--timeout");
            List<String> helped = new ArrayList<>(words);
            helped.add(0, "help");
            assertThat(cli.run(helped.toArray(new String[0]))).isEqualTo(help);
        }
    }

    @Test
    void completionScriptKnowsCommandsAndOptions() {
        Cli.Result script = cli.line("completion bash");
        assertThat(script.code()).isZero();
        assertThat(script.out()).contains("complete -F _complete_sluice", "--no-busy-poll", "revoke");
    }

    @Test
    void trainingEndsWellAndSaysNothing() {
        assertThat(cli.line("train")).isEqualTo(new Cli.Result(0, "", ""));
    }

    /** Every command that is not hidden, as its words. */
    private static List<List<String>> commands() {
        Terminal terminal = new Terminal(Map.of(), System.out, System.err, InstantSource.system(), false);
        List<List<String>> commands = new ArrayList<>();
        for (CommandLine first : Commands.all(terminal).getSubcommands().values()) {
            if (first.getCommandSpec().usageMessage().hidden()) {
                continue;
            }
            if (first.getSubcommands().isEmpty()) {
                commands.add(List.of(first.getCommandName()));
            }
            for (CommandLine second : first.getSubcommands().values()) {
                commands.add(List.of(first.getCommandName(), second.getCommandName()));
            }
        }
        assertThat(commands).hasSizeGreaterThan(18);
        return commands;
    }
}
