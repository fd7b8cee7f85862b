package io.sluice.lab.interop;

import io.sluice.lab.Command;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * Open vSwitch with its data path in user space, with a data base of its own in B: br-phy has v3 and the underlay's address,
 * br-int ends the tunnels, and its own device br-int is the host behind them.
 */
final class OpenVswitch {
    private static final Duration READY = Duration.ofSeconds(30);
    private static final String SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";

    private final Ferry ferry;
    private final Path home;

    private OpenVswitch(Ferry ferry, Path home) {
        this.ferry = ferry;
        this.home = home;
    }

    /** Starts it; it ends with the ferry. */
    static OpenVswitch in(Ferry ferry) {
        OpenVswitch ovs = new OpenVswitch(ferry, ferry.lab().directory("ovs"));
        ovs.start();
        ovs.vsctl("add-br br-phy -- set bridge br-phy datapath_type=netdev -- add-port br-phy v3");
        ovs.vsctl("add-br br-int -- set bridge br-int datapath_type=netdev");
        for (String bridge : List.of("br-phy", "br-int")) {
            ferry.run(ferry.net().b(), "ethtool -K " + bridge + " tx off tso off gso off gro off");
        }
        ferry.farAddresses("br-phy");
        ferry.inner("br-int");
        return ovs;
    }

    private void start() {
        ferry.lab().run(command("ovsdb-tool", "create", home.resolve("conf.db").toString(), SCHEMA));
        ferry.lab()
                .start(command(
                        "ovsdb-server",
                        home.resolve("conf.db").toString(),
                        "--remote=punix:" + home.resolve("db.sock")));
        await(home.resolve("db.sock"));
        vsctl("--no-wait init");
        ferry.lab().start(command("ovs-vswitchd", "unix:" + home.resolve("db.sock"), "--pidfile"));
    }

    private static void await(Path socket) {
        long deadline = System.nanoTime() + READY.toNanos();
        while (!Files.exists(socket)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no " + socket + " after " + READY);
            }
            Thread.onSpinWait();
        }
    }

    /** Runs {@code ovs-vsctl WORDS}, words between blanks. */
    void vsctl(String words) {
        String[] all = ("ovs-vsctl --db=unix:" + home.resolve("db.sock") + " --timeout=20 " + words).split(" ", -1);
        ferry.lab().run(command(all));
    }

    /** Replaces the flows of a bridge. */
    void flows(String bridge, String... flows) {
        String[] words = {"ovs-ofctl", "-O", "OpenFlow13,OpenFlow15", "", "unix:" + home.resolve(bridge + ".mgmt"), ""};
        words[3] = "del-flows";
        RunningProcess.run(command(Arrays.copyOf(words, words.length - 1)), READY)
                .orThrow();
        words[3] = "add-flow";
        for (String flow : flows) {
            words[5] = flow;
            RunningProcess.run(command(words), READY).orThrow();
        }
    }

    private Command command(String... words) {
        Namespace b = ferry.net().b();
        return Command.of(words)
                .in(b)
                .with("OVS_RUNDIR", home.toString())
                .with("OVS_LOGDIR", home.toString())
                .with("OVS_DBDIR", home.toString());
    }
}
