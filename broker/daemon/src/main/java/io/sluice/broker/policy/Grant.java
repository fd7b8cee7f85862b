package io.sluice.broker.policy;

import io.sluice.grant.v1.GrantInfo;
import java.util.List;

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
