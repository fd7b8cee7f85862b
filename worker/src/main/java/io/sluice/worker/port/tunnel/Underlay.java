package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.codec.Drop;
import io.sluice.worker.codec.Nsh;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.SharedSocket;
import io.sluice.worker.sys.Waiter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A UDP or raw IP socket and the tunnels on it, all in one data-path thread and all of one protocol. The last port that is
 * closed closes the socket.
 *
 * <p>A packet belongs to the tunnel with its sender's address and its key; its sender's UDP port counts only if the settings
 * say so, as VXLAN, GPE and Geneve spread flows over source ports. Ours do not: a socket has one source port, the one that
 * it is bound to, so a router between sees one flow for each pair of underlays.
 *
 * <p>It receives once a cycle for all of them, and wakes those that a packet came for. What they send leaves together at the
 * end of the cycle in which one of them is flushed: a system call each, or a few, however many tunnels there are.
 */
public final class Underlay implements SharedSocket, AutoCloseable {
    /** Packets that wait to be polled: of all tunnels, and of one. */
    private static final int BACKLOG = 4096;

    private static final int BACKLOG_EACH = 1024;

    /** Packets for which sending does not wait until the end of the cycle. */
    private static final int PROMPT = 64;

    /** System calls that receive in a cycle at most: about as many packets as a vector holds. */
    private static final int CALLS = 4;

    /** Tunnels from which on looking all of a vector's up beforehand pays. */
    private static final int WIDE = 256;

    private static final int PORT_SHIFT = 40;
    private static final PortCounter[] REASONS = reasons();

    /**
     * What can be chosen.
     *
     * @param matchPort whether a sender's UDP port must be the peer's
     * @param dontFragment whether what exceeds the path's MTU is dropped instead of fragmented
     * @param segmentation whether the kernel may join and cut datagrams (UDP_GRO, UDP_SEGMENT)
     */
    public record Settings(boolean matchPort, boolean dontFragment, boolean segmentation) {
        /** Any port of the peer, fragments, with segmentation. */
        public static final Settings DEFAULT = new Settings(false, false, true);
    }

    private final Protocol protocol;
    private final Fd socket;
    private final int family;
    private final boolean connected;
    private final boolean matchPort;
    private final FramePool pool;
    private final Counters counters = new Counters();
    private final AddressTable<Object> tunnels = new AddressTable<>();
    private final AddressTable<int[]> hosts = new AddressTable<>();
    private final Map<Endpoint, Peer> peers = new HashMap<>();
    private final List<TunnelQueue> ports = new ArrayList<>();
    private final Backlog backlog = new Backlog(BACKLOG);
    private final Receiver receiver;
    private final Sender sender;
    private Waiter waiter = Waiter.NOBODY;

    /** Somebody's packets are to leave at the end of the cycle, and all others with them. */
    private boolean due;

    private Underlay(Fd socket, Protocol protocol, Settings settings, FramePool pool) throws SyscallException {
        this.protocol = protocol;
        this.socket = socket;
        this.pool = pool;
        family = UnderlaySocket.family(socket);
        connected = UnderlaySocket.isConnected(socket);
        matchPort = settings.matchPort() && protocol.isUdp();
        UnderlaySocket.buffers(socket);
        UnderlaySocket.dontFragment(socket, family, settings.dontFragment());
        boolean segmentation = protocol.isUdp() && settings.segmentation();
        if (segmentation) {
            UnderlaySocket.join(socket); // a kernel that does not delivers them one by one
        }
        boolean cuts = segmentation && UnderlaySocket.canCut(socket);
        boolean outerHeader = !protocol.isUdp() && family == Endpoint.AF_INET;
        receiver = new Receiver(this, socket.number(), outerHeader, pool, counters);
        sender = new Sender(socket.number(), connected, cuts, pool, counters);
    }

