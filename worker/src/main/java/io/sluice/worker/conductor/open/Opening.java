package io.sluice.worker.conductor.open;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.GrantInfo;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Lease;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.engine.DataPath;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.sys.InheritedFds;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** One port being opened: what an opener works with. Whatever fails, nothing is held afterwards. */
final class Opening {
    /** Bytes without the Ethernet header, where no device has another one. */
    private static final int DEFAULT_MTU = 1500;

    private final PortPlan plan;
    private final Grants grants;
    private final DataPath dataPath;
    private final boolean sealed;
    private final InheritedFds inherited;

    Opening(PortPlan plan, Grants grants, DataPath dataPath, boolean sealed, InheritedFds inherited) {
        this.inherited = inherited;
        this.plan = plan;
        this.grants = grants;
        this.dataPath = dataPath;
        this.sealed = sealed;
    }

    /** Makes a port of the worker's own descriptors. Runs in the data-path thread, to which the frame pool belongs. */
    interface Maker {
        /** Closes what it has opened if it fails. */
        Port make() throws IOException;
    }

    /** Makes a port of a lease. Runs in the data-path thread. */
    interface LeaseMaker {
        /** @param fds those of the lease, consumed; closed for the maker if it fails */
        Port make(Lease lease, List<Fd> fds) throws IOException;
    }

    PortPlan plan() {
        return plan;
    }

    DataPath dataPath() {
        return dataPath;
    }

    /** The frames of the thread in which ports are opened, for a queue that may move to another one. */
    FramePool pool() {
        return dataPath.pool().view();
    }

    /** See {@link Grants#holders()}. */
    List<Integer> holders() {
        return grants.holders();
    }

    // Without the broker

    /** Opens the port by {@code maker}. */
    Port own(Maker maker) throws ConductorException {
        try {
            return inDataPath(maker);
        } catch (IllegalStateException e) {
            throw failed(e);
        }
    }

    /** A descriptor that the worker was started with; owned by the caller. */
    Fd inherited(int number) throws IOException {
        return inherited.lend(number);
    }

    /**
     * Stops here if the worker gave up opening sockets and files.
     *
     * @param what it would open: "a UDP socket"
     * @param instead what else there is: "a grant of kind udp"
     */
    void requireOpenable(String what, String instead) throws ConductorException {
        if (sealed) {
            throw new ConductorException(
                    Kind.REFUSED,
                    "port " + plan.name() + ": a sealed worker can't open " + what + " by itself; use " + instead
                            + ", or start the worker without --sealed");
        }
    }

    // With the broker

    /**
     * The grant to use for a socket of {@code kind}: the one that was named, else the tenant's only one.
     *
     * @return empty: none was named and there is none
     * @throws ConductorException there are several
     */
    Optional<GrantRef> grantOr(Optional<GrantRef> named, String kind) throws ConductorException {
        if (named.isPresent()) {
            return named;
        }
        List<GrantInfo> fitting = grants.grants().stream()
                .filter(grant -> grant.getKind().equals(kind))
                .toList();
        if (fitting.size() > 1) {
            throw new ConductorException(
                    Kind.INVALID,
                    "port " + plan.name() + ": name one of the " + kind + " grants of tenant " + grants.tenant() + ": "
                            + fitting.stream().map(GrantInfo::getName).toList());
        }
        return fitting.stream().findFirst().map(grant -> new GrantRef.Named(grant.getName()));
    }

    /** Asks for a lease and opens the port by {@code maker}; if that fails the lease is given back. */
    Port leased(GrantRef grant, GrantRequest narrow, LeaseMaker maker) throws ConductorException {
        BrokerClient.Acquisition acquired =
                grants.acquire(narrow.toBuilder().setGrant(name(grant)).build());
        int count = acquired.reply().getLeasesCount();
        if (count != 1) {
            acquired.fds().forEach(Fd::close);
            acquired.reply().getLeasesList().forEach(extra -> grants.release(extra.getId()));
            throw new ConductorException(
                    Kind.REFUSED, "the broker answered with " + count + " leases where one was asked for");
        }
        Lease lease = acquired.reply().getLeases(0);
        try {
            return inDataPath(() -> maker.make(lease, acquired.fds()));
        } catch (IllegalStateException e) {
            acquired.fds().forEach(Fd::close);
            grants.release(lease.getId());
            throw failed(e);
        }
    }

    private String name(GrantRef grant) throws ConductorException {
        if (grant instanceof GrantRef.Named named) {
            return named.name();
        }
        GrantRef.OnInterface wanted = (GrantRef.OnInterface) grant;
        List<GrantInfo> all = grants.grants();
        return all.stream()
                .filter(info -> info.getKind().equals(wanted.kind())
                        && info.getInterface().equals(wanted.interfaceName()))
                .map(GrantInfo::getName)
                .findFirst()
                .orElseThrow(() -> new ConductorException(
                        Kind.NOT_FOUND,
                        "the policy has no " + wanted.kind() + " grant for interface " + wanted.interfaceName()
                                + " for tenant " + grants.tenant() + "; it has " + describe(all)));
    }

    private static List<String> describe(List<GrantInfo> grants) {
        return grants.stream()
                .map(info -> info.getName() + " (" + info.getKind()
                        + (info.getInterface().isEmpty() ? "" : " on " + info.getInterface()) + ")")
                .toList();
    }

    // What openers say

    // Every port is made for the longest vectors; how long they are is the data path's business, and can change.

    /** What is known of a port without a device of the broker's. */
    PortInfo info(String kind, String interfaceName, List<String> features) {
        return info(kind, interfaceName, DEFAULT_MTU, features);
    }

    /** The same on a device with this MTU. */
    PortInfo info(String kind, String interfaceName, int deviceMtu, List<String> features) {
        int mtu = plan.mtu().orElse(deviceMtu);
        return new PortInfo(plan.name(), kind, "", 0, interfaceName, 0, mtu, "", Vector.CAPACITY, features);
    }

    /** What is known of a port over a lease. */
    PortInfo info(String kind, Lease lease, List<String> features) {
        return new PortInfo(
                plan.name(),
                kind,
                lease.getGrant(),
                lease.getId(),
                lease.getDevice().getName(),
                lease.getDevice().getIfindex(),
                plan.mtu().orElse(lease.getDevice().getMtu()),
                HexFormat.ofDelimiter(":").formatHex(lease.getDevice().getMac().toByteArray()),
                Vector.CAPACITY,
                features);
    }

    private Port inDataPath(Maker maker) {
        return dataPath.call(() -> {
            try {
                return maker.make();
            } catch (IOException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        });
    }

    private ConductorException failed(IllegalStateException e) {
        return new ConductorException(Kind.REFUSED, "port " + plan.name() + " can't be opened: " + e.getMessage(), e);
    }
}
