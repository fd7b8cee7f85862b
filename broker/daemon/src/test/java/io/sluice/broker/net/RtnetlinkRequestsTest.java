package io.sluice.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.net.InetAddress;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The bytes of every request. They are what ip(8), bridge(8) and tc(8) of iproute2 6.1 send for the same, as strace shows
 * it, but for what a comment says. The sequence number is 0 here. Little-endian, as the machines that we know.
 */
class RtnetlinkRequestsTest {
    private static final byte[] MAC = {2, 0, 0, 0, 0, 1};
    private static final String ON_DEVICE_2 = "00000000 02000000 00000000 00000000";

    private FakeKernel kernel;
    private Rtnetlink rtnetlink;

    /** A step that sends one request. */
    private interface Step {
        void run() throws IOException;
    }

    @BeforeEach
    void open() throws IOException {
        kernel = new FakeKernel();
        rtnetlink = new Rtnetlink(kernel.socket());
    }

    @AfterEach
    void close() {
        kernel.close();
    }

    /** ip link add v0 mtu 1400 group 77 numtxqueues 2 numrxqueues 2 type veth peer name eth0 ... netns NAME. */
    @Test
    void createVethIsThatOfIp() throws IOException {
        kernel.acknowledge();
        try (Fd namespace = Fd.duplicateOf(0)) {
            rtnetlink.createVeth("v0", "eth0", namespace, MAC, 1400, 77, 2);
            // The kind with a zero at its end, which ip leaves out.
            assertSame(kernel.asked(), """
                    a8000000 10000506 00000000 00000000  00000000 00000000 00000000 00000000
                    08001b00 4d000000  08000400 78050000  08001f00 02000000  08002000 02000000
                    07000300 76300000
                    60001200  09000100 76657468 00000000  50000200
                      4c000100 00000000 00000000 00000000 00000000
                        0a000100 02000000 00010000  08000400 78050000  08001f00 02000000  08002000 02000000
                        08001c00 %02x000000  09000300 65746830 00000000
                    """.formatted(namespace.number()));
        }
    }

    /** ip link set DEV addrgenmode none; then up, arp off. ip says NEWLINK, 0x10, for SETLINK. */
    @Test
    void upIsThatOfIp() throws IOException {
        kernel.acknowledge();
        sends(() -> rtnetlink.up(2, true), """
                30000000 13000500 00000000 00000000  00000000 02000000 00000000 00000000
                10001a00  0c000a00  05000800 01000000
                """);
        assertSame(kernel.asked(), "20000000 13000500 00000000 00000000 00000000 02000000 81000000 81000000");
        kernel.acknowledge();
        sends(() -> rtnetlink.up(2, false), """
                30000000 13000500 00000000 00000000  00000000 02000000 00000000 00000000
                10001a00  0c000a00  05000800 01000000
                """);
        assertSame(kernel.asked(), "20000000 13000500 00000000 00000000 00000000 02000000 01000000 81000000");
    }

    /** ip link set DEV master BRIDGE; group 77; ip link del DEV; group 77. */
    @Test
    void otherDeviceRequestsAreThoseOfIp() throws IOException {
        sends(() -> rtnetlink.master(2, 3), "28000000 13000500 00000000 00000000" + ON_DEVICE_2 + "08000a00 03000000");
        sends(() -> rtnetlink.group(2, 77), "28000000 13000500 00000000 00000000" + ON_DEVICE_2 + "08001b00 4d000000");
        sends(() -> rtnetlink.delete(2), "20000000 11000500 00000000 00000000" + ON_DEVICE_2);
        sends(() -> rtnetlink.deleteGroup(77), """
                28000000 11000500 00000000 00000000  00000000 00000000 00000000 00000000
                08001b00 4d000000
                """);
    }

    /** ip link show DEV; ip asks without an acknowledgement, and for the numbers of virtual functions too. */
    @Test
    void aLookUpLeavesTheStatisticsOutAndWhatItFindsComesBeforeTheAnswer() throws IOException {
        kernel.answer("20000000 10000000 01000000 00000000  00000000 2a000000 00000000 00000000");
        sends(() -> rtnetlink.exists(2), "28000000 12000500 00000000 00000000" + ON_DEVICE_2 + "08001d00 08000000");
    }

