package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.port.line.HostPort;
import io.sluice.worker.sys.WorkerCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** The broker's part for packet sockets, in the calling thread's network namespace. Numbers are those of the uapi headers. */
public final class Sockets {
    static final int AF_PACKET = 17;
    private static final int ETH_P_ALL = 3;
    static final int SOL_SOCKET = 1;
    static final int SOL_PACKET = 263;
    static final int PACKET_AUXDATA = 8;
    static final int RING_FRAME = 2048;
    private static final int TPACKET_V2 = 1;
    private static final int PACKET_RX_RING = 5;
    private static final int PACKET_VERSION = 10;
    private static final int PACKET_TX_RING = 13;
    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_FANOUT = 18;
    private static final int FANOUT_IGNORE_OUTGOING = 0x4000;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    private static final int SO_TYPE = 3;
    private static final int BUFFER = 64 << 20;

    private Sockets() {}

    /**
     * A packet socket on {@code device} that receives everything, with roomy buffers.
     *
     * @param group of a fanout by flow hash; 0: none
     */
    public static Fd packet(String device, PortKind kind, int group) throws SyscallException {
        Fd socket = open(device, kind, PACKET_RX_RING, ETH_P_ALL);
        if (group != 0) {
            set(socket, SOL_PACKET, PACKET_FANOUT, group | FANOUT_IGNORE_OUTGOING << 16);
        }
        return socket;
    }

    /** A packet socket on {@code device} that sends through a ring, and receives nothing. */
    static Fd sender(String device, PortKind kind) throws SyscallException {
        return open(device, kind, PACKET_TX_RING, 0);
    }

    private static Fd open(String device, PortKind kind, int ring, int protocol) throws SyscallException {
        int ifindex = LabCalls.LIBC.if_nametoindex(device);
        Fd socket = Fd.owned(WorkerCalls.LIBC.socket(AF_PACKET, SOCK_RAW_CLOEXEC, 0), "socket(AF_PACKET)");
        try {
            set(socket, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
            set(socket, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER);
            set(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
            set(socket, SOL_PACKET, PACKET_VNET_HDR, kind.offloads() ? 1 : 0);
            if (kind.ringFrames() > 0) {
                set(socket, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
                ByteBuffer request = Native.allocate(16) // tpacket_req {block_size, block_nr, frame_size, frame_nr}
                        .putInt(0, RING_FRAME * 32)
                        .putInt(4, kind.ringFrames() / 32)
                        .putInt(8, RING_FRAME)
                        .putInt(12, kind.ringFrames());
                set(socket, SOL_PACKET, ring, request);
            }
            ByteBuffer address = Native.allocate(20).putShort(0, (short) AF_PACKET);
            address.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) protocol).order(ByteOrder.nativeOrder());
            address.putInt(4, ifindex);
            Native.check(LabCalls.LIBC.bind(socket.number(), address, 20), "bind(AF_PACKET, " + device + ")");
            return socket;
        } catch (SyscallException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Two joined unix sockets with roomy buffers.
     *
     * @param type 1 stream, 2 datagram, 5 seqpacket
     */
    public static List<Fd> pair(int type) throws SyscallException {
        List<Fd> pair = plainPair(type);
        for (Fd end : pair) {
            set(end, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER);
        }
        return pair;
    }

    /** The same with buffers as they are. */
    public static List<Fd> plainPair(int type) throws SyscallException {
        ByteBuffer numbers = Native.allocate(8);
        Native.check(LabCalls.LIBC.socketpair(1, type | 0x80000, 0, numbers), "socketpair");
        return List.of(Fd.owned(numbers.getInt(0), "socketpair"), Fd.owned(numbers.getInt(4), "socketpair"));
    }

    /** A UDP socket bound to {@code local}. */
    public static Fd udp(HostPort local) throws IOException {
        ByteBuffer address = local.encode();
        Fd socket = Fd.owned(WorkerCalls.LIBC.socket(address.getShort(0), 2 | 0x80000, 0), "socket");
        Native.check(LabCalls.LIBC.bind(socket.number(), address, address.capacity()), "bind(" + local + ")");
        return socket;
    }

    /** The port that an IPv4 socket is bound to. */
    public static int port(Fd socket) throws SyscallException {
        ByteBuffer address = Native.allocate(16);
        Native.check(
                LabCalls.LIBC.getsockname(
                        socket.number(), address, Native.allocate(4).putInt(0, 16)),
                "getsockname");
        return address.order(ByteOrder.BIG_ENDIAN).getShort(2) & 0xffff;
    }

    /** Connects a socket. */
    public static void connect(Fd socket, HostPort remote) throws IOException {
        ByteBuffer address = remote.encode();
        Native.check(LabCalls.LIBC.connect(socket.number(), address, address.capacity()), "connect(" + remote + ")");
    }

    /** Shrinks the send buffer to about {@code bytes}, so that the kernel soon has no room. */
    public static void sendBuffer(Fd socket, int bytes) throws SyscallException {
        set(socket, SOL_SOCKET, 7, bytes);
    }

    /** Whether a socket is a stream. */
    public static boolean isStream(Fd socket) {
        ByteBuffer type = Native.allocate(4);
        WorkerCalls.LIBC.getsockopt(
                socket.number(), SOL_SOCKET, SO_TYPE, type, Native.allocate(4).putInt(0, 4));
        return type.getInt(0) == 1;
    }

    /** Shrinks the receive buffer to {@code bytes}, so that it can be seen to overflow. */
    public static void receiveBuffer(Fd socket, int bytes) throws SyscallException {
        set(socket, SOL_SOCKET, SO_RCVBUFFORCE, bytes);
    }

    /** Sets an int option. */
    static void set(Fd socket, int level, int option, int value) throws SyscallException {
        set(socket, level, option, Native.allocate(4).putInt(0, value));
    }

    /** Sets an option whose value is the whole buffer. */
    static void set(Fd socket, int level, int option, ByteBuffer value) throws SyscallException {
        Native.check(
                WorkerCalls.LIBC.setsockopt(socket.number(), level, option, value, value.capacity()),
                "setsockopt(" + level + ", " + option + ")");
    }
}
