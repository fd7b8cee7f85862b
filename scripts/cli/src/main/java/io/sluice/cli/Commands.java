package io.sluice.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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
    private static final int HELP_WIDTH = 100;

    /** Every command: one word, or a group and a word in it. */
    private static final List<String> ALL = List.of(
            "broker",
            "gateway",
            "worker",
            "port add",
            "port ls",
            "port show",
            "port set",
            "port rm",
            "link add",
            "link ls",
            "link set",
            "link rm",
            "stats",
            "info",
            "lease ls",
            "lease show",
            "lease revoke",
            "policy check",
            "policy show",
            "policy reload",
            "audit watch",
            "doctor",
            "completion",
            "train");

    private final Globals globals = new Globals();
    private final Terminal terminal;

    private Commands(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Every command: for help, completion, and suggestions when a word is wrong. */
    static CommandLine all(Terminal terminal) {
        return new Commands(terminal).tree(ALL, true);
    }

    /** The commands that {@code words} may mean; all, if they mean none. */
    static CommandLine of(Terminal terminal, String... words) {
        List<String> said = Arrays.asList(words);
        boolean help = said.contains("--help") || said.contains("-h");
        List<String> named = new ArrayList<>();
        List<String> exact = new ArrayList<>();
        for (String command : ALL) {
            if (said.contains(group(command))) {
                named.add(command);
                if (said.contains(lastWord(command))) {
                    exact.add(command);
                }
            }
        }
        if (named.isEmpty()) {
            named = said.equals(List.of("--version")) ? List.of() : ALL;
        }
        return new Commands(terminal).tree(exact.isEmpty() ? named : exact, help);
    }

    private Object make(String command) {
        return switch (command) {
            case "broker" -> elsewhere(command, "opens sockets as its policy allows and passes them on");
            case "gateway" -> elsewhere(command, "lets operators see and steer the broker by gRPC");
            case "worker" -> elsewhere(command, "forwards packets between ports, steered by gRPC");
            case "port add" -> new PortAdd(globals, terminal);
            case "port ls" -> new PortLs(globals, terminal);
            case "port show" -> new PortShow(globals, terminal);
            case "port set" -> new PortSet(globals, terminal);
            case "port rm" -> new PortRm(globals, terminal);
            case "link add" -> new LinkAdd(globals, terminal);
            case "link ls" -> new LinkLs(globals, terminal);
            case "link set" -> new LinkSet(globals, terminal);
            case "link rm" -> new LinkRm(globals, terminal);
            case "stats" -> new StatsCommand(globals, terminal);
            case "info" -> new InfoCommand(globals, terminal);
            case "lease ls" -> new LeaseLs(globals, terminal);
            case "lease show" -> new LeaseShow(globals, terminal);
            case "lease revoke" -> new LeaseRevoke(globals, terminal);
            case "policy check" -> elsewhere(command, "tries a policy file out, without a broker");
            case "policy show" -> new PolicyShow(globals, terminal);
            case "policy reload" -> new PolicyReload(globals, terminal);
            case "audit watch" -> new AuditWatch(globals, terminal);
            case "doctor" -> new DoctorCommand(globals, terminal);
            case "completion" -> new CompletionCommand(globals, terminal);
            case "train" -> new TrainCommand(globals, terminal);
            default -> throw new IllegalArgumentException(command);
        };
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

    private CommandLine tree(List<String> commands, boolean help) {
        CommandLine top = new CommandLine(new Top(globals));
        Map<String, CommandSpec> groups = new LinkedHashMap<>();
        for (String command : commands) {
            String group = group(command);
            CommandSpec parent = top.getCommandSpec();
            if (!group.equals(command)) {
                parent = groups.get(group);
                if (parent == null) {
                    parent = addGroup(top, group);
                    groups.put(group, parent);
                }
            }
            parent.addSubcommand(lastWord(command), new CommandLine(make(command)));
        }
        top.setCaseInsensitiveEnumValuesAllowed(true);
        top.setUsageHelpWidth(HELP_WIDTH);
        top.setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF));
        if (help) {
            arrangeHelp(top);
        }
        return top;
    }

    private static CommandSpec addGroup(CommandLine top, String name) {
        CommandSpec[] group = new CommandSpec[1];
        group[0] = CommandSpec.wrapWithoutInspection((Callable<Integer>) () -> {
            List<String> words = ALL.stream()
                    .filter(command -> group(command).equals(name))
                    .map(Commands::lastWord)
                    .toList();
            throw new ParameterException(group[0].commandLine(), "one of " + String.join(", ", words) + " is expected");
        });
        group[0].usageMessage().customSynopsis("sluice " + name + " COMMAND [OPTIONS]");
        top.getCommandSpec().addSubcommand(name, new CommandLine(group[0]));
        return group[0];
    }

    private static String group(String command) {
        int blank = command.indexOf(' ');
        return blank < 0 ? command : command.substring(0, blank);
    }

    private static String lastWord(String command) {
        return command.substring(command.indexOf(' ') + 1);
    }

    /** The global options appear at the top only: in the help of every command they would drown its own. */
    private static void arrangeHelp(CommandLine top) {
        top.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, help -> "");
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
