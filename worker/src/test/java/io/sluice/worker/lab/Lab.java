package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.engine.DataPath;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.line.Lookout;
import io.sluice.worker.port.message.MessagePort;
import io.sluice.worker.port.packet.PacketPort;
import io.sluice.worker.port.packet.ReceiveSlots;
import io.sluice.worker.port.stream.StreamPort;
import io.sluice.worker.port.tap.HybridPort;
import io.sluice.worker.port.tap.TapDevice;
import io.sluice.worker.port.tap.TapPort;
import io.sluice.worker.port.tunnel.TunnelPort;
import io.sluice.worker.port.tunnel.TunnelSpec;
import io.sluice.worker.port.tunnel.Underlay;
import io.sluice.worker.port.xdp.XdpPort;
import io.sluice.worker.sys.Epoll;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A namespace with cables, a frame pool, and ports on them, all driven by the test's own thread; gone on close. */
public final class Lab implements AutoCloseable {
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int LOOK_AGAIN_MS = 5;

    /** What lies before a packet that has no vnet header. */
    private static final byte[] RUBBISH = {1, 1, 90, 90, 90, 90, 90, 90, 90, 90};

    private final Deque<Closeable> open = new ArrayDeque<>();
    private final Map<Integer, ReceiveSlots> slots = new HashMap<>();
    private final Epoll epoll = new Epoll();
    private final Lookout lookout = new Lookout(epoll);
    private final Vector vector = new Vector();
    private final Map<String, Fd> ends = new HashMap<>();
    private final Map<String, String> taps = new HashMap<>();
    private final Netns netns;
    private final FramePool pool;
    private final List<FramePool> pools;
    private int group = 1;
    private TunnelCable tunnelCable;

    /** With {@code frames} frames of 2048 bytes. */
    public Lab(int frames, int largeFrames) throws Exception {
        this(frames, largeFrames, 1);
    }

    /** The same, cut for several threads; ports are opened in the first one's pool. */
    public Lab(int frames, int largeFrames, int threads) throws Exception {
        pools = Pools.cut(2048, frames, largeFrames, threads);
        pool = pools.get(0);
        pools.forEach(each -> open.push(each::close));
        open.push(epoll::close);
        netns = new Netns();
        open.push(netns::close);
    }

    /** The namespace. */
    public Netns netns() {
        return netns;
    }

    /** The pools of all threads. */
    public List<FramePool> pools() {
        return pools;
    }

    /** The pool that all ports share. */
    public FramePool pool() {
        return pool;
    }

    /** Lays a cable with as many queues as the port has: one device is for it, the other for a {@link #wire}. */
    public void cable(PortKind kind, String port, String wire, int mtu) throws Exception {
        if (kind.isTap()) {
            taps.put(wire, port);
            tap(kind, port, mtu);
        } else if (kind.hasDevice()) {
            netns.veth(port, wire, mtu, kind.queues());
        } else {
            List<Fd> pair = Sockets.pair(kind.socketType());
            ends.put(port, pair.get(0));
            ends.put(wire, pair.get(1));
            pair.forEach(end -> open.push(end::close));
        }
        if (kind.isTunnel()) {
            tunnelCable = new TunnelCable(netns, port, wire, kind.tunnel());
            open.push(tunnelCable::close);
        }
    }

    /** The namespace that a device is in: the end of a tunnel's cable is in one of its own. */
    public Netns netns(String device) {
        return tunnelCable == null ? netns : tunnelCable.netns(device);
    }

    /** Sets the device of a port up again after it was down. */
    public void up(String device) throws IOException {
        netns.up(device);
        if (tunnelCable != null) {
            tunnelCable.restore();
        }
    }

    /** Lays a cable between two ports of this kind. */
    public void join(PortKind kind, String left, String right, int mtu) throws Exception {
        if (!kind.isTap()) {
            cable(kind, left, right, mtu);
            return;
        }
        netns.ip("link add bridge0 mtu " + mtu + " type bridge");
        netns.ip("link set bridge0 up");
        for (String port : List.of(left, right)) {
            tap(kind, port, mtu);
            netns.ip("link set " + port + " master bridge0");
        }
    }

