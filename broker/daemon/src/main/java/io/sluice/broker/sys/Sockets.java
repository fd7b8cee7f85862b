package io.sluice.broker.sys;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Sockets and their options, with errors that name both. Numbers are those of the kernel's uapi headers. */
public final class Sockets {
    public static final int AF_INET = 2;
    public static final int AF_PACKET = 17;
    public static final int AF_XDP = 44;
    public static final int SOCK_DGRAM = 2;
    public static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;

    public static final int SOL_SOCKET = 1;
    public static final int SO_BINDTODEVICE = 25;
    public static final int SO_SNDBUFFORCE = 32;
    public static final int SO_RCVBUFFORCE = 33;
    private static final int SO_LOCK_FILTER = 44;
    public static final int SO_BUSY_POLL = 46;
    private static final int SO_ATTACH_BPF = 50;
    public static final int SO_PREFER_BUSY_POLL = 69;
    public static final int SO_BUSY_POLL_BUDGET = 70;

    private Sockets() {}

    /** socket(2), close-on-exec. */
    public static Fd open(int family, int type, int protocol, String name) throws SyscallException {
        return Fd.owned(LIBC.socket(family, type | SOCK_CLOEXEC, protocol), "socket(" + name + ")");
    }

    /** Sets an {@code int} option. */
    public static void set(Fd socket, int level, int option, int value, String name) throws SyscallException {
        set(socket, level, option, Native.allocate(4).putInt(0, value), name);
    }

    /** Sets an option whose value is the whole buffer. */
    public static void set(Fd socket, int level, int option, ByteBuffer value, String name) throws SyscallException {
        Native.check(
                LIBC.setsockopt(socket.number(), level, option, value, value.capacity()), "setsockopt(" + name + ")");
    }

    /** Attaches a program as the socket's filter, which from then on nobody can change. */
    public static void lockFilter(Fd socket, Fd program) throws SyscallException {
        set(socket, SOL_SOCKET, SO_ATTACH_BPF, program.number(), "SO_ATTACH_BPF");
        set(socket, SOL_SOCKET, SO_LOCK_FILTER, 1, "SO_LOCK_FILTER");
    }

    /** Reads a {@code u32} option. */
    public static int get(Fd socket, int level, int option, String name) throws SyscallException {
        ByteBuffer value = Native.allocate(4);
        ByteBuffer length = Native.allocate(4).putInt(0, 4);
        Native.check(LIBC.getsockopt(socket.number(), level, option, value, length), "getsockopt(" + name + ")");
        return value.getInt(0);
    }

    /** SO_BINDTODEVICE. For AF_XDP it pins the device for ever (Linux 6.5); AF_PACKET ignores it. */
    public static void pinDevice(Fd socket, String device) throws SyscallException {
        ByteBuffer name = Native.allocate(16);
        name.put(0, device.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        set(socket, SOL_SOCKET, SO_BINDTODEVICE, name, "SO_BINDTODEVICE, " + device);
    }

    /** bind(2) to {@code sockaddr_ll} {family u16, protocol be16, ifindex i32, ...}; with protocol 0 to send alone. */
    public static void bindPacket(Fd socket, int protocol, int ifindex, String device) throws SyscallException {
        ByteBuffer address = Native.allocate(20);
        address.putShort(0, (short) AF_PACKET);
        address.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) protocol).order(ByteOrder.nativeOrder());
        address.putInt(4, ifindex);
        Native.check(LIBC.bind(socket.number(), address, 20), "bind(AF_PACKET, " + device + ")");
    }
}
