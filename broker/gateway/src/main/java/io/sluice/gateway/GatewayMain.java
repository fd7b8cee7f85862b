package io.sluice.gateway;

import io.sluice.control.Logs;
import io.sluice.control.Version;
import io.sluice.control.transport.Peer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The gateway as a process: {@code sluice gateway}. */
public final class GatewayMain {
    private GatewayMain() {}

    /** Serves until SIGTERM or SIGINT. */
    public static void main(String[] args) throws InterruptedException {
        Logs.configure();
        int code = run(List.of(args), System.getenv(), System.out, System.err);
        if (code != 0) {
            System.exit(code);
        }
    }

    static int run(List<String> args, Map<String, String> environment, PrintStream out, PrintStream err)
            throws InterruptedException {
        GatewayOptions options;
        try {
            options = GatewayOptions.parse(args, environment);
        } catch (GatewayOptions.UsageException e) {
            err.println("sluice-gateway: " + e.getMessage() + "; see sluice gateway --help");
            return 2;
        }
        switch (options.action()) {
            case HELP -> out.print(GatewayOptions.HELP);
            case VERSION -> out.println("sluice-gateway " + Version.text());
            case TRAIN -> {
                return train(err);
            }
            case SERVE -> {
                return serve(options, out, err);
            }
        }
        return 0;
    }

    private static int serve(GatewayOptions options, PrintStream out, PrintStream err) throws InterruptedException {
        try {
            warnOfPrivilege();
            Gateway gateway = Gateway.start(options);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(gateway), "shutdown"));
            out.println("sluice-gateway ready: unix:" + options.socket());
            out.flush();
            gateway.awaitTermination();
            return 0;
        } catch (IOException e) {
            err.println("sluice-gateway: cannot start: " + e.getMessage());
            return 1;
        }
    }

    /** Loads what a start and a first call load, for the JVM to archive, and ends. */
    private static int train(PrintStream err) {
        try {
            Path directory = Files.createTempDirectory("sluice-train");
            Path socket = directory.resolve("gateway.sock");
            GatewayOptions options =
                    new GatewayOptions(directory.resolve("admin.sock"), socket, "root", GatewayOptions.Action.TRAIN);
            try (Gateway gateway = Gateway.start(options)) {
                gateway.callOnce(socket);
            } finally {
                Files.deleteIfExists(directory.resolve("gateway.sock.lock"));
                Files.delete(directory);
            }
            return 0;
        } catch (IOException e) {
            err.println("sluice-gateway: cannot train: " + e.getMessage());
            return 1;
        }
    }

    private static void stop(Gateway gateway) {
        try {
            gateway.close();
        } catch (IOException e) {
            System.err.println("sluice-gateway: could not remove the socket: " + e.getMessage());
        }
    }

    /** The gateway works without any privilege, so whoever breaks into it should gain none. Containers often know root only. */
    private static void warnOfPrivilege() throws IOException {
        Logger log = LoggerFactory.getLogger(GatewayMain.class);
        if (Peer.self().uid() == 0) {
            log.warn("running as root, which the gateway does not need; start it as a user of its own");
            return;
        }
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            String value = line.startsWith("CapEff:") ? line.substring(7).strip() : "";
            if (value.matches(".*[1-9a-f].*")) {
                log.warn("running with the capabilities {}, which the gateway does not need; drop them", value);
            }
        }
    }
}
