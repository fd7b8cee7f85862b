package io.sluice.worker.conductor;

import io.sluice.worker.engine.DataPaths;
import java.util.List;

/** A link that was asked for, and what has become of it. Mutable; owned by the conductor. */
public final class LinkState {
    private final String name;
    private final PortState a;
    private final PortState b;
    private final LinkOffload offload;
    private DataPaths.Served active;

    LinkState(String name, PortState a, PortState b) {
        this.name = name;
        this.a = a;
        this.b = b;
        this.offload = new LinkOffload(name, a, b);
    }

    /** Has it served, unless it is or a port of it is down. */
    void activate(DataPaths threads, BrokerSession session) {
        if (active == null && a.isUp() && b.isUp()) {
            active = threads.addLink(name, a.port, b.port);
            offload.resume(session);
        }
    }

    /** Has it served no longer, if it is: before a port of it is closed. */
    void deactivate(DataPaths threads, BrokerSession session) {
        DataPaths.Served served = active;
        if (served != null) {
            offload.takeBack(session);
            active = null;
            threads.removeLink(served);
        }
    }

    /** Whether it is between {@code port} and another one. */
    boolean uses(PortState port) {
        return a == port || b == port;
    }

    /** Whether the kernel forwards in our place. */
    public LinkOffload offload() {
        return offload;
    }

    /** The name. */
    public String name() {
        return name;
    }

    /** One side. */
    public PortState a() {
        return a;
    }

    /** The other side. */
    public PortState b() {
        return b;
    }

    /** Both sides. */
    List<PortState> ports() {
        return List.of(a, b);
    }

    /** The numbers of the threads that serve its strands; empty while it is down. */
    public List<Integer> threads() {
        return active == null ? List.of() : active.threads();
    }
}
