package io.sluice.broker.policy;

import io.sluice.grant.v1.GrantInfo;
import java.util.List;
import java.util.Optional;

/** What a tenant may ask for, by name. A request narrows it, see {@link Decisions}. */
public sealed interface Grant permits XdpGrant, PacketGrant {
    /** Unique within the tenant. */
    String name();

    /** {@code xdp} or {@code packet}. */
    String kind();

    /** The network device, in the broker's network namespace. */
    String interfaceName();

    /** xdp: ids of receive queues; packet: the sockets, counted from 0. */
    List<Integer> queues();

    /**
     * In what the order goes beyond this grant; empty if this grant allows it. Whatever the order was made from: after a
     * reload of the policy, this says whether a lease may stay.
     */
    Optional<String> excess(Order order);

    /** What its tenant is told about it. */
    default GrantInfo describe() {
        return GrantInfo.newBuilder()
                .setName(name())
                .setKind(kind())
                .setInterface(interfaceName())
                .addAllQueues(queues())
                .build();
    }
}