    private void tap(PortKind kind, String device, int mtu) throws Exception {
        netns.ip("tuntap add " + device + " mode tap" + (kind.queues() > 1 ? " multi_queue" : "")
                + (kind.offloads() ? " vnet_hdr" : ""));
        netns.ip("link set " + device + " mtu " + mtu + " up");
    }

    /** The far end of a cable. */
    public Wire wire(String device) throws Exception {
        Fd end = ends.get(device);
        if (end != null) {
            return keep(Sockets.isStream(end) ? new StreamWire(end) : new MessageWire(end));
        }
        return keep(
                tunnelCable == null ? new Wire(netns, taps.getOrDefault(device, device)) : tunnelCable.wire(device));
    }

    /** Closes it with the lab. */
    public Wire keep(Wire wire) {
        open.push(wire::close);
        return wire;
    }

    /** A tunnel's socket at a device's end of the cable. */
    public Underlay underlay(String device, Underlay.Settings settings) throws Exception {
        return tunnelCable.underlay(device, settings, pool);
    }

    /** Opens a tunnel on it. */
    public Port tunnel(Underlay underlay, TunnelSpec spec) {
        PortInfo info = info(PortKind.TUNNEL_VXLAN, "tunnel", 1500, Vector.CAPACITY);
        return keep(SelfServed.of(TunnelPort.open(info, underlay, spec)));
    }

    /** Opens a port. The lab closes what the test has not. */
    public Port port(PortKind kind, String device, int mtu, int depth) throws Exception {
        PortInfo info = info(kind, device, mtu, depth);
        Port port = keep(SelfServed.of(open(kind, info)));
        if (kind.isTap()) {
            netns.awaitCarrier(device);
        }
        return port;
    }

    private Port open(PortKind kind, PortInfo info) throws Exception {
        return switch (kind.family()) {
            case PACKET -> packet(kind, info);
            case XDP -> xdp(kind, info);
            case TUNNEL -> tunnel(info);
            case TAP -> netns.call(() -> TapPort.open(info, tapQueues(kind, info), kind.vnet(), pool));
            case HYBRID -> netns.call(() -> hybrid(kind, info));
            case MESSAGE ->
                MessagePort.open(
                        info, new MessagePort.Endpoint.Inherited(end(info)), pool, this::messageSlots, lookout);
            case STREAM -> StreamPort.open(info, new StreamPort.Endpoint.Inherited(end(info)), pool, lookout);
        };
    }

    private Port tunnel(PortInfo info) throws Exception {
        String device = info.interfaceName();
        Underlay underlay = tunnelCable.underlay(device, Underlay.Settings.DEFAULT, pool);
        return TunnelPort.open(info, underlay, tunnelCable.spec(device));
    }

    private Fd end(PortInfo info) {
        return ends.get(info.interfaceName());
    }

    private Port hybrid(PortKind kind, PortInfo info) throws IOException {
        Fd tap = tapQueues(kind, info).get(0);
        return HybridPort.open(info, tap, HybridPort.reader(info.interfaceName()), kind.vnet(), pool, this::slots);
    }

