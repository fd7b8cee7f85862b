package io.sluice.cli;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;

/**
 * The tree of commands. picocli looks at each command's class when it is added, so a tree for one command line has only
 * those that its words may mean.
 */
final class Commands {
    /** @param group the word before {@code name}, empty if there is none */
    private record Entry(String group, String name, Supplier<Object> maker) {
        String firstWord() {
            return group.isEmpty() ? name : group;
        }
    }

    private static final int HELP_WIDTH = 100;

    private final Globals globals = new Globals();
    private final Terminal terminal;
    /** Whether help will be printed, so that it has to be arranged. */
    private final boolean help;

    private Commands(Terminal terminal, boolean help) {
        this.terminal = terminal;
        this.help = help;
    }

    /** Every command: for help, completion, and suggestions when a word is wrong. */
    static CommandLine all(Terminal terminal) {
        return new Commands(terminal, true).tree(entry -> true);
    }

    /** The commands that {@code words} may mean; all, if they mean none. */
    static CommandLine of(Terminal terminal, String... words) {
        List<String> said = Arrays.asList(words);
        Commands commands = new Commands(terminal, said.contains("--help") || said.contains("-h"));
        List<Entry> named = commands.entries().stream()
                .filter(entry -> said.contains(entry.firstWord()))
                .toList();
        List<Entry> exact =
                named.stream().filter(entry -> said.contains(entry.name())).toList();
        if (named.isEmpty()) {
            boolean needsNone = said.equals(List.of("--version"));
            return commands.tree(entry -> !needsNone);
        }
        List<Entry> wanted = exact.isEmpty() ? named : exact;
        return commands.tree(entry -> wanted.stream()
                .anyMatch(one -> one.group().equals(entry.group()) && one.name().equals(entry.name())));
    }

    private List<Entry> entries() {
        return List.of(
                program("broker", "opens sockets as its policy allows and passes them on"),
                program("gateway", "lets operators see and steer the broker by gRPC"),
                program("worker", "forwards packets between ports, steered by gRPC"),
                new Entry("port", "add", () -> new PortAdd(globals, terminal)),
                new Entry("port", "ls", () -> new PortLs(globals, terminal)),
                new Entry("port", "rm", () -> new PortRm(globals, terminal)),
                new Entry("link", "add", () -> new LinkAdd(globals, terminal)),
                new Entry("link", "ls", () -> new LinkLs(globals, terminal)),
                new Entry("link", "rm", () -> new LinkRm(globals, terminal)),
                new Entry("", "stats", () -> new StatsCommand(globals, terminal)),
                new Entry("", "info", () -> new InfoCommand(globals, terminal)),
                new Entry("lease", "ls", () -> new LeaseLs(globals, terminal)),
                new Entry("lease", "revoke", () -> new LeaseRevoke(globals, terminal)),
                new Entry("policy", "check", () -> elsewhere("policy check", "tries a policy file out")),
                new Entry("policy", "show", () -> new PolicyShow(globals, terminal)),
                new Entry("policy", "reload", () -> new PolicyReload(globals, terminal)),
                new Entry("audit", "watch", () -> new AuditWatch(globals, terminal)),
                new Entry("", "doctor", () -> new DoctorCommand(globals, terminal)),
                new Entry("", "completion", () -> new CompletionCommand(globals, terminal)),
                new Entry("", "train", () -> new TrainCommand(globals, terminal)));
    }

    private static Entry program(String name, String description) {
        return new Entry("", name, () -> elsewhere(name, description));
    }

    /** A program that scripts/sluice starts by itself; from there nobody gets here. */
    private static CommandSpec elsewhere(String words, String description) {
        CommandSpec spec = CommandSpec.wrapWithoutInspection((Callable<Integer>) () -> {
            throw new Failure(
                    ExitCode.USAGE, "sluice " + words + " is a program of its own; start it with scripts/sluice");
        });
        spec.usageMessage().customSynopsis("sluice " + words + " ...").description(description);
        spec.parser().unmatchedArgumentsAllowed(true).unmatchedOptionsArePositionalParams(true);
        return spec;
    }

    private CommandLine tree(Predicate<Entry> wanted) {
        CommandLine top = new CommandLine(new Top(globals));
        Map<String, CommandSpec> groups = new LinkedHashMap<>();
        for (Entry entry : entries()) {
            if (wanted.test(entry)) {
                CommandSpec parent = entry.group().isEmpty()
                        ? top.getCommandSpec()
                        : groups.computeIfAbsent(entry.group(), name -> group(top, name));
                parent.addSubcommand(entry.name(), new CommandLine(entry.maker().get()));
            }
        }
        top.setCaseInsensitiveEnumValuesAllowed(true);
        top.setAbbreviatedOptionsAllowed(false);
        top.setUsageHelpWidth(HELP_WIDTH);
        top.setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF));
        if (help) {
            arrangeHelp(top);
        }
        return top;
    }

    private CommandSpec group(CommandLine top, String name) {
        String words = entries().stream()
                .filter(entry -> entry.group().equals(name))
                .map(Entry::name)
                .collect(Collectors.joining(", "));
        CommandSpec[] group = new CommandSpec[1];
        group[0] = CommandSpec.wrapWithoutInspection((Callable<Integer>) () -> {
            throw new ParameterException(group[0].commandLine(), "one of " + words + " is expected");
        });
        group[0].usageMessage().customSynopsis("sluice " + name + " COMMAND [OPTIONS]");
        top.getCommandSpec().addSubcommand(name, new CommandLine(group[0]));
        return group[0];
    }

    /** The global options appear at the top only: in the help of every command they would drown its own. */
    private static void arrangeHelp(CommandLine top) {
        top.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, help -> Top.COMMANDS);
        top.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_FOOTER, help -> Top.FOOTER);
        for (CommandLine command : top.getSubcommands().values()) {
            arrangeSubcommand(command);
            command.getSubcommands().values().forEach(Commands::arrangeSubcommand);
        }
    }

    private static void arrangeSubcommand(CommandLine command) {
        command.getCommandSpec().usageMessage().descriptionHeading("%n").parameterListHeading("%n");
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, help -> {
            List<OptionSpec> own = help.commandSpec().options().stream()
                    .filter(option -> !option.inherited())
                    .toList();
            return help.optionListExcludingGroups(own) + "Options of every command: sluice --help\n";
        });
    }
}