    /** bridge link set dev DEV guard on. */
    @Test
    void guardIsThatOfBridge() throws IOException {
        sends(() -> rtnetlink.guard(2), """
                2c000000 13000500 00000000 00000000  07000000 02000000 00000000 00000000
                0c000c80 05000500 01000000
                """);
    }

    /** ip addr add 192.0.2.1/24 dev DEV; ip addr add 2001:db8::1/64 dev DEV nodad. */
    @Test
    void addressesAreThoseOfIp() throws IOException {
        sends(() -> rtnetlink.address(2, InetAddress.getByName("192.0.2.1"), 24), """
                28000000 14000506 00000000 00000000  02180000 02000000
                08000200 c0000201  08000100 c0000201
                """);
        sends(() -> rtnetlink.address(2, InetAddress.getByName("2001:db8::1"), 64), """
                40000000 14000506 00000000 00000000  0a400200 02000000
                14000200 20010db8000000000000000000000001
                14000100 20010db8000000000000000000000001
                """);
    }

    /** ip route add NETWORK dev DEV proto static scope link; ip route add default via GATEWAY dev DEV proto static. */
    @Test
    void routesAreThoseOfIp() throws IOException {
        sends(() -> rtnetlink.route(2, InetAddress.getByName("198.51.100.0"), 24), """
                2c000000 18000506 00000000 00000000  02180000 fe04fd01 00000000
                08000100 c6336400  08000400 02000000
                """);
        sends(() -> rtnetlink.route(2, InetAddress.getByName("2001:db8:1::"), 64), """
                38000000 18000506 00000000 00000000  0a400000 fe040001 00000000
                14000100 20010db8000100000000000000000000  08000400 02000000
                """);
        sends(() -> rtnetlink.defaultRoute(InetAddress.getByName("192.0.2.9"), 2), """
                2c000000 18000506 00000000 00000000  02000000 fe040001 00000000
                08000500 c0000209  08000400 02000000
                """);
        sends(() -> rtnetlink.defaultRoute(InetAddress.getByName("2001:db8::9"), 2), """
                38000000 18000506 00000000 00000000  0a000000 fe040001 00000000
                14000500 20010db8000000000000000000000009  08000400 02000000
                """);
    }

    /** tc qdisc add dev DEV clsact; tc filter add dev DEV ingress prio 1 handle 1 protocol all bpf da ... */
    @Test
    void policeIsThatOfTc() throws IOException {
        try (Fd program = Fd.duplicateOf(0)) {
            kernel.acknowledge();
            sends(() -> rtnetlink.police(2, true, program, "jail"), """
                    30000000 24000506 00000000 00000000  00000000 02000000 0000ffff f1ffffff 00000000
                    0b000100 636c73616374 0000
                    """);
            // A program by its descriptor, not as classic BPF.
            assertSame(kernel.asked(), """
                    4c000000 2c000506 00000000 00000000  00000000 02000000 01000000 f2ffffff 00030100
                    08000100 62706600
                    20000200  08000600 %02x000000  09000700 6a61696c 00000000  08000800 01000000
                    """.formatted(program.number()));
        }
    }

    @Test
    void theKernelsExplanationIsPartOfTheError() throws IOException {
        // NLMSG_ERROR, capped, with attributes: -EINVAL, the request's header, "ipv4: no"
        kernel.answer("""
                34000000 02000003 01000000 00000000  eaffffff 28000000 14000506 01000000 00000000
                0d000100 697076343a206e6f 00 000000
                """);
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> rtnetlink.address(2, InetAddress.getByName("192.0.2.1"), 24))
                .matches(e -> e.is(Errno.EINVAL), "EINVAL")
                .withMessage("rtnetlink(give device 2 192.0.2.1/24), \"ipv4: no\": EINVAL (Invalid argument)");
    }

    @Test
    void repliesToAnEarlierRequestAreSkipped() throws IOException {
        kernel.answer("24000000 02000001 63000000 00000000  f3ffffff 00000000 00000000 00000000 00000000");
        kernel.acknowledge();
        rtnetlink.master(2, 3);
    }

    private void sends(Step step, String expected) throws IOException {
        kernel.acknowledge();
        step.run();
        assertSame(kernel.asked(), expected);
    }

    private static void assertSame(String hex, String expected) {
        assertThat(hex).isEqualTo(expected.replaceAll("\\s", ""));
    }
}
