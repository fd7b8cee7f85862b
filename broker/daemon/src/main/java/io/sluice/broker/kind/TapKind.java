package io.sluice.broker.kind;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.bpf.ProgramType;
import io.sluice.broker.net.Rtnetlink;
import io.sluice.broker.policy.Program;
import io.sluice.broker.policy.TapGrant;
import io.sluice.broker.sys.Device;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tap device (Documentation/networking/tuntap.rst) inside a jail, joined to the jail's device by two programs that redirect
 * what either receives to the other. Its holder may set anything about it, its address, its owner, that it persist: it
 * is in a namespace that nobody else has, goes with it, and the rules are at the jail's way out.
 */
public final class TapKind {
    private static final String NAME = "tap0";
    private static final int O_RDWR_CLOEXEC_NONBLOCK = 2 | 0x80000 | 0x800;
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final int IFF_TAP_MULTI_QUEUE_NO_PI = 2 | 0x100 | 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    private static final int IFREQ_FLAGS = 16;
    /** TUN_F_CSUM, TSO4, TSO6, TSO_ECN; with USO4 and USO6 from Linux 6.2 on. */
    private static final long OFFLOADS = 1 | 2 | 4 | 8;

    private static final long USO = 32 | 64;

    private static final Logger LOG = LoggerFactory.getLogger(TapKind.class);

    private TapKind() {}

    /** Makes the device of {@code grant} in the network namespace of the calling thread, in front of {@code device}. */
    public static Made make(TapGrant grant, Device device) throws IOException {
        try (Closer closer = new Closer()) {
            List<Fd> queues = new ArrayList<>();
            for (int i = 0; i < grant.count(); i++) {
                Fd queue =
                        closer.add(Fd.owned(LIBC.open("/dev/net/tun", O_RDWR_CLOEXEC_NONBLOCK), "open(/dev/net/tun)"));
                queues.add(queue);
                int flags = IFF_TAP_MULTI_QUEUE_NO_PI | (grant.offloads() ? IFF_VNET_HDR : 0);
                ByteBuffer request = Native.allocate(40)
                        .put(0, NAME.getBytes(StandardCharsets.US_ASCII))
                        .putShort(IFREQ_FLAGS, (short) flags);
                Native.check(LIBC.ioctl(queue.number(), TUNSETIFF, request), "ioctl(TUNSETIFF)");
            }
            int tap = queues.get(0).number();
            if (grant.offloads() && LIBC.ioctl(tap, TUNSETOFFLOAD, OFFLOADS | USO) == -1) {
                Native.check(LIBC.ioctl(tap, TUNSETOFFLOAD, OFFLOADS), "ioctl(TUNSETOFFLOAD)");
            }
            Rtnetlink netlink = Rtnetlink.open();
            closer.add(netlink::close);
            int ifindex = LIBC.if_nametoindex(NAME);
            closer.add(() -> delete(netlink, ifindex));
            netlink.mtu(ifindex, device.mtu());
            redirect(netlink, grant.program(), ifindex, device.ifindex());
            redirect(netlink, grant.program(), device.ifindex(), ifindex);
            netlink.up(ifindex, true);
            return new Made(queues, grant::describe, () -> {}, closer.release()); // the jail's gate is the only one
        }
    }

    /** The holder's descriptors keep the device otherwise, and the namespace with it. */
    private static void delete(Rtnetlink netlink, int ifindex) {
        try {
            netlink.delete(ifindex);
        } catch (IOException e) {
            LOG.error("a tap device is not gone, but its jail is shut: {}", e.getMessage());
        }
    }

    private static void redirect(Rtnetlink netlink, Program passOn, int from, int to) throws IOException {
        try (BpfProgram program =
                BpfProgram.load(ProgramType.SCHED_CLS, "sluice_tap", passOn, Map.of(Symbol.IFINDEX, to))) {
            netlink.police(from, true, program.fd(), "sluice-tap");
        }
    }
}
