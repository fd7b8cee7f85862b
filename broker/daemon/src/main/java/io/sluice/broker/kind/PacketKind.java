package io.sluice.broker.kind;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.bpf.BpfMap;
import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.bpf.ProgramType;
import io.sluice.broker.policy.PacketOrder;
import io.sluice.broker.policy.Program;
import io.sluice.broker.sys.Device;
import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jnr.ffi.Pointer;

/**
 * AF_PACKET sockets on one device (packet(7)). Made in the order of least exposure: protocol 0 receives nothing; the
 * filter, which drops everything until the lease is active and everything of other devices for ever, is locked before the
 * bind; the fanout group then pins the binding (re-bind: EINVAL). What the filter can't stop is sending: an unconfined
 * packet socket sends through every device of its network namespace, which is why policy has to say so.
 */
public final class PacketKind {
    private static final int ETH_P_ALL = 3;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_ADD_MEMBERSHIP = 1;
    private static final int PACKET_RX_RING = 5;
    private static final int PACKET_VERSION = 10;
    private static final int PACKET_TX_RING = 13;
    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_FANOUT = 18;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    private static final int PACKET_MR_PROMISC = 1;
    private static final int FANOUT_FLAG_UNIQUEID = 0x2000;
    private static final int FANOUT_FLAG_IGNORE_OUTGOING = 0x4000; // a group does not heed what its sockets have set
    private static final int TPACKET_V2 = 1;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;

    private PacketKind() {}

    /** Makes the sockets of {@code order} on {@code device}. */
    public static Made make(PacketOrder order, Device device) throws IOException {
        try (Closer closer = new Closer()) {
            BpfMap active = BpfMap.gate("sluice_active");
            closer.add(active::close);
            List<Fd> sockets = new ArrayList<>();
            try (BpfProgram filter = filter("sluice_packet", order.program(), active, device)) {
                int group = 0;
                for (int i = 0; i < order.sockets(); i++) {
                    sockets.add(open(order, PACKET_RX_RING, ETH_P_ALL, filter, device, closer));
                    group = joinFanout(sockets.get(i), order, group);
                }
                for (int i = 0; i < order.senders(); i++) {
                    sockets.add(open(order, PACKET_TX_RING, 0, filter, device, closer));
                }
            }
            if (order.promiscuous()) {
                promiscuous(sockets.get(0), device);
            }
            closer.add(active::shut);
            return new Made(sockets, order::describe, active::open, closer.release());
        }
    }

    /** The filter of a socket, which lets pass what arrives on the device while {@code active} holds 1. */
    static BpfProgram filter(String name, Program program, BpfMap active, Device device) throws IOException {
        return BpfProgram.load(
                ProgramType.SOCKET_FILTER,
                name,
                program,
                Map.of(Symbol.GATE, active.fd().number(), Symbol.IFINDEX, device.ifindex()));
    }

    private static Fd open(PacketOrder order, int ring, int protocol, BpfProgram filter, Device device, Closer closer)
            throws SyscallException {
        Fd socket = closer.add(Sockets.open(Sockets.AF_PACKET, Sockets.SOCK_RAW, 0, "AF_PACKET"));
        prepare(socket, order, ring, closer);
        Sockets.lockFilter(socket, filter.fd());
        Sockets.bindPacket(socket, protocol, device.ifindex(), device.name());
        return socket;
    }

    private static void prepare(Fd socket, PacketOrder order, int ring, Closer closer) throws SyscallException {
        if (ring == PACKET_RX_RING) {
            Sockets.set(socket, Sockets.SOL_SOCKET, Sockets.SO_RCVBUFFORCE, order.bufferBytes(), "SO_RCVBUFFORCE");
        }
        Sockets.set(socket, Sockets.SOL_SOCKET, Sockets.SO_SNDBUFFORCE, order.bufferBytes(), "SO_SNDBUFFORCE");
        Sockets.set(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
        if (order.vnetHeader()) {
            Sockets.set(socket, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
        }
        if (order.ringFrames() > 0) {
            Sockets.set(socket, SOL_PACKET, PACKET_VERSION, TPACKET_V2, "PACKET_VERSION");
            Sockets.set(socket, SOL_PACKET, ring, ringRequest(order), "PACKET_RX_RING or PACKET_TX_RING");
            pinRing(socket, order, closer);
        }
    }

    private static ByteBuffer ringRequest(PacketOrder order) {
        return Native.allocate(16)
                .putInt(0, PacketOrder.RING_BLOCK_BYTES)
                .putInt(4, order.ringBlocks())
                .putInt(8, PacketOrder.RING_FRAME_BYTES)
                .putInt(12, order.ringEntries());
    }

    /** While the broker has the ring mapped nobody can change it or add one: a tenant's 1 GiB ring gets EBUSY. */
    private static void pinRing(Fd socket, PacketOrder order, Closer closer) throws SyscallException {
        long size = (long) order.ringBlocks() * PacketOrder.RING_BLOCK_BYTES;
        Pointer at = LIBC.mmap(null, size, PROT_READ_WRITE, MAP_SHARED, socket.number(), 0);
        Native.check(at.address(), "mmap(packet ring)");
        closer.add(() -> LIBC.munmap(at, size));
    }

    /** fanout_args {id u16, type_flags u16, max_num_members u32}; the first member asks for an unused id. */
    private static int joinFanout(Fd socket, PacketOrder order, int group) throws SyscallException {
        int flags = FANOUT_FLAG_IGNORE_OUTGOING | (group == 0 ? FANOUT_FLAG_UNIQUEID : 0);
        ByteBuffer arguments = Native.allocate(8)
                .putShort(0, (short) group)
                .putShort(2, (short) (order.fanout().value() | flags))
                .putInt(4, order.sockets());
        Sockets.set(socket, SOL_PACKET, PACKET_FANOUT, arguments, "PACKET_FANOUT");
        return group != 0 ? group : Sockets.get(socket, SOL_PACKET, PACKET_FANOUT, "PACKET_FANOUT") & 0xffff;
    }

    private static void promiscuous(Fd socket, Device device) throws SyscallException {
        ByteBuffer membership = Native.allocate(16).putInt(0, device.ifindex()).putShort(4, (short) PACKET_MR_PROMISC);
        Sockets.set(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership, "PACKET_MR_PROMISC");
    }
}
