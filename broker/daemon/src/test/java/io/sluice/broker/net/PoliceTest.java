package io.sluice.broker.net;

import static io.sluice.broker.sys.BrokerCalls.LIBC;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.bpf.ProgramType;
import io.sluice.broker.testbed.Loading;
import io.sluice.broker.testbed.Netns;
import io.sluice.compiler.bpf.Condition;
import io.sluice.compiler.bpf.Insns;
import io.sluice.compiler.bpf.Label;
import io.sluice.compiler.bpf.Reg;
import io.sluice.compiler.bpf.Size;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.List;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Filters: that they are as tc(8) shows them, and that they stop packets. */
@Tag("kernel")
class PoliceTest {
    private static final byte[] MAC = {2, 0, 0, 0, 0, 1};
    private static final int TC_ACT_SHOT = 2;
    /** __sk_buff: protocol, in network byte order. */
    private static final int SKB_PROTOCOL = 16;

    private static final int IPV4 = 0x0008;

    private Netns host;
    private NetNamespace jail;
    private Rtnetlink rtnetlink;
    private int ifindex;

    @BeforeEach
    void open() throws Exception {
        host = new Netns();
        jail = NetNamespace.create();
        rtnetlink = host.call(Rtnetlink::open);
        rtnetlink.createVeth("v0", "eth0", jail.fd(), MAC, 1500, 1, 1);
        ifindex = host.ifindex("v0");
    }

    @AfterEach
    void close() throws IOException {
        if (rtnetlink != null) {
            rtnetlink.close();
        }
        if (jail != null) {
            jail.close();
        }
        if (host != null) {
            host.close();
        }
    }

    @Test
    void aFilterIsWhatTcShows() throws Exception {
        assertThat(policed(true)).as("without a qdisc").isFalse();
        police(true);
        assertThat(policed(true)).isTrue();
        assertThat(policed(false)).as("without any filter").isFalse();
        police(false);
        assertThat(policed(false)).isTrue();
        assertThat(host.exec("tc", "qdisc", "show", "dev", "v0")
                        .lines()
                        .filter(line -> line.contains("clsact"))
                        .toList())
                .hasSize(1);
        for (String direction : List.of("ingress", "egress")) {
            assertThat(host.exec("tc", "filter", "show", "dev", "v0", direction))
                    .contains("filter protocol all pref 1 bpf chain 0 handle 0x1 jail direct-action not_in_hw")
                    .contains("jited");
        }
    }

    /** Whether our filter is there: RTM_GETTFILTER by handle, priority, protocol and parent. */
    private boolean policed(boolean ingress) throws Exception {
        NetlinkMessage request = new NetlinkMessage(46, 0)
                .words(0, ifindex, 1, ingress ? 0xFFFFFFF2 : 0xFFFFFFF3, 1 << 16 | 0x300)
                .text(1, "bpf");
        try (NetlinkSocket socket = host.call(NetlinkSocket::open)) {
            // Without a qdisc or any filter the kernel says EINVAL, without this one ENOENT.
            socket.request(request, "look up a filter");
            return true;
        } catch (SyscallException e) {
            assertThat(e.errno()).isIn(Errno.ENOENT, Errno.EINVAL, Errno.ENODEV);
            return false;
        }
    }

    @Test
    void aSecondFilterIsRefusedAndTheFirstStays() throws Exception {
        police(true);
        String before = host.exec("tc", "filter", "show", "dev", "v0", "ingress");
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> police(true))
                .matches(e -> e.is(Errno.EEXIST), "EEXIST")
                .withMessageStartingWith("rtnetlink(add filter jail to ingress of device " + ifindex + ")");
        assertThat(host.exec("tc", "filter", "show", "dev", "v0", "ingress")).isEqualTo(before);
    }

    @Test
    void onlyOurFilterCounts() throws Exception {
        host.exec("tc", "qdisc", "add", "dev", "v0", "clsact");
        host.exec("tc", "filter", "add", "dev", "v0", "ingress", "prio", "2", "bpf", "da", "bytecode", "1,6 0 0 0");
        assertThat(policed(true)).isFalse();
        police(true);
        assertThat(policed(true)).isTrue();
        host.exec("tc", "filter", "del", "dev", "v0", "ingress", "prio", "1");
        assertThat(policed(true)).isFalse();
        rtnetlink.delete(ifindex);
        assertThat(policed(true)).as("without a device").isFalse();
    }

    @Test
    void aProgramOfAnotherTypeIsRefused() throws Exception {
        try (BpfProgram xdp = Loading.load(ProgramType.XDP, "pass", List.of(Insns.mov(Reg.R0, 2), Insns.exit()))) {
            assertThatExceptionOfType(SyscallException.class)
                    .isThrownBy(() -> rtnetlink.police(ifindex, true, xdp.fd(), "jail"));
        }
        assertThat(policed(true)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFilterStopsPacketsAfterItsDescriptorIsClosed(boolean ingress) throws Exception {
        host.ip("addr", "add", "192.0.2.1/24", "dev", "v0");
        rtnetlink.up(ifindex, false);
        jail.call(() -> {
            try (Rtnetlink inside = Rtnetlink.open()) {
                int eth0 = LIBC.if_nametoindex("eth0");
                inside.address(eth0, InetAddress.getByName("192.0.2.2"), 24);
                inside.up(eth0, false);
                return eth0;
            }
        });
        try (DatagramChannel out = host.call(() -> bound("192.0.2.1"));
                DatagramChannel in = jail.call(() -> bound("192.0.2.2"))) {
            DatagramChannel sender = ingress ? in : out;
            DatagramChannel receiver = ingress ? out : in;
            send(sender, receiver, "before"); // and both now know the other's Ethernet address
            assertThat(received(receiver)).isEqualTo("before");
            police(ingress);
            for (int i = 0; i < 20; i++) {
                send(sender, receiver, "policed");
            }
            send(receiver, sender, "the other way");
            assertThat(received(sender)).isEqualTo("the other way");
            host.exec("tc", "filter", "del", "dev", "v0", ingress ? "ingress" : "egress");
            send(sender, receiver, "after");
            assertThat(received(receiver)).isEqualTo("after");
        }
    }

    /** Drops IPv4, so that ARP goes on. */
    private void police(boolean ingress) throws IOException {
        Label pass = new Label("pass");
        try (BpfProgram program = Loading.load(
                ProgramType.SCHED_CLS,
                "police",
                List.of(
                        Insns.mov(Reg.R0, 0),
                        Insns.ldx(Size.W, Reg.R2, Reg.R1, SKB_PROTOCOL),
                        Insns.jmpIf(Condition.NE, Reg.R2, IPV4, pass),
                        Insns.mov(Reg.R0, TC_ACT_SHOT),
                        pass,
                        Insns.exit()))) {
            rtnetlink.police(ifindex, ingress, program.fd(), "jail");
        }
    }

    private static DatagramChannel bound(String address) throws IOException {
        return DatagramChannel.open(StandardProtocolFamily.INET).bind(new InetSocketAddress(address, 0));
    }

    private static void send(DatagramChannel from, DatagramChannel to, String text) throws IOException {
        from.send(ByteBuffer.wrap(text.getBytes(US_ASCII)), to.getLocalAddress());
    }

    private static String received(DatagramChannel by) throws IOException {
        by.socket().setSoTimeout(20_000);
        var packet = new java.net.DatagramPacket(new byte[100], 100);
        by.socket().receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), US_ASCII);
    }
}
