package io.sluice.worker.conductor;

import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.LeaseEnded;
import io.sluice.grant.v1.Reply;
import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.conductor.open.Grants;
import io.sluice.worker.conductor.open.PortOpener;
import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.engine.DataPaths;
import io.sluice.worker.engine.IdleStrategy;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Offload;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.Tuning;
import io.sluice.worker.sys.InheritedFds;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the configuration. Every method runs in the conductor's thread, {@link #executor()}: gRPC services are run there, and
 * what other threads notice is posted there.
 *
 * <p>It keeps what is wanted apart from what is: when the broker goes, so do all leases, and the ports are down; when it
 * comes back they are opened again and their links with them. A port whose lease was revoked stays down.
 */
public final class Conductor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Conductor.class);
    private static final long RECONNECT_MS = 1_000;
    private static final String STOPS = "the worker stops";
    private static final int EXIT_NO_BROKER = 3;
    private static final int EXIT_DEFECT = 70;

    private final Desk desk = new Desk();
    private final Map<String, PortState> ports = new LinkedHashMap<>();
    private final Map<String, LinkState> links = new LinkedHashMap<>();
    private final Counters retired = new Counters();
    private final Settings settings;
    private BrokerSession session;
    private DataPaths dataPaths;

    /**
     * What a conductor is started with.
     *
     * @param broker the broker's tenant socket
     * @param name what the worker calls itself there
     * @param frames of all threads together
     * @param threads data-path threads, at least 1
     * @param cpus one for each thread to run on; empty: they run anywhere
     * @param sealed whether no second connection will be possible; then the process ends with the first
     * @param inherited the sockets and tap devices that the process was started with
     * @param journal where it is written down what there is, for a successor
     */
    public record Settings(
            Path broker,
            String name,
            int frameSize,
            int frames,
            int largeFrames,
            int threads,
            List<Integer> cpus,
            IdleStrategy idle,
            boolean sealed,
            InheritedFds inherited,
            Journal journal) {}

    /** Connects to the broker and starts the data path. */
    public Conductor(Settings settings) throws IOException {
        this.settings = settings;
        try {
            // In the conductor's thread like everything else: were the broker lost at once, that is noticed afterwards.
            executor()
                    .submit(() -> {
                        connect(true);
                        return null;
                    })
                    .get();
        } catch (ExecutionException e) {
            executor().shutdownNow();
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            executor().shutdownNow();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while connecting to the broker");
        }
    }

    private void connect(boolean adopts) throws IOException {
        BrokerSession.PoolPlan plan = new BrokerSession.PoolPlan(
                settings.frameSize(), settings.frames(), settings.largeFrames(), settings.threads());
        BrokerSession opened = BrokerSession.open(
                settings.broker(),
                settings.name(),
                plan,
                settings.journal().resume(),
                adopts,
                this::onNotice,
                e -> desk.post(() -> onLost(e)));
        try {
            dataPaths = new DataPaths(opened.pools(), settings.cpus(), settings.idle(), Conductor::dataPathDied);
            dataPaths.start();
        } catch (IOException e) {
            if (dataPaths != null) {
                dataPaths.close();
                dataPaths = null;
            }
            opened.close();
            throw e;
        }
        session = opened;
    }

    /** Nothing forwards any more and commands would wait for ever: a supervisor can do better with a dead process. */
    private static void dataPathDied(Throwable cause) {
        LOG.error("the data path has died; this is a defect of Sluice, please report it", cause);
        Runtime.getRuntime().halt(EXIT_DEFECT);
    }

    /** The conductor's thread. */
    public ScheduledExecutorService executor() {
        return desk.executor();
    }

    /** The broker's socket. */
    public Path broker() {
        return settings.broker();
    }

    /** The tenant that the broker sees in us; empty while it can't be reached. */
    public Optional<String> tenant() {
        return Optional.ofNullable(session).map(BrokerSession::tenant);
    }

    /** The data-path threads; empty while the broker can't be reached, as their memory is the broker's. */
    public Optional<DataPaths> dataPaths() {
        return Optional.ofNullable(dataPaths);
    }

    // Ports

    /** Opens a port. */
    public PortState addPort(PortPlan plan) throws ConductorException {
        if (ports.containsKey(plan.name())) {
            throw new ConductorException(
                    Kind.EXISTS, "there is a port " + plan.name() + " already; `sluice port rm` removes it");
        }
        requireBroker();
        PortState state = new PortState(plan);
        open(state, session);
        ports.put(plan.name(), state);
        return state;
    }

    /**
     * Goes on with the ports of a predecessor: first those whose leases were left, over these, then the others anew.
     * What can't be opened is down and says why.
     */
    public void restore(List<Remembered> remembered) {
        for (Remembered port : remembered) {
            ports.put(port.plan().name(), new PortState(port));
        }
        if (session == null) {
            return; // lost already; they are opened when it comes back
        }
        for (Remembered port : remembered) {
            session.left(port.lease(), port.holders()).ifPresent(grant -> {
                tryOpen(ports.get(port.plan().name()), grant);
                grant.closeUnlessUsed(ports.get(port.plan().name()).isUp());
            });
        }
        session.forsake();
        dataPaths.settle();
        openWanted();
    }

    private void openWanted() {
        for (PortState state : ports.values()) {
            if (state.wanted && !state.isUp()) {
                tryOpen(state, session);
            }
        }
    }

    private void tryOpen(PortState state, Grants grants) {
        try {
            open(state, grants);
        } catch (ConductorException e) {
            state.reason = e.getMessage();
            LOG.warn("port {} stays down: {}", state.name(), e.getMessage());
        }
    }

    /** Writes down for a successor what there is now. */
    public void changed() {
        settings.journal().write(ports.values(), links.values());
    }

    /** Where that is written. */
    public Journal journal() {
        return settings.journal();
    }

    private void open(PortState state, Grants grants) throws ConductorException {
        state.port =
                new PortOpener(grants, dataPaths.first(), settings.sealed(), settings.inherited()).open(state.plan);
        state.lastInfo = state.port.info();
        state.reason = "";
        tune(state);
    }

    private void tune(PortState state) {
        Port port = state.port;
        dataPaths.each(port, (i, thread) -> port.state(i).dials().turn(state.tuning, thread.pool()));
    }

    /** One port, closely. */
    public PortView viewPort(String name) throws ConductorException {
        PortState state = port(name);
        return state.view(dataPaths);
    }

    /**
     * Changes what can be changed about a port while traffic flows, or, if it is down, for when it comes back.
     *
     * @throws IllegalArgumentException a value is out of range
     */
    public void setPort(String name, PortChange change) throws ConductorException {
        PortState state = port(name);
        Tuning wanted = change.applied(state.tuning);
        List<String> switchedOn = change.switchedOn(Offload::needsVnet);
        if (state.isUp() && !switchedOn.isEmpty() && !viewPort(name).carriesVnet()) {
            throw new ConductorException(
                    Kind.REFUSED,
                    "port " + name + " can't have " + switchedOn.get(0) + " on: its frames carry no vnet header");
        }
        if (!change.switchedOn(Offload::needsUdpSuperframes).isEmpty()
                && !KernelRelease.running().hasUdpSuperframes()) {
            throw new ConductorException(
                    Kind.REFUSED,
                    "port " + name + " can't have " + Offload.RX_UDP_GRO.label() + " on: "
                            + "this kernel takes no superframes of UDP; Linux 6.2 and later do");
        }
        state.tuning = wanted;
        if (state.isUp()) {
            tune(state);
        }
    }

    /** Removes a port that no link uses, and gives its lease back. */
    public void removePort(String name) throws ConductorException {
        PortState state = port(name);
        Optional<LinkState> user = linkOf(state);
        if (user.isPresent()) {
            throw new ConductorException(
                    Kind.REFUSED,
                    "port " + name + " is used by link " + user.get().name() + "; `sluice link rm "
                            + user.get().name() + "` first");
        }
        shut(state, "");
        ports.remove(name);
        retired.addAll(state.before);
    }

    /** Closes what is open of a port: first here, then at the broker; only then are the kernel's frames ours again. */
    private void shut(PortState state, String reason) {
        Port port = state.port;
        state.reason = reason;
        if (port == null) {
            return;
        }
        linkOf(state).ifPresent(link -> link.deactivate(dataPaths, session));
        state.port = null;
        dataPaths.each(port, (i, thread) -> port.queues().get(i).close());
        if (port.info().lease() != 0) {
            session.release(port.info().lease());
        }
        dataPaths.each(port, (i, thread) -> port.queues().get(i).reclaim());
        dataPaths.forget(port);
        state.before.addAll(port.counters());
    }

    /** All ports, in the order that they were added. */
    public Collection<PortState> ports() {
        return List.copyOf(ports.values());
    }

    private PortState port(String name) throws ConductorException {
        PortState state = ports.get(name);
        if (state == null) {
            throw new ConductorException(
                    Kind.NOT_FOUND, "there is no port " + name + "; `sluice port ls` lists " + ports.keySet());
        }
        return state;
    }

    // Links

    /**
     * Joins two ports, of which one has service paths, with only {@code path} of it: with a port for it, which is there as
     * long as the link.
     */
    public LinkState addLink(String name, String a, String b, ServicePath path) throws ConductorException {
        PortState portA = port(a);
        PortState portB = port(b);
        if (ServicePath.hasPaths(portA) == ServicePath.hasPaths(portB)) {
            throw new ConductorException(
                    Kind.INVALID,
                    "a link that matches a service path has one nsh port: " + a + " and " + b + " are "
                            + (ServicePath.hasPaths(portA) ? "both" : "none"));
        }
        PortState carrier = ServicePath.hasPaths(portA) ? portA : portB;
        if (path.isOf(carrier)) {
            return addLink(name, a, b);
        }
        PortState own = addPort(path.on(carrier));
        try {
            LinkState link = carrier == portA ? addLink(name, own.name(), b) : addLink(name, a, own.name());
            own.ofLink = link.name();
            return link;
        } catch (ConductorException e) {
            removePort(own.name());
            throw e;
        }
    }

    /** Joins two ports; {@code name} empty: "a-b". */
    public LinkState addLink(String name, String a, String b) throws ConductorException {
        PortState portA = port(a);
        PortState portB = port(b);
        String linkName = name.isEmpty() ? a + "-" + b : name;
        if (!name.isEmpty() && !PortPlan.isName(name)) {
            throw new ConductorException(Kind.INVALID, "link name \"" + name + "\" is not usable");
        }
        if (portA == portB) {
            throw new ConductorException(Kind.INVALID, "a link needs two different ports");
        }
        if (links.containsKey(linkName)) {
            throw new ConductorException(Kind.EXISTS, "there is a link " + linkName + " already");
        }
        for (PortState port : List.of(portA, portB)) {
            Optional<LinkState> user = linkOf(port);
            if (user.isPresent()) {
                throw new ConductorException(
                        Kind.REFUSED,
                        "port " + port.name() + " is used by link " + user.get().name());
            }
        }
        LinkState link = new LinkState(linkName, portA, portB);
        link.activate(dataPaths, session);
        links.put(linkName, link);
        return link;
    }

    /**
     * Has the kernel forward between a link's ports in our place, or no longer.
     *
     * @throws ConductorException it can't, or policy does not allow it; the link is as before
     */
    public LinkState setOffload(String name, boolean on) throws ConductorException {
        LinkState link = link(name);
        link.offload().want(on, session);
        return link;
    }

    /**
     * For a node of the graph that has to see a link's packets (capture, policer, mirror): from now on they come here, until
     * {@link #releasePackets}; then the kernel gets the link back if it is wanted there.
     *
     * @param who shown as the reason that the link is not offloaded
     */
    public void requirePackets(String name, String who) throws ConductorException {
        link(name).offload().require(who, session);
    }

    /** The end of {@link #requirePackets}. */
    public void releasePackets(String name, String who) throws ConductorException {
        link(name).offload().release(who, session);
    }

    private LinkState link(String name) throws ConductorException {
        LinkState link = links.get(name);
        if (link == null) {
            throw new ConductorException(
                    Kind.NOT_FOUND, "there is no link " + name + "; `sluice link ls` lists " + links.keySet());
        }
        return link;
    }

    /** Removes a link; its ports stay. */
    public void removeLink(String name) throws ConductorException {
        LinkState link = link(name);
        links.remove(name);
        link.deactivate(dataPaths, session);
        for (PortState port : link.ports()) {
            if (port.ofLink.equals(name)) {
                removePort(port.name());
            }
        }
    }

    /** All links, in the order that they were added. */
    public Collection<LinkState> links() {
        return List.copyOf(links.values());
    }

    /** The link that uses a port. */
    public Optional<LinkState> linkOf(PortState port) {
        return links.values().stream().filter(link -> link.uses(port)).findFirst();
    }

    // Counters

    /** Counters of {@code names}, or of all ports if that is empty. */
    public Snapshot snapshot(Collection<String> names) throws ConductorException {
        for (String name : names) {
            port(name);
        }
        links.values().forEach(link -> link.offload().refresh(session));
        return Snapshot.of(Readings.take(ports.values(), dataPaths), retired, names);
    }

    // The broker

    private void requireBroker() throws ConductorException {
        if (session == null) {
            throw new ConductorException(
                    Kind.UNAVAILABLE, "the broker at " + settings.broker() + " is gone; ports come back when it does");
        }
    }

    private void onNotice(Reply notice) {
        if (notice.hasLeaseEnded()) {
            desk.post(() -> onLeaseEnded(notice.getLeaseEnded()));
        }
    }

    private void onLeaseEnded(LeaseEnded ended) {
        for (PortState state : ports.values()) {
            if (state.port != null && state.port.info().lease() == ended.getLease()) {
                String why = "lease ended: " + ended.getReason().name().toLowerCase(Locale.ROOT);
                LOG.warn("port {} is down, {}", state.name(), why);
                // A broker that stops takes nothing from anybody: it may give the same again when it is back.
                state.wanted = ended.getReason() == EndReason.SHUTDOWN;
                shut(state, why);
            }
        }
        changed();
    }

    private void onLost(IOException cause) {
        if (session == null) {
            return;
        }
        if (settings.sealed()) {
            LOG.error(
                    "the broker is gone ({}), and a sealed worker can't connect to it again: it ends",
                    cause.getMessage());
            dropAll("the broker is gone");
            // In a thread of its own: what is to be done before the end waits for this one.
            new Thread(() -> Runtime.getRuntime().exit(EXIT_NO_BROKER), "end").start();
            return;
        }
        LOG.warn("the broker is gone ({}); all ports are down until it comes back", cause.getMessage());
        dropAll("the broker is gone");
        desk.later(this::reconnect, RECONNECT_MS);
    }

    private void dropAll(String reason) {
        for (PortState state : ports.values()) {
            shut(state, state.isUp() ? reason : state.reason);
        }
        dataPaths.close();
        dataPaths = null;
        session.close();
        session = null;
        changed();
    }

    private void reconnect() {
        try {
            connect(false);
        } catch (IOException | RuntimeException e) {
            LOG.debug("no broker yet: {}", e.getMessage());
            desk.later(this::reconnect, RECONNECT_MS);
            return;
        }
        LOG.info("the broker is back");
        openWanted();
        links.values().forEach(link -> link.activate(dataPaths, session));
        changed();
    }

    /** Gives every lease back and ends the threads. May be repeated. */
    @Override
    public void close() {
        end(() -> dropAll(STOPS));
    }

    /**
     * Ends the threads before their process ends, and leaves to a successor what the broker keeps for one: leases, sockets, rings,
     * and the frames in them. All else is closed. In place of {@link #close}; may be repeated.
     */
    public void leave() {
        end(() -> {
            links.values().forEach(link -> link.deactivate(dataPaths, session)); // and lets go what waits for its time
            ports.values().stream()
                    .filter(state -> state.isUp() && state.port.info().lease() == 0)
                    .forEach(state -> shut(state, STOPS));
            dataPaths.halt();
        });
    }

    private void end(Runnable last) {
        desk.end(() -> {
            if (session != null) {
                last.run();
            }
        });
    }
}
