package io.sluice.worker.conductor;

import io.sluice.grant.v1.OffloadCounters;
import io.sluice.grant.v1.Offloaded;
import io.sluice.worker.conductor.ConductorException.Kind;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a link is to be handed to the kernel, and whether it is. Owned by the conductor.
 *
 * <p>The data path serves the link all the same: once the kernel forwards, nothing comes to its sockets, so its lanes sleep in
 * the epoll set and cost nothing. So there is nothing to hand over and nothing that could be forgotten: what had come to the
 * sockets before the switch is forwarded as it always was, and whatever ends the detour in the kernel, even without a word to
 * us, packets are forwarded here again from the next one on.
 *
 * <p>Order: what is in the rings when the kernel takes over may be overtaken by what comes next, at most a ring's worth and, unless
 * the worker is flooded, a few packets. On the way back nothing is overtaken: the kernel flushes what it redirects to a device
 * before it wakes a socket (xdp_do_flush), and a packet takes the longer way only afterwards.
 */
public final class LinkOffload {
    private static final Logger LOG = LoggerFactory.getLogger(LinkOffload.class);

    private final String name;
    private final PortState a;
    private final PortState b;
    /** Who needs the packets here. */
    private final Set<String> needs = new LinkedHashSet<>();

    private boolean wanted;
    private boolean on;
    private String refusal = "";
    private long leaseA;
    private long leaseB;
    private Offloaded last = Offloaded.getDefaultInstance();

    LinkOffload(String name, PortState a, PortState b) {
        this.name = name;
        this.a = a;
        this.b = b;
    }

    /** Whether it is to be in the kernel if it can be. */
    public boolean isWanted() {
        return wanted;
    }

    /** Whether it is in the kernel. */
    public boolean isOn() {
        return on;
    }

    /** Why it is not although it is wanted; empty otherwise. */
    public String reason() {
        String obstacle = obstacle();
        return !wanted || on ? "" : obstacle.isEmpty() ? refusal : obstacle;
    }

    private String obstacle() {
        if (!needs.isEmpty()) {
            return "its packets are needed here: " + String.join(", ", needs);
        }
        for (PortState port : List.of(a, b)) {
            if (!port.isUp()) {
                return "port " + port.name() + " is down";
            }
        }
        return "";
    }

    /**
     * Wants it in the kernel, or not. While a port is down the first only says what is to be when it is up.
     *
     * @throws ConductorException it can't be there; nothing has changed
     */
    void want(boolean offload, BrokerSession session) throws ConductorException {
        if (!offload) {
            wanted = false;
            takeBack(session);
            return;
        }
        for (PortState port : List.of(a, b)) {
            if (port.isUp() && !port.port.info().kind().equals("xdp")) {
                throw new ConductorException(
                        Kind.REFUSED,
                        "link " + name + " can't be offloaded: port " + port.name() + " is of kind "
                                + port.port.info().kind() + "; the kernel forwards between xdp ports only");
            }
        }
        if (!on && obstacle().isEmpty()) {
            handOver(session);
        }
        wanted = true;
    }

    /** Has the packets come here as long as {@code who} needs them, from the next one on. May be repeated. */
    void require(String who, BrokerSession session) {
        needs.add(who);
        takeBack(session);
    }

    /** The end of {@link #require}. */
    void release(String who, BrokerSession session) {
        needs.remove(who);
        resume(session);
    }

    /** After something has changed: hands it over if it is wanted there and can be. */
    void resume(BrokerSession session) {
        if (wanted && !on && obstacle().isEmpty()) {
            try {
                handOver(session);
            } catch (ConductorException e) {
                refusal = e.getMessage();
                LOG.warn("link {} is not offloaded: {}", name, refusal);
            }
        }
    }

    private void handOver(BrokerSession session) throws ConductorException {
        leaseA = a.port.info().lease();
        leaseB = b.port.info().lease();
        last = session.offload(leaseA, leaseB, false); // where the counters stand
        count(session.offload(leaseA, leaseB, true));
        on = true;
        refusal = "";
        LOG.info("link {} is forwarded by the kernel", name);
    }

    /** Has every packet come here from now on; the link forwards them. Before the ports are closed. */
    void takeBack(BrokerSession session) {
        if (!on) {
            return;
        }
        on = false;
        try {
            count(session.offload(leaseA, leaseB, false));
            count(session.offload(leaseA, leaseB, false)); // with what a CPU was just looking at
            LOG.info("link {} is forwarded by this process", name);
        } catch (ConductorException e) {
            // A lease has ended, or the broker is gone, and the detour with it.
            LOG.info("link {} is no longer forwarded by the kernel: {}", name, e.getMessage());
        }
    }

    /** Reads the counters, if it is in the kernel. */
    void refresh(BrokerSession session) {
        if (on) {
            try {
                count(session.offload(leaseA, leaseB, true));
            } catch (ConductorException e) {
                on = false;
                refusal = e.getMessage();
                LOG.warn("link {} is no longer offloaded: {}", name, refusal);
            }
        }
    }

    private void count(Offloaded now) {
        count(a, b, last.getA(), now.getA());
        count(b, a, last.getB(), now.getB());
        last = now;
    }

    private static void count(PortState from, PortState to, OffloadCounters before, OffloadCounters now) {
        long packets = now.getPackets() - before.getPackets();
        long bytes = now.getBytes() - before.getBytes();
        from.offloaded.received(packets, bytes);
        to.offloaded.sent(packets, bytes);
        from.wasOffloaded = true;
        to.wasOffloaded = true;
    }
}
