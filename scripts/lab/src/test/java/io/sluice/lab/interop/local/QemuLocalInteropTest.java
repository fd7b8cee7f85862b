package io.sluice.lab.interop.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Identity;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.interop.QemuHub;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** QEMU without a guest: a hub that joins a netdev with a tap device; the worker is given the netdev's other end. */
@Tag("interop")
final class QemuLocalInteropTest extends LocalPeers {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String QEMU = QemuHub.PROGRAM;

    /** Makes a pair of sockets, starts QEMU with one as descriptor 21, and becomes the worker, with the other as 20. */
    static final String PAIR = """
            import os, socket, subprocess, sys
            at = sys.argv.index("--")
            worker, peer = socket.socketpair(socket.AF_UNIX, int(sys.argv[1]))
            os.dup2(worker.fileno(), 20)
            os.dup2(peer.fileno(), 21)
            subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--"] + sys.argv[2:at], pass_fds=[21], stdin=subprocess.DEVNULL)
            os.close(21)
            os.execvp(sys.argv[at + 1], sys.argv[at + 1:])
            """;

    private RunningProcess qemu(String netdev) {
        return crossing().peer(QemuHub.with(Crossing.DEVICE, netdev).toArray(String[]::new));
    }

    private String at(String netdev) {
        return netdev.replace("DIR", crossing().path("")).replace("//", "/");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                dgram unix | 'dgram,id=l,local.type=unix,local.path=DIR/w,remote.type=unix,remote.path=DIR/q' | 'dgram,id=l,local.type=unix,local.path=DIR/q,remote.type=unix,remote.path=DIR/w'
                dgram inet | 'dgram,id=l,local.type=inet,local.host=127.0.0.1,local.port=7001,remote.type=inet,remote.host=127.0.0.1,remote.port=7002' | 'dgram,id=l,local.type=inet,local.host=127.0.0.1,local.port=7002,remote.type=inet,remote.host=127.0.0.1,remote.port=7001'
                socket udp | 'socket,id=l,udp=127.0.0.1:7002,localaddr=127.0.0.1:7001' | 'socket,id=l,udp=127.0.0.1:7001,localaddr=127.0.0.1:7002'
                socket listen | 'socket,id=l,listen=127.0.0.1:7001' | 'socket,id=l,connect=127.0.0.1:7001'
                stream unix server | 'stream,id=l,server=on,addr.type=unix,addr.path=DIR/s' | 'stream,id=l,server=off,addr.type=unix,addr.path=DIR/s'
                stream inet server | 'stream,id=l,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=7001' | 'stream,id=l,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=7001'
                """)
    void framesCrossANetdevOfAPeerThatComesLater(String transport, String worker, String netdev) {
        log.speaks("QEMU", transport, worker.split(",", 2)[0]);
        needs(QEMU, "qemu-system-x86");
        crossing().device("");
        crossing().worker();
        crossing().port("l", "-netdev", at(worker));
        qemu(at(netdev));
        exchange();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                stream unix client | 'stream,id=l,addr.type=unix,addr.path=DIR/s,reconnect-ms=100' | 'stream,id=l,server=on,addr.type=unix,addr.path=DIR/s'
                stream inet client | 'stream,id=l,addr.type=inet,addr.host=127.0.0.1,addr.port=7001,reconnect-ms=100' | 'stream,id=l,server=on,addr.type=inet,addr.host=127.0.0.1,addr.port=7001'
                """)
    void aStreamConnectsAgainToAServerThatComesBack(String transport, String worker, String netdev) {
        log.speaks("QEMU", transport, "reconnect-ms=100");
        needs(QEMU, "qemu-system-x86");
        crossing().device("");
        crossing().worker();
        crossing().port("l", "-netdev", at(worker));
        for (int round = 1; round <= 2; round++) {
            try (RunningProcess qemu = qemu(at(netdev))) {
                log.saw("connection " + round + ": " + crossing().pings());
                assertThat(qemu.isAlive()).isTrue();
                assertThat(crossing().counter("l", "peer_connected")).isEqualTo(round);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                dgram fd  | 2 | 'dgram,id=l,local.type=fd,local.str=20' | 'dgram,id=l,local.type=fd,local.str=21'
                socket fd | 2 | 'socket,id=l,fd=20'                     | 'socket,id=l,fd=21'
                stream fd | 1 | 'stream,id=l,addr.type=fd,addr.str=20'  | 'stream,id=l,addr.type=fd,addr.str=21'
                """)
    void framesCrossAPairOfWhichEachHasInheritedOneEnd(String transport, int type, String worker, String netdev) {
        log.speaks("QEMU", transport, "inherited");
        needs(QEMU, "qemu-system-x86");
        needs(PYTHON, "python3-minimal");
        crossing().device("");
        List<String> before = new ArrayList<>(List.of(PYTHON, "-c", PAIR, Integer.toString(type)));
        before.addAll(QemuHub.with(Crossing.DEVICE, netdev));
        before.add("--");
        crossing().heir(before);
        crossing().port("l", "-netdev", worker);
        exchange();
    }

    @Test
    void aVdeSwitchJoinsBoth() {
        log.speaks("QEMU", "vde", "through vde_switch");
        needs(QEMU, "qemu-system-x86");
        needs("vde_switch", "vde2");
        crossing().device("");
        crossing().worker();
        String directory = crossing().path("vde");
        crossing().port("l", "-netdev", "vde,id=l,sock=" + directory);
        try (RunningProcess vde = crossing().peer("vde_switch", "-s", directory)) {
            String wait = "until [ -S " + directory + "/ctl ]; do sleep 0.1; done";
            RunningProcess.run(crossing().asTenant("sh", "-c", wait), LIMIT).orThrow();
            assertThat(qemu("vde,id=l,sock=" + directory).isAlive()).isTrue();
            exchange();
            assertThat(vde.isAlive()).isTrue();
        }
    }

    @Test
    void aBridgeJoinsItsTapDeviceAndOurs() {
        log.speaks("QEMU", "tap", "its tap device and ours in a bridge");
        needs(QEMU, "qemu-system-x86");
        String bridge = "ip link add qbr up type bridge";
        for (String tap : List.of("qtap", "wtap")) {
            bridge += "; ip tuntap add dev " + tap + " mode tap vnet_hdr user " + Identity.TENANT.uid()
                    + "; ip link set " + tap + " up master qbr";
        }
        crossing().run(crossing().peers(), bridge);
        try {
            crossing().device("");
            crossing().worker();
            crossing().port("l", "-netdev", "tap,id=l,ifname=wtap,script=no,vnet_hdr=on");
            qemu("tap,id=l,ifname=qtap,script=no,downscript=no,vnet_hdr=on");
            exchange();
        } finally {
            crossing().run(crossing().peers(), "ip link delete qtap; ip link delete wtap; ip link delete qbr");
        }
    }
}
