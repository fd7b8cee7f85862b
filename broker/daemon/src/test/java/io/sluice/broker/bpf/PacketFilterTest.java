package io.sluice.broker.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.testbed.Loading;
import io.sluice.broker.testbed.Netns;
import io.sluice.broker.testbed.TestCalls;
import io.sluice.compiler.bpf.ClassicFilter;
import io.sluice.compiler.bpf.Insn;
import io.sluice.compiler.bpf.Pcap;
import io.sluice.compiler.bpf.Programs;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The filter on a packet socket that listens on every device. A witness without filter hears everything too, so that the
 * tests know when a packet has been delivered and need not wait for one that never comes: sockets on every device hear of
 * a packet in the reverse order of their binds, and the witness was bound first.
 */
@Tag("kernel")
class PacketFilterTest {
    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_BPF = 50;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int ETH_P_ALL = 3;
    private static final int ETHERTYPE = 0x88b5; // for local experiments
    private static final int HEADER = 14;
    private static final int TIMEOUT_MS = 5000;
    private static final int ANY = 0;

    private final List<AutoCloseable> open = new ArrayList<>();
    private Netns netns;
    private BpfMap revocation;
    private int leased;
    private int foreign;
    private Fd socket;
    private Fd witness;

    @BeforeEach
    void createSockets() throws Exception {
        netns = add(new Netns());
        leased = netns.veth("leased", "tenant");
        foreign = netns.veth("foreign", "other");
        netns.ip("link", "set", "lo", "mtu", "65536");
        revocation = add(BpfMap.array("revocation", 8, 1));
        socket = add(packetSocket());
        witness = add(packetSocket());
        bind(witness, ETH_P_ALL, ANY);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    @Test
    void packetsArriveWhileTheLeaseLivesAndNoneAfterItsEnd() throws Exception {
        attachFilter(leased);
        revocation.put(0, Programs.ALLOWED);
        send("tenant", 1, 100);
        assertThat(receive(socket)).containsExactly(1, 100);

        revocation.put(0, 0);
        for (int i = 2; i < 22; i++) {
            send("tenant", i, 100);
        }
        revocation.put(0, Programs.ALLOWED);
        send("tenant", 22, 100);
        assertThat(receive(socket)).as("the first one after 20 dropped").containsExactly(22, 100);
        assertThat(isEmpty(socket)).isTrue();
    }

    @Test
    void nothingArrivesBeforeTheLeaseIsAllowed() throws Exception {
        attachFilter(leased);
        send("tenant", 1, 100);
        assertThat(isEmpty(socket)).isTrue();
    }

    @Test
    void packetsOfOtherDevicesNeverArrive() throws Exception {
        attachFilter(leased);
        revocation.put(0, Programs.ALLOWED);
        send("other", 1, 100); // in by foreign, and out by other: two copies for who listens everywhere
        send("lo", 2, 100);
        send("tenant", 3, 100);
        assertThat(receive(socket)).containsExactly(3, 100);
        assertThat(isEmpty(socket)).isTrue();
    }

    @Test
    void theTenantsReBindDoesNotOpenAnotherDevice() throws Exception {
        attachFilter(leased);
        revocation.put(0, Programs.ALLOWED);
        bind(socket, ETH_P_ALL, foreign);
        send("other", 1, 100);
        send("other", 2, 100); // a re-bound socket hears of a frame after the witness: of the first one by now
        assertThat(isEmpty(socket)).isTrue();
    }

    @Test
    void packetsOf64KibArriveWhole() throws Exception {
        int lo = netns.ifindex("lo");
        attachFilter(lo);
        revocation.put(0, Programs.ALLOWED);
        send("lo", 1, 65536 + HEADER);
        assertThat(receive(socket)).containsExactly(1, 65536 + HEADER);
    }

    @Test
    void anExpressionChoosesAmongThePackets() throws Exception {
        attachFilter(leased, Optional.of(Pcap.compile("ether proto 0x88b5 and ether[14:4] != 2", 262_144)));
        send("tenant", 1, 100);
        assertThat(isEmpty(socket)).as("before the lease is allowed").isTrue();
        revocation.put(0, Programs.ALLOWED);
        send("other", 1, 100);
        send("tenant", 2, 100);
        send("tenant", 3, 100);
        assertThat(receive(socket)).containsExactly(3, 100);
        assertThat(isEmpty(socket)).isTrue();
    }

    private void attachFilter(int ifindex) throws IOException {
        attachFilter(ifindex, Optional.empty());
    }

    private void attachFilter(int ifindex, Optional<ClassicFilter> expression) throws IOException {
        List<Insn> filter = Programs.packetFilter(expression);
        try (BpfProgram program = Loading.loadFilter(filter, revocation, ifindex)) {
            setOption(socket, SO_ATTACH_BPF, program.fd().number());
        }
        bind(socket, ETH_P_ALL, ANY);
    }

    /** Sends a numbered frame and returns when it has been delivered, once where it left and once where it came in. */
    private void send(String device, int number, int length) throws Exception {
        ByteBuffer frame = Native.allocate(length).order(ByteOrder.BIG_ENDIAN);
        frame.putShort(12, (short) ETHERTYPE).putInt(HEADER, number);
        try (Fd sender = packetSocket()) {
            bind(sender, 0, netns.ifindex(device));
            Native.check(TestCalls.LIBC.send(sender.number(), frame, length, 0), "send(" + device + ")");
        }
        assertThat(receive(witness)).containsExactly(number, length);
        assertThat(receive(witness)).containsExactly(number, length);
    }

    /** Number and length of the next frame. */
    private static List<Integer> receive(Fd socket) throws SyscallException {
        ByteBuffer pollfd = Native.allocate(8).putInt(0, socket.number()).putShort(4, (short) 1);
        assertThat(BrokerCalls.LIBC.poll(pollfd, 1, TIMEOUT_MS))
                .as("a frame in time")
                .isEqualTo(1);
        ByteBuffer frame = Native.allocate(1 << 17).order(ByteOrder.BIG_ENDIAN);
        long length = TestCalls.LIBC.recv(socket.number(), frame, frame.capacity(), 0x40);
        return List.of(frame.getInt(HEADER), (int) Native.check(length, "recv"));
    }

    private static boolean isEmpty(Fd socket) {
        return TestCalls.LIBC.recv(socket.number(), Native.allocate(64), 64, 0x40) == -1
                && Native.failedWith(Errno.EAGAIN);
    }

    private Fd packetSocket() throws Exception {
        Fd created = netns.call(() -> Fd.owned(BrokerCalls.LIBC.socket(17, 3 | 0x80000, 0), "socket(AF_PACKET)"));
        setOption(created, SO_RCVBUFFORCE, 1 << 20);
        return created;
    }

    private static void bind(Fd socket, int protocol, int ifindex) throws SyscallException {
        ByteBuffer address = Native.allocate(20).putShort(0, (short) 17).putInt(4, ifindex);
        address.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) protocol);
        Native.check(BrokerCalls.LIBC.bind(socket.number(), address, 20), "bind(AF_PACKET)");
    }

    private static void setOption(Fd socket, int option, int value) throws SyscallException {
        ByteBuffer bytes = Native.allocate(4).putInt(0, value);
        Native.check(BrokerCalls.LIBC.setsockopt(socket.number(), SOL_SOCKET, option, bytes, 4), "setsockopt");
    }

    private <T extends AutoCloseable> T add(T resource) {
        open.add(resource);
        return resource;
    }
}
