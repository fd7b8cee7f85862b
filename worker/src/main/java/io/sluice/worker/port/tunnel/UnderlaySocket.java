package io.sluice.worker.port.tunnel;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.codec.Protocol;
import java.nio.ByteBuffer;

/** Opens and sets up the sockets of underlays. Cold. */
final class UnderlaySocket {
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_IP = 0;
    private static final int SOL_SOCKET = 1;
    private static final int SOL_UDP = 17;
    private static final int SOL_IPV6 = 41;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_PEERNAME = 28;
    private static final int SO_DOMAIN = 39;
    private static final int SO_MEMINFO = 55;
    private static final int MEMINFO_DROPS = 8;
    private static final int IP_MTU_DISCOVER = 10;
    private static final int IPV6_MTU_DISCOVER = 23;
    private static final int IPV6_V6ONLY = 26;
    private static final int PMTUDISC_WANT = 1;
    private static final int PMTUDISC_DO = 2;
    private static final int UDP_SEGMENT = 103;
    private static final int UDP_GRO = 104;

    /** Bytes that we ask for; the kernel gives what its limits allow (net.core.rmem_max, wmem_max). */
    private static final int BUFFER = 4 << 20;

    private UnderlaySocket() {}

    /** A bound, unconnected socket. Over UDP it needs no privilege, for raw IP it needs CAP_NET_RAW. */
    static Fd open(Protocol protocol, Endpoint local) throws SyscallException {
        String what = protocol + ", " + local;
        int type = (protocol.isUdp() ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC;
        Fd socket = Fd.owned(LIBC.socket(local.family(), type, protocol.ipProtocol()), "socket(" + what + ")");
        try {
            if (protocol.isUdp() && !local.isIpv4()) {
                Native.check(set(socket, SOL_IPV6, IPV6_V6ONLY, 1), "setsockopt(IPV6_V6ONLY)");
            }
            Native.check(LIBC.bind(socket.number(), local.sockaddr(), local.sockaddrLength()), "bind(" + what + ")");
            return socket;
        } catch (SyscallException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Has the kernel keep more than its default of 212,992 bytes, which fewer than a hundred frames of 1500 bytes fill: two
     * superframes. Sockets of a lease need it as well, whoever made them.
     */
    static void buffers(Fd socket) {
        set(socket, SOL_SOCKET, SO_RCVBUF, BUFFER);
        set(socket, SOL_SOCKET, SO_SNDBUF, BUFFER);
    }

    /** AF_INET or AF_INET6. */
    static int family(Fd socket) throws SyscallException {
        ByteBuffer value = Native.allocate(4);
        ByteBuffer length = Native.allocate(4).putInt(0, 4);
        Native.check(LIBC.getsockopt(socket.number(), SOL_SOCKET, SO_DOMAIN, value, length), "getsockopt(SO_DOMAIN)");
        int family = value.getInt(0);
        if (family != Endpoint.AF_INET && family != Endpoint.AF_INET6) {
            throw new IllegalArgumentException("an underlay is an IPv4 or IPv6 socket, not one of family " + family);
        }
        return family;
    }

    /** Whether it sends to one peer only. */
    static boolean isConnected(Fd socket) {
        ByteBuffer name = Native.allocate(Endpoint.SOCKADDR);
        ByteBuffer length = Native.allocate(4).putInt(0, Endpoint.SOCKADDR);
        return LIBC.getsockopt(socket.number(), SOL_SOCKET, SO_PEERNAME, name, length) == 0;
    }

    /** Whether what exceeds the path's MTU fails instead of being fragmented here. */
    static void dontFragment(Fd socket, int family, boolean on) {
        int value = on ? PMTUDISC_DO : PMTUDISC_WANT;
        if (family == Endpoint.AF_INET) {
            set(socket, SOL_IP, IP_MTU_DISCOVER, value);
        } else {
            set(socket, SOL_IPV6, IPV6_MTU_DISCOVER, value);
        }
    }

    /** Has the kernel join datagrams of a flow; false if it can't. */
    static boolean join(Fd socket) {
        return set(socket, SOL_UDP, UDP_GRO, 1) == 0;
    }

    /** Whether the kernel cuts datagrams. */
    static boolean canCut(Fd socket) {
        return set(socket, SOL_UDP, UDP_SEGMENT, 0) == 0;
    }

    /** Packets that found no room in the socket, modulo 2^32. */
    static long drops(Fd socket) {
        ByteBuffer value = Native.allocate(4 * (MEMINFO_DROPS + 1));
        ByteBuffer length = Native.allocate(4).putInt(0, value.capacity());
        int got = socket.isClosed() ? -1 : LIBC.getsockopt(socket.number(), SOL_SOCKET, SO_MEMINFO, value, length);
        return got == 0 ? value.getInt(4 * MEMINFO_DROPS) & 0xffffffffL : 0;
    }

    private static int set(Fd socket, int level, int option, int value) {
        return LIBC.setsockopt(
                socket.number(), level, option, Native.allocate(4).putInt(0, value), 4);
    }
}
