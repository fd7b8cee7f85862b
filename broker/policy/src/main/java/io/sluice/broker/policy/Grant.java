package io.sluice.broker.policy;

import io.sluice.grant.v1.GrantInfo;
import io.sluice.grant.v1.GrantRequest;
import java.util.List;
import java.util.Optional;

/** What a tenant may ask for, by name. A request narrows it, see {@link Decision}. */
public sealed interface Grant permits XdpGrant, PacketGrant, TapGrant, IpGrant {
    /** Unique within the tenant. */
    String name();

    /** The word of the policy file, such as {@code xdp}. */
    String kind();

    /** Where the network device is. */
    Place place();

    /** xdp: ids of receive queues; packet: the sockets, counted from 0. */
    List<Integer> queues();

    /** The grant, less what the request leaves out of it; throws IllegalArgumentException if that is no order at all. */
    Order narrow(GrantRequest request);

    /** In what the order goes beyond this grant, whatever it was made from; empty if this grant allows it. */
    Optional<String> excess(Order order);

    /** What its tenant is told about it. */
    default GrantInfo describe() {
        return GrantInfo.newBuilder()
                .setName(name())
                .setKind(kind())
                .setInterface(place().shown())
                .addAllQueues(queues())
                .build();
    }
}