    /**
     * Opens a socket. UDP needs no privilege; raw IP needs CAP_NET_RAW, so that its sockets usually come from a lease.
     *
     * @param local where packets come in; the address may be 0.0.0.0 or ::
     */
    public static Underlay open(Protocol protocol, Endpoint local, Settings settings, FramePool pool)
            throws SyscallException {
        if (protocol.ipProtocol() == 0) {
            throw new IllegalArgumentException(protocol + " does not run over IP");
        }
        return of(UnderlaySocket.open(protocol, local), protocol, settings, pool);
    }

    /**
     * Takes a bound socket, of a lease for example. If it is connected, all its tunnels have that one peer.
     *
     * @param socket consumed, also on failure
     * @throws IllegalArgumentException it is neither IPv4 nor IPv6
     */
    public static Underlay of(Fd socket, Protocol protocol, Settings settings, FramePool pool) throws SyscallException {
        try {
            return new Underlay(socket, protocol, settings, pool);
        } catch (SyscallException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static PortCounter[] reasons() {
        Drop[] drops = Drop.values();
        PortCounter[] reasons = new PortCounter[drops.length];
        for (Drop drop : drops) {
            reasons[-1 - drop.code()] = PortCounter.valueOf("RX_DROP_" + drop.name());
        }
        return reasons;
    }

    static PortCounter reason(long code) {
        return REASONS[(int) (-1 - code)];
    }

    /** What the tunnels on it speak. */
    public Protocol protocol() {
        return protocol;
    }

    /** The socket, which all ports of the underlay show; borrowed. */
    @Override
    public Fd fd() {
        return socket;
    }

    /** What belongs to no tunnel: packets from strangers and with unknown keys, errors of the socket. Data-path thread only. */
    public Counters counters() {
        return counters;
    }

    /** How many tunnels there are. */
    public int size() {
        return ports.size();
    }

    /** Packets that wait to be polled. */
    int waiting() {
        return BACKLOG - backlog.free();
    }

    FramePool pool() {
        return pool;
    }

    // Ports

    /** Adds a tunnel. Cold. */
    void attach(TunnelQueue queue) {
        TunnelSpec spec = queue.spec();
        if (spec.encapsulation().protocol() != protocol) {
            throw new IllegalArgumentException(
                    "a " + spec.encapsulation().protocol() + " tunnel on a socket for " + protocol);
        }
        if (spec.peer().family() != family) {
            throw new IllegalArgumentException("peer " + spec.peer() + " is of the other IP version than its socket");
        }
        if (matchPort && spec.encapsulation().key() >>> PORT_SHIFT != 0) {
            throw new IllegalArgumentException("service paths on a socket that compares UDP ports");
        }
        long high = spec.peer().high();
        long low = spec.peer().low();
        if (!tunnels.put(
                high, low, number(spec.encapsulation().key(), spec.peer().port()), queue)) {
            throw new IllegalArgumentException(
                    "there is a tunnel to " + spec.peer() + " with this key, session, VNI or service path already");
        }
        int[] users = hosts.get(high, low, 0);
        if (users == null) {
            users = new int[1];
            hosts.put(high, low, 0, users);
        }
        users[0]++;
        queue.peer(peers.computeIfAbsent(spec.peer(), Peer::new));
        queue.peer().addUser();
        ports.add(queue);
    }

    /** Removes a tunnel, and closes the socket with the last. Cold. */
    void detach(TunnelQueue queue) {
        if (!ports.remove(queue)) {
            return;
        }
        Endpoint peer = queue.spec().peer();
        tunnels.remove(
                peer.high(), peer.low(), number(queue.spec().encapsulation().key(), peer.port()));
        int[] users = hosts.get(peer.high(), peer.low(), 0);
        if (--users[0] == 0) {
            hosts.remove(peer.high(), peer.low(), 0);
        }
        if (!queue.peer().removeUser()) {
            peers.remove(peer);
        }
        queue.received(PortCounter.RX_DROP_CLOSED, backlog.drop(queue, pool));
        sender.drop(queue);
        close();
    }

    /** The third part of the key in the table: keys have 40 bits where ports count, those 16. */
    private long number(long key, int port) {
        return matchPort ? (long) port << PORT_SHIFT | key : key;
    }

    /** Closes the socket if there is no tunnel any more, or not yet; otherwise the last one does. */
    @Override
    public void close() {
        if (ports.isEmpty() && !socket.isClosed()) {
            receiver.close();
            socket.close();
        }
    }

    // Receiving

    Backlog backlog() {
        return backlog;
    }

    /** A tunnel that is alone leaves what it can't take with the kernel, which drops early. */
    @Override
    public int receive() {
        if (ports.size() == 1 && waiting() >= Vector.CAPACITY) {
            return 0;
        }
        int packets = 0;
        for (int call = 0; call < CALLS; call++) {
            packets += receiver.receive();
            if (!receiver.hasMore()) {
                break;
            }
        }
        return packets;
    }

    /** Whether there are so many tunnels that they don't fit into the first caches. */
    boolean isWide() {
        return ports.size() > WIDE;
    }

    /** Grows as memory is read ahead. */
    long warmed() {
        return receiver.warmed();
    }

    /** Where the look-up of a packet's tunnel begins. */
    int home(long high, long low, int port, int offset, int length) {
        return tunnels.home(high, low, number(protocol.key(pool.bytes(), offset, length), port));
    }

    /** As {@link AddressTable#touch}. */
    long touch(int home) {
        return tunnels.touch(home);
    }

    /** The tunnel of a packet, a {@link TunnelQueue}; null if there is none. */
    Object find(long high, long low, int port, int offset, int length) {
        long key = protocol.key(pool.bytes(), offset, length);
        if (key < 0) {
            return null;
        }
        // Of a service path, the port of its index, or else the one for every index.
        Object exact = tunnels.get(high, low, number(key, port));
        long any = Nsh.anyIndex(key);
        return exact != null || any == key ? exact : tunnels.get(high, low, number(any, port));
    }

    /** Counts a packet for which {@link #find} found nothing; false. */
    boolean refuse(long high, long low, int offset, int length) {
        long key = protocol.key(pool.bytes(), offset, length);
        if (key < 0) {
            return drop(reason(key));
        }
        return drop(hosts.get(high, low, 0) == null ? PortCounter.RX_DROP_PEER : PortCounter.RX_DROP_KEY);
    }

    /** Counts a packet of no tunnel; false. */
    boolean drop(PortCounter reason) {
        counters.add(PortCounter.RX_PACKETS, 1);
        counters.add(reason, 1);
        return false;
    }

    /**
     * Queues a frame and wakes its port; false if nobody polls that, or not fast enough. However many stand still, what they
     * hold is never all of the room: each has at most as much as is left free for the others.
     */
    boolean queue(TunnelQueue queue, int offset, int length) {
        int count = queue.count();
        if (!queue.isPolled() || count >= BACKLOG_EACH || count >= backlog.free()) {
            return false;
        }
        backlog.add(queue, offset, length);
        if (count == 0) {
            queue.wake();
        }
        return true;
    }

    /** The kernel has not taken everything yet, or the pool had no frame to receive into. */
    @Override
    public boolean pending() {
        return sender.waiting() > 0 || receiver.isStarved();
    }

    // Sending

    int room() {
        return Sender.CAPACITY - sender.waiting();
    }

    @Override
    public void waiter(Waiter sending) {
        waiter = sending;
    }

    /** Takes a packet, which waits until it or another one is {@link #due}. */
    void send(TunnelQueue queue, int offset, int length) {
        sender.add(queue, offset, length);
    }

    /** What waits is to leave at the end of the cycle. */
    void due() {
        if (!due && sender.waiting() > 0) {
            due = true;
            waiter.wake();
        }
    }

    @Override
    public int flush() {
        if (!due) {
            return 0;
        }
        int left = sender.flush();
        due = sender.waiting() > 0;
        return left;
    }

    /** As {@link #due}; sends before the end of the cycle if there is much already. */
    int flushMany() {
        due();
        return sender.waiting() >= PROMPT ? flush() : 0;
    }
}
