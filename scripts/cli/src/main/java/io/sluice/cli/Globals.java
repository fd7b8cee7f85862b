package io.sluice.cli;

import io.sluice.control.transport.Peer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every command has. */
final class Globals {
    private static final String DEFAULT_GATEWAY = "/run/sluice/gateway.sock";

    @Option(
            names = "--worker",
            paramLabel = "PATH|HOST:PORT",
            scope = ScopeType.INHERIT,
            description = "the worker's socket, or its TCP address with the three --tls options")
    String worker;

    @Option(
            names = "--tls-ca",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "authority that certified the worker, PEM")
    Path tlsCa;

    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "our certificate chain, PEM")
    Path tlsCertificate;

    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "its private key, PEM, PKCS #8")
    Path tlsKey;

    @Option(names = "--gateway", paramLabel = "PATH", scope = ScopeType.INHERIT, description = "the gateway's socket")
    Path gateway;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            scope = ScopeType.INHERIT,
            description = "how long to wait for an answer (default: ${DEFAULT-VALUE})")
    double timeout = 15;

    @Option(
            names = "--json",
            scope = ScopeType.INHERIT,
            description = "one JSON object instead of text; a watching command prints one a line")
    boolean json;

    /** Where the worker is: what was asked for, else $SLUICE_WORKER, else the user's own run-time directory. */
    String workerAddress(Map<String, String> environment) throws IOException {
        if (worker != null) {
            return worker;
        }
        if (environment.containsKey("SLUICE_WORKER")) {
            return environment.get("SLUICE_WORKER");
        }
        String runtime = environment.get("XDG_RUNTIME_DIR");
        if (runtime != null) {
            return runtime + "/sluice/worker.sock";
        }
        int uid = Peer.self().uid();
        Path directory = Path.of("/tmp/sluice-" + Integer.toUnsignedString(uid));
        checkOwner(directory, uid);
        return directory.resolve("worker.sock").toString();
    }

    /** Anybody can make a directory in /tmp, and a false worker in it. */
    private static void checkOwner(Path directory, int uid) throws IOException {
        try {
            Object owner = Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            if (!owner.equals(uid)) {
                throw new Failure(
                        ExitCode.DENIED,
                        "cannot trust " + directory + ": it belongs to uid " + owner
                                + "; name the worker's socket with --worker");
            }
        } catch (NoSuchFileException e) {
            // No worker then, which whoever connects will say.
        }
    }

    /** Where the gateway is: what was asked for, else $SLUICE_GATEWAY, else the usual place. */
    Path gatewayAddress(Map<String, String> environment) {
        return gateway != null ? gateway : Path.of(environment.getOrDefault("SLUICE_GATEWAY", DEFAULT_GATEWAY));
    }
}
