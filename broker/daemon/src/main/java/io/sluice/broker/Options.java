package io.sluice.broker;

import java.nio.file.Path;
import java.util.Map;

/**
 * The broker's command line.
 *
 * @param policy the policy file
 * @param socket where tenants connect
 * @param adminSocket where the gateway connects
 * @param audit where audit lines go; {@code -} for standard output
 * @param allowExtraCapabilities whether to run with more privilege than needed
 * @param seccomp whether to give up the system calls that it has no use for
 * @param training whether to stop when ready, which takes no privilege, to record which classes a start takes
 */
record Options(
        Path policy,
        Path socket,
        Path adminSocket,
        String audit,
        boolean allowExtraCapabilities,
        boolean seccomp,
        boolean training) {
    /** Throws IllegalArgumentException at a command line that can't be understood. */
    static Options parse(String[] arguments, Map<String, String> environment) {
        String policy = null;
        String socket = environment.getOrDefault("SLUICE_BROKER", "/run/sluice/broker.sock");
        String admin = environment.getOrDefault("SLUICE_ADMIN", "/run/sluice/admin.sock");
        String audit = "-";
        boolean extra = false;
        boolean seccomp = true;
        boolean training = false;
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i];
            switch (name) {
                case "--allow-extra-capabilities" -> extra = true;
                case "--no-seccomp" -> seccomp = false;
                case "--train" -> training = true;
                case "--policy" -> policy = value(arguments, ++i);
                case "--socket" -> socket = value(arguments, ++i);
                case "--admin-socket" -> admin = value(arguments, ++i);
                case "--audit" -> audit = value(arguments, ++i);
                default -> throw new IllegalArgumentException("unknown option " + name);
            }
        }
        if (policy == null) {
            throw new IllegalArgumentException("--policy is required");
        }
        return new Options(Path.of(policy), Path.of(socket), Path.of(admin), audit, extra, seccomp, training);
    }

    private static String value(String[] arguments, int at) {
        if (at == arguments.length) {
            throw new IllegalArgumentException(arguments[at - 1] + " needs a value");
        }
        return arguments[at];
    }
}
