package io.sluice.worker.port.tap;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Errno;

/** What can be done with /dev/net/tun without privilege: opening a device of one's own, and telling what one can take. */
public final class TapDevice {
    private static final String CLONE_DEVICE = "/dev/net/tun";
    private static final int O_RDWR_CLOEXEC_NONBLOCK = 2 | 0x80000 | 0x800;
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNGETIFF = 0x800454d2L;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final long TUNSETVNETHDRSZ = 0x400454d8L;
    private static final long TUNATTACHFILTER = 0x401054d5L;
    private static final long SIOCGIFMTU = 0x8921;
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    private static final int IFF_TAP = 2;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    private static final int IFF_MULTI_QUEUE = 0x100;

    /** struct ifreq: name, 16 bytes; flags u16. */
    private static final int IFREQ = 40;

    private static final int FLAGS = 16;
    private static final int LONGEST_NAME = 15;

    /** Most queues of a device (drivers/net/tun.c). */
    private static final int MOST_QUEUES = 256;

    /** What a reader takes, from the most to the least; each set is one that some kernel takes. */
    private static final List<Offloads> OFFLOADS = List.of(
            new Offloads(0x6f, List.of("tx-csum", "tso4", "tso6", "tso-ecn", "uso")), // from Linux 6.2 on
            new Offloads(0x0f, List.of("tx-csum", "tso4", "tso6", "tso-ecn")),
            new Offloads(0x07, List.of("tx-csum", "tso4", "tso6")),
            new Offloads(0x01, List.of("tx-csum")));

    private record Offloads(int bits, List<String> names) {}

    private TapDevice() {}

    /**
     * Opens queues of a tap device in this thread's network namespace: one that is there and belongs to this user, or a new
     * one, which takes CAP_NET_ADMIN.
     *
     * @param vnet bytes of virtio_net_hdr before each frame: 0 or 10
     * @throws IOException it is not there and may not be made, or belongs to somebody else, or has other flags
     */
    public static List<Fd> open(String name, int queues, int vnet) throws IOException {
        if (name.isEmpty() || name.length() > LONGEST_NAME || queues < 1 || queues > MOST_QUEUES) {
            throw new IllegalArgumentException("tap device \"" + name + "\" with " + queues + " queues: a name of 1 to "
                    + LONGEST_NAME + " characters and 1 to " + MOST_QUEUES + " queues are expected");
        }
        try (Closer closer = new Closer()) {
            List<Fd> fds = new ArrayList<>();
            for (int i = 0; i < queues; i++) {
                Fd fd = closer.add(unattached());
                attach(fd, name, queues, vnet);
                fds.add(fd);
            }
            closer.release();
            return fds;
        }
    }

    private static Fd unattached() throws IOException {
        try {
            return Fd.owned(LIBC.open(CLONE_DEVICE, O_RDWR_CLOEXEC_NONBLOCK), "open(" + CLONE_DEVICE + ")");
        } catch (SyscallException e) {
            if (e.is(Errno.EACCES)) {
                throw new IOException(
                        e.getMessage() + "; udev lets everybody open it, else: chmod 0666 " + CLONE_DEVICE, e);
            }
            throw e;
        }
    }

    private static void attach(Fd fd, String name, int queues, int vnet) throws IOException {
        int flags = IFF_TAP | IFF_NO_PI | (vnet > 0 ? IFF_VNET_HDR : 0) | (queues > 1 ? IFF_MULTI_QUEUE : 0);
        if (setInterface(fd, name, flags) == 0) {
            return;
        }
        int errno = Native.errno();
        // A device with several queues has to be asked for as one, even for one of them.
        if (queues == 1 && errno == Errno.EINVAL.intValue() && setInterface(fd, name, flags | IFF_MULTI_QUEUE) == 0) {
            return;
        }
        throw new IOException(new SyscallException("tap device " + name, errno).getMessage()
                + "; make it, or make it again, with: ip tuntap add dev " + name + " mode tap user "
                + LIBC.geteuid() + (queues > 1 ? " multi_queue" : "") + (vnet > 0 ? " vnet_hdr" : ""));
    }

