package io.sluice.lab.interop;

import io.sluice.lab.Command;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * QEMU without a guest: a hub that joins a tap device with one netdev after another, so that plain hosts speak through both. It
 * starts once; netdevs come and go through its monitor (docs/interop/qmp-spec of QEMU), with the words of its command line.
 */
public final class QemuHub {
    /** The program. */
    public static final String PROGRAM = "qemu-system-x86_64";

    private static final Duration ANSWER = Duration.ofSeconds(30);

    private final RunningProcess qemu;
    private boolean joined;

    private QemuHub(RunningProcess qemu) {
        this.qemu = qemu;
    }

    /** The words that start a hub that {@code netdev}, whose id is l, is part of from the beginning. */
    public static List<String> with(String device, String netdev) {
        return List.of(
                PROGRAM,
                "-machine",
                "none",
                "-display",
                "none",
                "-monitor",
                "none",
                "-serial",
                "none",
                "-netdev",
                tap(device),
                "-netdev",
                "hubport,id=h1,hubid=0,netdev=t",
                "-netdev",
                netdev,
                "-netdev",
                "hubport,id=h2,hubid=0,netdev=l");
    }

    /**
     * Starts a hub of a tap device, and waits until that is there. It has a port to nowhere as well: while there is none that
     * takes a packet, QEMU stops reading the tap device, and does not begin again when there is one (net/hub.c).
     *
     * @param device made, or opened if it is there
     * @param where completes the command by namespace and user, and starts it; whoever does so ends it
     */
    public static QemuHub start(String device, UnaryOperator<Command> where, Starter starter) {
        Command command = Command.of(
                PROGRAM,
                "-machine",
                "none",
                "-display",
                "none",
                "-serial",
                "none",
                "-qmp",
                "stdio",
                "-netdev",
                tap(device),
                "-netdev",
                "hubport,id=h1,hubid=0,netdev=t",
                "-netdev",
                "hubport,id=nowhere,hubid=0");
        QemuHub hub = new QemuHub(starter.start(where.apply(command)));
        hub.qemu.awaitLine("{\"QMP\"", ANSWER);
        hub.ask("{\"execute\":\"qmp_capabilities\"}");
        return hub;
    }

    /** Starts a process that is ended in time. */
    public interface Starter {
        /** Starts it. */
        RunningProcess start(Command command);
    }

    private static String tap(String device) {
        return "tap,id=t,ifname=" + device + ",script=no,downscript=no,vnet_hdr=off";
    }

    /** Adds a netdev, whose id is l. */
    public void join(String netdev) {
        joined = true;
        order("netdev_add " + netdev);
        order("netdev_add hubport,id=h2,hubid=0,netdev=l");
    }

    /** Removes it, if there is one. */
    public void leave() {
        if (joined) {
            joined = false;
            order("netdev_del h2");
            order("netdev_del l");
        }
    }

    /** What the monitor answers to a command of its own is the empty text if all is well. */
    private void order(String command) {
        String answer =
                ask("{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"" + command + "\"}}");
        if (!answer.contains("\"return\": \"\"")) {
            throw new LabException("QEMU answers to " + command + ": " + answer);
        }
    }

    private String ask(String request) {
        return qemu.ask(request, line -> line.startsWith("{\"return\"") || line.startsWith("{\"error\""), ANSWER);
    }
}
