package io.sluice.gateway;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * How the gateway is started.
 *
 * @param brokerAdmin the broker's admin socket
 * @param socket where operators connect
 * @param group members may call; need not exist
 * @param action what was asked for
 */
record GatewayOptions(Path brokerAdmin, Path socket, String group, Action action) {
    /** Serve, serve for a moment so that the JVM can archive what it loads, or print something. */
    enum Action {
        SERVE,
        TRAIN,
        HELP,
        VERSION
    }

    /** The arguments can't be understood; the message says which. */
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    static final String HELP = """
            Usage: sluice gateway [OPTIONS]

            Serves the broker's leases, policy and audit to operators by gRPC. Needs no privilege.

              --broker-admin PATH  admin socket of the broker
                                   (default: $SLUICE_ADMIN, else /run/sluice/admin.sock)
              --socket PATH        where operators connect
                                   (default: $SLUICE_GATEWAY, else /run/sluice/gateway.sock)
              --group NAME         group whose members may call, besides root and the gateway's
                                   own user (default: sluice-admin)
              --help, --version    print this, or the version, and exit

            Prints "sluice-gateway ready: unix:PATH" when it serves.
            Exit codes: 0 printed what was asked for, 1 failed, 2 usage; 143 after SIGTERM, 130 after SIGINT.
            """;

    static GatewayOptions parse(List<String> args, Map<String, String> environment) throws UsageException {
        String admin = environment.getOrDefault("SLUICE_ADMIN", "/run/sluice/admin.sock");
        String socket = environment.getOrDefault("SLUICE_GATEWAY", "/run/sluice/gateway.sock");
        String group = "sluice-admin";
        Action action = Action.SERVE;
        for (Iterator<String> rest = args.iterator(); rest.hasNext(); ) {
            String arg = rest.next();
            int equals = arg.indexOf('=');
            String name = equals < 0 ? arg : arg.substring(0, equals);
            switch (name) {
                case "--broker-admin" -> admin = value(arg, equals, rest);
                case "--socket" -> socket = value(arg, equals, rest);
                case "--group" -> group = value(arg, equals, rest);
                case "--train" -> action = Action.TRAIN;
                case "--help", "-h" -> action = Action.HELP;
                case "--version", "-V" -> action = Action.VERSION;
                default -> throw new UsageException("unknown argument " + arg);
            }
        }
        return new GatewayOptions(Path.of(admin), Path.of(socket), group, action);
    }

    private static String value(String arg, int equals, Iterator<String> rest) throws UsageException {
        String value = equals >= 0 ? arg.substring(equals + 1) : rest.hasNext() ? rest.next() : "";
        if (value.isEmpty()) {
            throw new UsageException(arg + " needs a value");
        }
        return value;
    }
}
