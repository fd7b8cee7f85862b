package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.lab.LabCalls;
import io.sluice.worker.lab.SelfServed;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.sys.WorkerCalls;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;

/** Underlays and plain sockets that face each other over loopback, and what goes between them. */
final class Ends implements AutoCloseable {
    static final int FRAMES = 8192;
    static final int LARGE = 64;

    private static final int POLLIN = 1;
    private static final int PATIENCE_MS = 5_000;

    final FramePool pool;
    private final Deque<Runnable> open = new ArrayDeque<>();
    private final Vector vector = new Vector();

    Ends() throws Exception {
        pool = Pools.of(2048, FRAMES, LARGE);
        open.push(pool::close);
    }

    /** 127.0.0.x, or 127.0.0.1 with another port. */
    static Endpoint at(int host, int port) throws Exception {
        return new Endpoint(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) host}), port);
    }

    Underlay underlay(Protocol protocol, Endpoint local, Underlay.Settings settings) throws Exception {
        return keep(Underlay.open(protocol, local, settings, pool));
    }

    Underlay keep(Underlay underlay) {
        open.push(underlay::close);
        return underlay;
    }

    Port port(Underlay underlay, Encapsulation encapsulation, Endpoint peer) {
        return port(underlay, encapsulation, peer, 1500);
    }

    Port port(Underlay underlay, Encapsulation encapsulation, Endpoint peer, int mtu) {
        return SelfServed.of(unserved(underlay, encapsulation, peer, mtu));
    }

    /** A port whose socket the test serves, and whose queue nobody waits for. */
    Port unserved(Underlay underlay, Encapsulation encapsulation, Endpoint peer) {
        return unserved(underlay, encapsulation, peer, 1500);
    }

    private Port unserved(Underlay underlay, Encapsulation encapsulation, Endpoint peer, int mtu) {
        PortInfo info = new PortInfo("t", "tunnel", "", 0, "", 0, mtu, "", Vector.CAPACITY, List.of());
        Port port = TunnelPort.open(info, underlay, new TunnelSpec(encapsulation, peer));
        open.push(() -> port.queues().forEach(PortQueue::close));
        return port;
    }

    /** A plain UDP socket. */
    Fd socket(Endpoint local) throws Exception {
        Fd socket = Fd.owned(WorkerCalls.LIBC.socket(Endpoint.AF_INET, 2 | 0x80000, 0), "socket");
        open.push(socket::close);
        Native.check(LabCalls.LIBC.bind(socket.number(), local.sockaddr(), 16), "bind");
        return socket;
    }

    /** Sends a datagram of {@code header} in hex and {@code frame}, which is there when this returns. */
    static void send(Fd socket, Endpoint to, String header, byte[] frame) throws Exception {
        byte[] start = HexFormat.of().parseHex(header.replace(" ", ""));
        ByteBuffer data = Native.allocate(start.length + frame.length);
        data.put(0, start).put(start.length, frame);
        Native.check(LabCalls.LIBC.connect(socket.number(), to.sockaddr(), 16), "connect");
        Native.check(LabCalls.LIBC.send(socket.number(), data, data.capacity(), 0), "send");
    }

    /** Polls once and takes the frames out. */
    List<byte[]> poll(Port port) {
        List<byte[]> frames = new ArrayList<>();
        port.queues().get(0).poll(vector, Vector.CAPACITY);
        for (int k = 0; k < vector.count; k++) {
            byte[] frame = new byte[vector.length[k]];
            pool.bytes().get(vector.offset[k], frame);
            frames.add(frame);
        }
        pool.giveAll(vector);
        return frames;
    }

    /** Polls until {@code count} frames have come. */
    List<byte[]> receive(Port port, int count) {
        List<byte[]> frames = new ArrayList<>();
        while (frames.size() < count) {
            List<byte[]> more = poll(port);
            frames.addAll(more);
            if (more.isEmpty() && !readable(port.queues().get(0).fd())) {
                throw new AssertionError(frames.size() + " of " + count + " frames arrived");
            }
        }
        return frames;
    }

    private static boolean readable(Fd fd) {
        ByteBuffer set = Native.allocate(8).putInt(0, fd.number()).putShort(4, (short) POLLIN);
        return LabCalls.LIBC.poll(set, 1, PATIENCE_MS) > 0;
    }

    /** Sends frames, with a vnet header if there is one, and flushes. */
    void send(Port port, byte[] vnetHeader, byte[]... frames) {
        PortQueue queue = port.queues().get(0);
        enqueue(port, vnetHeader, frames);
        while (queue.queued() > 0) {
            queue.flush();
        }
    }

    /** Sends frames without a flush. */
    void enqueue(Port port, byte[] vnetHeader, byte[]... frames) {
        PortQueue queue = port.queues().get(0);
        for (byte[] frame : frames) {
            int at = (frame.length > pool.room() ? pool.takeLarge() : pool.take()) + FramePool.HEADROOM;
            pool.bytes().put(at, frame);
            if (vnetHeader != null) {
                pool.bytes().put(at - vnetHeader.length, vnetHeader);
            }
            vector.add(at, frame.length, vnetHeader == null ? 0 : Vector.VNET);
            if (vector.count == Vector.CAPACITY) {
                queue.send(vector);
            }
        }
        queue.send(vector);
    }

    /** The UDP port that a socket is bound to. */
    static int portOf(Fd socket) throws Exception {
        ByteBuffer address = Native.allocate(28);
        Native.check(
                LabCalls.LIBC.getsockname(
                        socket.number(), address, Native.allocate(4).putInt(0, 28)),
                "getsockname");
        return address.order(ByteOrder.BIG_ENDIAN).getShort(2) & 0xffff;
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            open.pop().run();
        }
    }
}
