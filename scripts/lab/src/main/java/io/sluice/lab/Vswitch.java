package io.sluice.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An Open vSwitch of its own in a namespace, with a data base of its own: ovsdb-server and ovs-vswitchd, whose bridges are
 * to be of {@code datapath_type=netdev}, its data path in user space. Ends with its lab, or when it is closed.
 */
public final class Vswitch implements AutoCloseable {
    private static final Duration READY = Duration.ofSeconds(30);
    private static final String SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";

    private final Lab lab;
    private final Namespace namespace;
    private final Path home;
    private RunningProcess database;
    private RunningProcess daemon;

    private Vswitch(Lab lab, Namespace namespace, Path home) {
        this.lab = lab;
        this.namespace = namespace;
        this.home = home;
    }

    /** Whether it is installed. */
    public static boolean isInstalled() {
        return RunningProcess.run(Command.of("sh", "-c", "command -v ovs-vswitchd"), READY)
                .succeeded();
    }

    /** Starts one, without a bridge. */
    public static Vswitch start(Lab lab, Namespace namespace) {
        Vswitch vswitch = new Vswitch(lab, namespace, lab.directory("ovs"));
        vswitch.start();
        return vswitch;
    }

    private void start() {
        Path file = home.resolve("conf.db");
        Path socket = home.resolve("db.sock");
        lab.run(command("ovsdb-tool", "create", file.toString(), SCHEMA));
        database = lab.start(command("ovsdb-server", file.toString(), "--remote=punix:" + socket));
        await(socket);
        vsctl("--no-wait init");
        daemon = lab.start(command("ovs-vswitchd", "unix:" + socket, "--pidfile"));
    }

    private static void await(Path socket) {
        long deadline = System.nanoTime() + READY.toNanos();
        while (!Files.exists(socket)) {
            if (System.nanoTime() > deadline) {
                throw new LabException("no " + socket + " after " + READY);
            }
            Thread.onSpinWait();
        }
    }

    /** The process with the data path. */
    public RunningProcess daemon() {
        return daemon;
    }

    /** Runs {@code ovs-vsctl WORDS}, words between blanks; throws if it fails. */
    public void vsctl(String words) {
        List<String> all =
                new ArrayList<>(List.of("ovs-vsctl", "--db=unix:" + home.resolve("db.sock"), "--timeout=20"));
        all.addAll(Arrays.asList(words.split(" ", -1)));
        lab.run(command(all.toArray(String[]::new)));
    }

    /** Replaces the flows of a bridge. */
    public void flows(String bridge, String... flows) {
        String target = "unix:" + home.resolve(bridge + ".mgmt");
        ofctl("del-flows", target);
        for (String flow : flows) {
            ofctl("add-flow", target, flow);
        }
    }

    private void ofctl(String... words) {
        List<String> all = new ArrayList<>(List.of("ovs-ofctl", "-O", "OpenFlow13,OpenFlow15"));
        all.addAll(Arrays.asList(words));
        lab.run(command(all.toArray(String[]::new)));
    }

    private Command command(String... words) {
        return Command.of(words)
                .in(namespace)
                .with("OVS_RUNDIR", home.toString())
                .with("OVS_LOGDIR", home.toString())
                .with("OVS_DBDIR", home.toString());
    }

    @Override
    public void close() {
        daemon.close();
        database.close();
    }
}
