package io.sluice.cli;

import io.sluice.control.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code sluice} itself: the global options and the top of the help. */
@Command(
        name = "sluice",
        versionProvider = Top.Versions.class,
        customSynopsis = "sluice COMMAND [OPTIONS]",
        description = {"", "Fast packet I/O for programs without privilege."},
        optionListHeading = "%nOptions of every command:%n")
final class Top implements Callable<Integer> {
    /** Read only when it is asked for. */
    static final class Versions implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"sluice " + Version.text()};
        }
    }

    /** What stands in place of picocli's flat list; a test sees that no command is missing. */
    static final String COMMANDS = """

            Programs, which run until they are stopped:
              broker             opens sockets as its policy allows and passes them on; the only privilege
              gateway            lets operators see and steer the broker by gRPC
              worker             forwards packets between ports, steered by gRPC

            Commands to a worker:
              port add|ls|rm     ports, over grants of the broker or sockets of the worker's own
              port show|set      what ethtool would show of a device, and change
              link add|ls|set|rm cross-connects of two ports
              stats              counters, rates with --watch
              info               who the worker is, and what it can't do by itself

            Commands to the broker, through the gateway:
              lease ls|show      what clients hold; one of them, with the counters of its jail
              lease revoke       ends one, whoever has its descriptors
              policy check FILE  tries a policy file out, without a broker
              policy show|reload the policy in force
              audit watch        every grant, denial and end as it happens

            Commands about this host:
              doctor             what it can and can't do, and what to do about it
              completion bash    a script that lets bash complete these commands
              help COMMAND...    the same as COMMAND --help
            """;

    static final String FOOTER = """

            Environment: SLUICE_WORKER, SLUICE_GATEWAY  sockets, where no option names them
                         SLUICE_DEBUG=1                 a stack trace with an error
            Exit codes:  0 done, 1 refused or failed, 2 usage, 3 worker or gateway not reached,
                         4 not found, 5 permission denied
            """;

    @Mixin
    final Globals globals;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "print help and exit")
    boolean help;

    @Option(names = "--version", versionHelp = true, description = "print the version and exit")
    boolean version;

    @Spec
    CommandSpec spec;

    Top(Globals globals) {
        this.globals = globals;
    }

    @Override
    public Integer call() {
        throw new ParameterException(new CommandLine(spec), "a command is expected");
    }
}