    private static int setInterface(Fd fd, String name, int flags) {
        ByteBuffer request = Native.allocate(IFREQ).put(0, name.getBytes(StandardCharsets.US_ASCII));
        return LIBC.ioctl(fd.number(), TUNSETIFF, request.putShort(FLAGS, (short) flags));
    }

    /**
     * Makes sure that {@code fd} is a queue of a tap device with this header, and that reading it never blocks.
     *
     * @throws IllegalArgumentException it is not
     */
    static void prepare(Fd fd, int vnet) throws SyscallException {
        ByteBuffer request = Native.allocate(IFREQ);
        int flags = LIBC.ioctl(fd.number(), TUNGETIFF, request) == 0 ? request.getShort(FLAGS) : 0;
        if ((flags & IFF_TAP) == 0 || (flags & IFF_NO_PI) == 0) {
            throw new IllegalArgumentException("the descriptor"
                    + " is no tap device without packet information; open /dev/net/tun with IFF_TAP | IFF_NO_PI");
        }
        if (((flags & IFF_VNET_HDR) != 0) != (vnet > 0)) {
            throw new IllegalArgumentException("the tap device was opened " + (vnet > 0 ? "without" : "with")
                    + " IFF_VNET_HDR; the port has to say the same");
        }
        if (vnet > 0) {
            ByteBuffer size = Native.allocate(4).putInt(0, vnet);
            Native.check(LIBC.ioctl(fd.number(), TUNSETVNETHDRSZ, size), "ioctl(TUNSETVNETHDRSZ)");
        }
        fd.closeOnExecNonBlocking();
    }

    /**
     * What a descriptor belongs to.
     *
     * @param name of the device, in its own network namespace
     * @param vnet whether frames carry a virtio_net_hdr
     */
    public record Attached(String name, boolean vnet) {}

    /**
     * The device of a queue that was opened elsewhere.
     *
     * @throws IllegalArgumentException it is no queue of a device
     */
    public static Attached attached(Fd fd) {
        ByteBuffer request = Native.allocate(IFREQ);
        if (LIBC.ioctl(fd.number(), TUNGETIFF, request) == -1) {
            throw new IllegalArgumentException("the descriptor is neither a socket nor a tap device");
        }
        int end = 0;
        while (end < LONGEST_NAME && request.get(end) != 0) {
            end++;
        }
        byte[] name = new byte[end];
        request.get(0, name);
        return new Attached(new String(name, StandardCharsets.US_ASCII), (request.getShort(FLAGS) & IFF_VNET_HDR) != 0);
    }

    /**
     * MTU of a device in this thread's network namespace.
     *
     * @throws IOException there is no such device
     */
    public static int mtu(String name) throws IOException {
        ByteBuffer request = Native.allocate(IFREQ).put(0, name.getBytes(StandardCharsets.US_ASCII));
        try (Fd any = Fd.owned(LIBC.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0), "socket(AF_UNIX)")) {
            if (LIBC.ioctl(any.number(), SIOCGIFMTU, request) == -1) {
                throw new IOException(new SyscallException("tap device " + name, Native.errno()).getMessage()
                        + "; make it with: ip tuntap add dev " + name + " mode tap user " + LIBC.geteuid());
            }
            return request.getInt(FLAGS);
        }
    }

    /**
     * Tells the host whether it may leave checksums and segmentation to us: only with a vnet header, whoever had the device
     * before.
     *
     * @return what it will, in ethtool's words
     */
    static List<String> offload(Fd fd, int vnet) {
        if (vnet == 0) {
            LIBC.ioctl(fd.number(), TUNSETOFFLOAD, 0L);
            return List.of();
        }
        for (Offloads offloads : OFFLOADS) {
            if (LIBC.ioctl(fd.number(), TUNSETOFFLOAD, (long) offloads.bits()) == 0) {
                return offloads.names();
            }
        }
        return List.of();
    }

    /** Keeps the device's own queues empty, for a port that reads elsewhere. */
    static void deafen(Fd fd) throws SyscallException {
        SocketFilter.dropAll(
                filter -> Native.check(LIBC.ioctl(fd.number(), TUNATTACHFILTER, filter), "ioctl(TUNATTACHFILTER)"));
    }
}
