package io.sluice.lab.interop;

import io.sluice.lab.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** QEMU without a guest: a hub that joins an l2tpv3 netdev with a tap device of B, so that plain hosts speak through both. */
@Tag("interop")
final class QemuInteropTest extends Peers {
    private static final String TAP = "peer";

    private QemuHub qemu;

    /** The options of one session, as both ends are given them but for the direction. */
    record Session(boolean udp, boolean v6, int cookie, String counter, int offset) {
        /** All combinations. */
        static Stream<Session> all() {
            List<Session> all = new ArrayList<>();
            for (boolean udp : new boolean[] {true, false}) {
                for (boolean v6 : new boolean[] {false, true}) {
                    for (int cookie : new int[] {0, 32, 64}) {
                        for (String counter : List.of("", ",counter=on", ",counter=on,pincounter=on")) {
                            for (int offset : new int[] {0, 16}) {
                                all.add(new Session(udp, v6, cookie, counter, offset));
                            }
                        }
                    }
                }
            }
            return all.stream();
        }

        /** The netdev of the end at {@code src}; the worker's is 1, QEMU's 2. */
        String netdev(String id, String src, String dst, int own, int other) {
            String text = "l2tpv3,id=" + id + ",src=" + src + ",dst=" + dst
                    + (v6 ? ",ipv6=on" : "")
                    + (udp ? ",udp=on,srcport=1707" + own + ",dstport=1707" + other : "")
                    + ",rxsession=0x5566770" + own + ",txsession=0x5566770" + other;
            if (cookie == 32) {
                text += ",rxcookie=0x0102030" + own + ",txcookie=0x0102030" + other;
            } else if (cookie == 64) {
                text += ",cookie64=on,rxcookie=0x111213141516171" + own + ",txcookie=0x111213141516171" + other;
            }
            return text + counter + (offset == 0 ? "" : ",offset=" + offset);
        }

        String near() {
            return udp ? v6 ? Ferry.NEAR6 : Ferry.NEAR : v6 ? Ferry.L2TPV3_6 : Ferry.L2TPV3;
        }

        String far() {
            return v6 ? Ferry.FAR6 : Ferry.FAR;
        }

        String transport() {
            return "l2tpv3 " + (udp ? "udp" : "ip") + (v6 ? " v6" : "");
        }

        /** What the table says: a row stands for what all of {@link #rest} have shown. */
        String cookies() {
            return (cookie == 0 ? "no cookie" : cookie + "-bit cookie") + "; counter none, on, pinned; offset 0, 16";
        }

        String rest() {
            return (counter.isEmpty() ? "no counter" : counter.contains("pin") ? "pincounter" : "counter") + ", offset "
                    + offset + ", ";
        }

        /** Whether bulk TCP is tried, too. */
        boolean bulk() {
            return cookie == 64 && counter.equals(",counter=on") && offset == 0;
        }

        @Override
        public String toString() {
            return transport() + " " + cookie + "-bit cookie, " + rest();
        }
    }

    static Stream<Session> sessions() {
        return Session.all();
    }

    @Override
    void prepare() {
        ferry().farAddresses("v3");
        if (Ferry.has(QemuHub.PROGRAM)) {
            qemu = QemuHub.start(TAP, command -> command.in(ferry().net().b()), ferry().lab()::start);
            ferry().inner(TAP);
        }
    }

    @AfterEach
    void leave() {
        if (qemu != null) {
            qemu.leave();
            // What the host says meanwhile, a probe of its neighbour say, must not stop the hub for good.
            ferry().run(ferry().net().b(), "ping -c 1 -W 0.01 " + Topology.ADDRESS_A + " || true");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sessions")
    void framesCrossAnL2tpv3Netdev(Session session) {
        log.speaks("QEMU", session.transport(), session.cookies());
        needs(QemuHub.PROGRAM, "qemu-system-x86");
        qemu.join(session.netdev("l", session.far(), session.near(), 2, 1));
        String grant = session.udp() ? "" : ",grant=" + (session.v6() ? "l2tp6" : "l2tp4");
        ferry().tunnel("l", "-netdev", session.netdev("l", session.near(), session.far(), 1, 2) + grant);
        log.saw(session.rest() + Exchange.pings(ferry()));
        if (session.bulk()) {
            log.saw(Exchange.tcp(ferry()));
        }
    }

    @Test
    void framesCrossAnL2tpv3NetdevOverASocketOfTheBroker() {
        log.speaks("QEMU", "l2tpv3 udp v6", "udp grant");
        needs(QemuHub.PROGRAM, "qemu-system-x86");
        String ports = ",ipv6=on,udp=on,srcport=1701,dstport=1701,txsession=7";
        qemu.join("l2tpv3,id=l,src=" + Ferry.FAR6 + ",dst=" + Ferry.UDP6 + ports);
        ferry().tunnel("l", "-netdev", "l2tpv3,id=l,src=" + Ferry.UDP6 + ",dst=" + Ferry.FAR6 + ports + ",grant=udp6");
        log.saw(Exchange.pings(ferry()));
        log.saw(Exchange.tcp(ferry()));
    }
}
