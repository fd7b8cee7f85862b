package io.sluice.worker.lab;

import static io.sluice.worker.lab.Sockets.SOL_SOCKET;
import static io.sluice.worker.lab.Sockets.set;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.xdp.XdpPort;
import io.sluice.worker.sys.WorkerCalls;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import jnr.constants.platform.Errno;

/**
 * The broker's part for AF_XDP: a program on a device that sends each queue's frames to the socket of that queue, and
 * sockets whose UMEM is a frame pool. Made in the calling thread's network namespace.
 */
public final class XdpDevice implements AutoCloseable {
    /** Entries of all rings. */
    public static final int RING = 512;

    private static final int AF_XDP = 44;
    private static final int SOL_XDP = 283;
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    private static final long BPF = System.getProperty("os.arch").equals("amd64") ? 321 : 280;
    private static final int LINK_DETACH = 34;
    private static final int BPF_ATTRIBUTES = 128;
    private static final int MAP_CREATE = 0;
    private static final int MAP_UPDATE = 2;
    private static final int PROG_LOAD = 5;
    private static final int LINK_CREATE = 28;
    private static final int BIND_TRIES = 200;

    private final int ifindex;
    private final Fd map;
    private final Fd link;

    private XdpDevice(int ifindex, Fd map, Fd link) {
        this.ifindex = ifindex;
        this.map = map;
        this.link = link;
    }

    /** Attaches to {@code device}, in the driver or (skb) in the stack. */
    public static XdpDevice attach(String device, boolean skb) throws SyscallException {
        int ifindex = LabCalls.LIBC.if_nametoindex(device);
        try (Closer closer = new Closer()) {
            ByteBuffer create =
                    attributes().putInt(0, 17).putInt(4, 4).putInt(8, 4).putInt(12, 2);
            Fd map = closer.add(bpf(MAP_CREATE, create, "XSKMAP"));
            try (Fd program = load(map)) {
                ByteBuffer attach = attributes()
                        .putInt(0, program.number())
                        .putInt(4, ifindex)
                        .putInt(8, 37) // BPF_XDP
                        .putInt(12, skb ? 2 : 4);
                Fd link = closer.add(bpf(LINK_CREATE, attach, device));
                closer.release();
                return new XdpDevice(ifindex, map, link);
            }
        }
    }

    /** r2 = ctx.rx_queue_index; r1 = map; r3 = XDP_PASS; return bpf_redirect_map(r1, r2, r3). */
    private static Fd load(Fd map) throws SyscallException {
        ByteBuffer code = Native.allocate(6 * 8);
        code.put((byte) 0x61).put((byte) 0x12).putShort((short) 16).putInt(0);
        code.put((byte) 0x18).put((byte) 0x11).putShort((short) 0).putInt(map.number());
        code.putLong(0);
        code.put((byte) 0xb7).put((byte) 0x03).putShort((short) 0).putInt(2);
        code.put((byte) 0x85).put((byte) 0x00).putShort((short) 0).putInt(51);
        code.put((byte) 0x95).put((byte) 0x00).putShort((short) 0).putInt(0);
        ByteBuffer licence = Native.allocate(16).put(0, "Apache-2.0".getBytes(StandardCharsets.US_ASCII));
        ByteBuffer load = attributes()
                .putInt(0, 6) // BPF_PROG_TYPE_XDP
                .putInt(4, 6)
                .putLong(8, Native.address(code))
                .putLong(16, Native.address(licence))
                .putInt(44, 32); // BPF_F_XDP_HAS_FRAGS
        try {
            return bpf(PROG_LOAD, load, "xdp");
        } finally {
            Reference.reachabilityFence(code);
            Reference.reachabilityFence(licence);
        }
    }

    /**
     * A bound socket on {@code queue}, which receives from now on.
     *
     * @param pool becomes the UMEM
     * @param multiBuffer whether frames may be longer than a chunk
     */
    public XdpPort.Socket socket(int queue, FramePool pool, boolean rxOnly, boolean multiBuffer)
            throws SyscallException {
        try (Closer closer = new Closer()) {
            Fd socket = closer.add(Fd.owned(WorkerCalls.LIBC.socket(AF_XDP, SOCK_RAW_CLOEXEC, 0), "socket(AF_XDP)"));
            ByteBuffer umem = Native.allocate(32)
                    .putLong(0, pool.address())
                    .putLong(8, pool.size())
                    .putInt(16, pool.frameSize());
            set(socket, SOL_XDP, 4, umem);
            set(socket, SOL_XDP, 5, RING);
            set(socket, SOL_XDP, 6, RING);
            set(socket, SOL_XDP, 2, RING);
            if (!rxOnly) {
                set(socket, SOL_XDP, 3, RING);
            }
            bind(socket, queue, multiBuffer);
            direct(queue, socket);
            closer.release();
            return new XdpPort.Socket(socket, RING, rxOnly ? 0 : RING, RING, RING);
        }
    }

    private void direct(int queue, Fd socket) throws SyscallException {
        ByteBuffer key = Native.allocate(4).putInt(0, queue);
        ByteBuffer value = Native.allocate(4).putInt(0, socket.number());
        ByteBuffer update = attributes()
                .putInt(0, map.number())
                .putLong(8, Native.address(key))
                .putLong(16, Native.address(value));
        try {
            Native.check((int) WorkerCalls.LIBC.syscall(BPF, MAP_UPDATE, update, BPF_ATTRIBUTES), "bpf(MAP_UPDATE)");
        } finally {
            Reference.reachabilityFence(key);
            Reference.reachabilityFence(value);
        }
    }

    /** Busy polling, as the broker sets it: receive work then happens in the port's own calls. */
    public static void busyPoll(Fd socket) throws SyscallException {
        set(socket, SOL_SOCKET, 69, 1);
        set(socket, SOL_SOCKET, 46, 20);
        set(socket, SOL_SOCKET, 70, 64);
    }

    /** sockaddr_xdp with need-wakeup and, for long frames, XDP_USE_SG. The queue of a socket that was just closed is busy for some milliseconds. */
    private void bind(Fd socket, int queue, boolean multiBuffer) throws SyscallException {
        ByteBuffer address = Native.allocate(16)
                .putShort(0, (short) AF_XDP)
                .putShort(2, (short) (multiBuffer ? 8 | 16 : 8))
                .putInt(4, ifindex)
                .putInt(8, queue);
        for (int tries = 1; LabCalls.LIBC.bind(socket.number(), address, 16) != 0; tries++) {
            if (!Native.failedWith(Errno.EBUSY) || tries == BIND_TRIES) {
                throw new SyscallException("bind(AF_XDP)", Native.errno());
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static ByteBuffer attributes() {
        return Native.allocate(BPF_ATTRIBUTES);
    }

    private static Fd bpf(int command, ByteBuffer attributes, String what) throws SyscallException {
        return Fd.owned(
                (int) WorkerCalls.LIBC.syscall(BPF, command, attributes, BPF_ATTRIBUTES),
                "bpf(" + command + ", " + what + ")");
    }

    /** Detaches at once, which closing the link's last descriptor alone does not promise. */
    @Override
    public void close() {
        WorkerCalls.LIBC.syscall(BPF, LINK_DETACH, attributes().putInt(0, link.number()), BPF_ATTRIBUTES);
        link.close();
        map.close();
    }
}
