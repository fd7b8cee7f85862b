package io.sluice.broker.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.policy.XdpMode;
import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.testbed.Loading;
import io.sluice.broker.testbed.Netns;
import io.sluice.compiler.bpf.Programs;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Verdicts of the programs, from the kernel's test run. */
@Tag("kernel")
class ProgramsTest {
    private static final int XDP_PASS = 2;
    private static final int XDP_REDIRECT = 4;
    private static final int LO = 1;
    private static final int DROP = 0;
    private static final int KEEP_ALL = 0xffffffff;

    @Test
    void xdpRedirectSendsAQueueToItsSocketAndPassesWithoutOne() throws IOException {
        try (BpfMap xsks = BpfMap.ofQueues(Symbol.SOCKETS, 1);
                BpfProgram program = Loading.load(
                        ProgramType.XDP, "redirect", Programs.xdpRedirect(Optional.empty()), Symbol.SOCKETS, xsks);
                Fd socket = xdpSocket()) {
            assertThat(TestRun.verdict(program)).isEqualTo(XDP_PASS);
            xsks.direct(0, socket.number());
            assertThat(TestRun.verdict(program)).isEqualTo(XDP_REDIRECT);
            xsks.delete(0);
            assertThat(TestRun.verdict(program)).isEqualTo(XDP_PASS);
        }
    }

    @Test
    void xdpRedirectPassesAgainWhenTheSocketIsClosed() throws IOException {
        try (BpfMap xsks = BpfMap.ofQueues(Symbol.SOCKETS, 1);
                BpfProgram program = Loading.load(
                        ProgramType.XDP, "redirect", Programs.xdpRedirect(Optional.empty()), Symbol.SOCKETS, xsks)) {
            try (Fd socket = xdpSocket()) {
                xsks.direct(0, socket.number());
            }
            assertThat(TestRun.verdict(program)).isEqualTo(XDP_PASS);
        }
    }

    @Test
    void xdpRedirectTellsQueuesApart() throws Exception {
        try (Netns netns = new Netns();
                BpfMap xsks = BpfMap.ofQueues(Symbol.SOCKETS, 2);
                BpfProgram program = Loading.load(
                        ProgramType.XDP, "redirect", Programs.xdpRedirect(Optional.empty()), Symbol.SOCKETS, xsks);
                Fd socket = xdpSocket()) {
            int ifindex = netns.veth("one", "other");
            xsks.direct(1, socket.number());
            netns.call(() -> {
                // A veth has RX queues that XDP knows of only while a program is attached.
                try (BpfLink link = BpfLink.attachXdp(program, ifindex, XdpMode.NATIVE)) {
                    assertThat(link.attachedIfindex()).isEqualTo(ifindex);
                    assertThat(TestRun.xdpVerdict(program, ifindex, 0)).isEqualTo(XDP_PASS);
                    assertThat(TestRun.xdpVerdict(program, ifindex, 1)).isEqualTo(XDP_REDIRECT);
                }
                return null;
            });
        }
    }

    @Test
    void packetFilterKeepsPacketsOnlyWhileTheSlotHoldsOne() throws IOException {
        try (BpfMap revocation = BpfMap.array("revocation", 8, 1);
                BpfProgram program = load(revocation, LO)) {
            assertThat(TestRun.verdict(program)).as("new map").isEqualTo(DROP);
            revocation.put(0, Programs.ALLOWED);
            assertThat(TestRun.verdict(program)).isEqualTo(KEEP_ALL);
            for (long revoked : new long[] {0, 2, -1, 1L << 32 | 1}) {
                revocation.put(0, revoked);
                assertThat(TestRun.verdict(program)).as("slot %d", revoked).isEqualTo(DROP);
            }
        }
    }

    @Test
    void packetFilterDropsPacketsOfAnotherDevice() throws IOException {
        try (BpfMap revocation = BpfMap.array("revocation", 8, 1);
                BpfProgram program = load(revocation, LO + 1)) {
            revocation.put(0, Programs.ALLOWED);
            assertThat(TestRun.verdict(program)).isEqualTo(DROP);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "no superframe, 45, 132, 0, 0, true",
        "TCP, 45, 6, 1448, 0, true",
        "TCP with options of IP, 46, 6, 1448, 3, true",
        "TCP over IPv6, 60, 6, 1448, 0, true",
        "UDP, 45, 17, 1400, 20, true",
        "UDP over IPv6, 60, 17, 1400, 20, true",
        "UDP whose segments nobody has counted, 45, 17, 1480, 0, false",
        "the same over IPv6, 60, 17, 1480, 0, false",
        "SCTP, 45, 132, 1400, 20, false",
        "SCTP over IPv6, 60, 132, 1400, 20, false",
        "GRE, 45, 47, 1400, 20, false",
        "no IP, 20, 6, 1400, 20, false"
    })
    void aRingsFilterDropsSuperframesThatNoVnetHeaderDescribes(
            String what, String version, int protocol, int size, int segments, boolean kept) throws IOException {
        // The kernel hides the first 14 bytes from a socket's filter that is run so; a socket of type SOCK_RAW has
        // them.
        byte[] frame = new byte[14 + 14 + 40 + 60];
        int ip = 28;
        frame[ip] = (byte) Integer.parseInt(version, 16);
        frame[ip + (version.startsWith("6") ? 6 : 9)] = (byte) protocol;
        ByteBuffer skb = Native.allocate(192).putInt(164, segments).putInt(176, size);
        try (BpfMap active = BpfMap.array("active", 8, 1);
                BpfProgram program = Loading.loadFilter(Programs.packetFilter(Optional.empty(), true), active, LO)) {
            active.put(0, Programs.ALLOWED);
            ByteBuffer data = Native.allocate(frame.length).put(0, frame);
            assertThat(TestRun.verdict(program, data, Optional.of(skb)))
                    .as(what)
                    .isEqualTo(kept ? KEEP_ALL : DROP);
        }
    }

    @Test
    void programsOutliveOurDescriptorsOfTheirMaps() throws IOException {
        BpfMap revocation = BpfMap.array("revocation", 8, 1);
        try (BpfProgram program = load(revocation, LO)) {
            revocation.put(0, Programs.ALLOWED);
            revocation.close();
            assertThat(TestRun.verdict(program)).isEqualTo(KEEP_ALL);
        } finally {
            revocation.close();
        }
    }

    private static BpfProgram load(BpfMap revocation, int ifindex) throws IOException {
        return Loading.loadFilter(Programs.packetFilter(Optional.empty()), revocation, ifindex);
    }

    private static Fd xdpSocket() throws SyscallException {
        return Fd.owned(BrokerCalls.LIBC.socket(44, 3 | 0x80000, 0), "socket(AF_XDP)");
    }
}