    /** Opens a port for a data path, in its thread; {@code rxOnly} only for xdp. */
    public Port port(PortKind kind, String device, DataPath dataPath, boolean rxOnly) throws Exception {
        PortInfo info = info(kind, device, 1500, Vector.CAPACITY);
        if (kind.isTunnel()) {
            Underlay underlay = tunnelCable.underlay(device, Underlay.Settings.DEFAULT, pool);
            TunnelSpec spec = tunnelCable.spec(device);
            return keep(dataPath.call(() -> TunnelPort.open(info, underlay, spec)));
        }
        List<Fd> sockets = kind.isXdp() ? List.of() : packetSockets(kind, device);
        List<Fd> senders = packetSenders(kind, device);
        List<XdpPort.Socket> xdpSockets = kind.isXdp() ? xdpSockets(kind, device, rxOnly) : List.of();
        return keep(dataPath.call(() -> {
            try {
                return kind.isXdp()
                        ? XdpPort.open(info, xdpSockets, kind.busyPoll(), kind.multiBuffer(), pool)
                        : PacketPort.open(info, sockets, senders, kind.vnet(), ring(kind), pool, dataPath::slots);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }));
    }

    /** Closes it with the lab, unless the test has. */
    public Port keep(Port port) {
        open.push(() -> port.queues().forEach(queue -> {
            if (!queue.fd().isClosed()) {
                queue.close();
            }
        }));
        return port;
    }

    /** What there is to know about a port on {@code device}. */
    public static PortInfo info(PortKind kind, String device, int mtu, int depth) {
        String name = kind.isTunnel() ? "tunnel" : kind.isXdp() ? "xdp" : "packet";
        return new PortInfo(device, name, "grant", 1, device, 1, mtu, "", depth, List.of());
    }

    private static List<Fd> tapQueues(PortKind kind, PortInfo info) throws IOException {
        return TapDevice.open(info.interfaceName(), kind.queues(), kind.vnet());
    }

    private Port packet(PortKind kind, PortInfo info) throws Exception {
        String device = info.interfaceName();
        return PacketPort.open(
                info,
                packetSockets(kind, device),
                packetSenders(kind, device),
                kind.vnet(),
                ring(kind),
                pool,
                this::slots);
    }

    private static Optional<PacketPort.RingLayout> ring(PortKind kind) {
        return kind.ringFrames() == 0
                ? Optional.empty()
                : Optional.of(new PacketPort.RingLayout(Sockets.RING_FRAME, kind.ringFrames()));
    }

    /** As many sockets as {@code kind} has, for a caller that opens the port itself. */
    public List<Fd> packetSockets(PortKind kind, String device) throws Exception {
        List<Fd> sockets = new ArrayList<>();
        int fanout = kind.queues() > 1 ? group++ : 0;
        for (int i = 0; i < kind.queues(); i++) {
            sockets.add(netns.call(() -> Sockets.packet(device, kind, fanout)));
        }
        return sockets;
    }

    /** Sockets that send through rings, if {@code kind} has them. */
    public List<Fd> packetSenders(PortKind kind, String device) throws Exception {
        List<Fd> senders = new ArrayList<>();
        for (int i = 0; kind.ringFrames() > 0 && kind.offloads() && i < kind.queues(); i++) {
            senders.add(netns.call(() -> Sockets.sender(device, kind)));
        }
        return senders;
    }

    /** Receive slots as a data path has them. */
    public ReceiveSlots slots(boolean large, int vnet) {
        return slots.computeIfAbsent(vnet + (large ? 1000 : 0), key -> new ReceiveSlots(pool, large, vnet));
    }

    /** Receive slots for messages, as a data path has them. */
    public ReceiveSlots messageSlots(boolean large) {
        return slots.computeIfAbsent(large ? -2 : -1, key -> ReceiveSlots.withoutControl(pool, large));
    }

    private Port xdp(PortKind kind, PortInfo info) throws Exception {
        boolean multiBuffer = kind.multiBuffer() || FrameLimits.longest(info.mtu()) > pool.room();
        List<XdpPort.Socket> sockets = xdpSockets(kind, info.interfaceName(), false, multiBuffer);
        return XdpPort.open(info, sockets, kind.busyPoll(), multiBuffer, pool);
    }

    /** A bound socket for each queue of {@code kind}, for a caller that opens the port itself. */
    public List<XdpPort.Socket> xdpSockets(PortKind kind, String device, boolean rxOnly) throws Exception {
        return xdpSockets(kind, device, rxOnly, kind.multiBuffer());
    }

    private List<XdpPort.Socket> xdpSockets(PortKind kind, String device, boolean rxOnly, boolean multiBuffer)
            throws Exception {
        XdpDevice attached = netns.call(() -> XdpDevice.attach(device, kind.skb()));
        open.push(attached::close);
        List<XdpPort.Socket> sockets = new ArrayList<>();
        for (int queue = 0; queue < kind.queues(); queue++) {
            int id = queue;
            XdpPort.Socket socket = netns.call(() -> attached.socket(id, pool, rxOnly, multiBuffer));
            if (kind.busyPoll()) {
                XdpDevice.busyPoll(socket.fd());
            }
            sockets.add(socket);
        }
        return sockets;
    }

    // Traffic

    /** A packet as a port delivered it. */
    @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
    public record Packet(int queue, byte[] frame, byte[] vnetHeader, int flags) {}

    /** Polls every queue once and takes the packets out, giving their frames back. */
    public List<Packet> poll(Port port, int limit) {
        List<Packet> packets = new ArrayList<>();
        for (int q = 0; q < port.queues().size(); q++) {
            port.queues().get(q).poll(vector, limit);
            for (int i = 0; i < vector.count; i++) {
                packets.add(new Packet(
                        q, copy(vector.offset[i], vector.length[i]), copy(vector.offset[i] - 10, 10), vector.flags[i]));
            }
            pool.giveAll(vector);
        }
        return packets;
    }

    /** Polls until {@code count} packets have come, which have to come. */
    public List<Packet> receive(Port port, int count) {
        List<Packet> packets = new ArrayList<>();
        await(count + " packets from " + port.name(), () -> {
            packets.addAll(poll(port, Vector.CAPACITY));
            return packets.size() >= count;
        });
        return packets;
    }

    /** Sends plain frames by one queue, as a vector at a time, without a flush. */
    public void enqueue(Port port, int queue, byte[]... frames) {
        for (byte[] frame : frames) {
            load(frame, RUBBISH, 0);
            if (vector.count == Vector.CAPACITY) {
                port.queues().get(queue).send(vector);
            }
        }
        port.queues().get(queue).send(vector);
    }

    /** Sends a packet with a vnet header, without a flush. */
    public void enqueueWithHeader(Port port, int queue, byte[] vnetHeader, byte[] frame) {
        load(frame, vnetHeader, Vector.VNET);
        port.queues().get(queue).send(vector);
    }

    private void load(byte[] frame, byte[] vnetHeader, int flags) {
        int at = (frame.length > pool.room() ? pool.takeLarge() : pool.take()) + FramePool.HEADROOM;
        if (at < FramePool.HEADROOM) {
            throw new AssertionError("the lab's pool is empty");
        }
        pool.bytes().put(at - 10, vnetHeader).put(at, frame);
        vector.add(at, frame.length, flags);
    }

    private byte[] copy(int offset, int length) {
        byte[] bytes = new byte[length];
        pool.bytes().get(offset, bytes);
        return bytes;
    }

    /** Flushes until nothing waits in the port any more. */
    public void flush(Port port) {
        await("an empty queue of " + port.name(), () -> {
            port.queues().forEach(PortQueue::flush);
            return port.queued() == 0;
        });
    }

    /** Flushes until {@code free} frames are free: the kernel gives what was sent back when it likes. */
    public void awaitFree(Port port, int free) {
        await(free + " free frames", () -> {
            port.queues().forEach(PortQueue::flush);
            return pool.freeFrames() >= free;
        });
    }

    /** Repeats {@code step} until it is true, without burning the processor that the other side may need. */
    public void await(String what, BooleanSupplier step) {
        long end = System.nanoTime() + PATIENCE_NS;
        while (!step.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("in vain waited for " + what);
            }
            epoll.await(LOOK_AGAIN_MS);
        }
    }

    /** Gives back the frames that receiving packet ports share. */
    public void closeSlots() {
        slots.values().forEach(ReceiveSlots::close);
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
