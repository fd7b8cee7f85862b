package io.sluice.broker.policy;

import java.util.List;

/** Exactly what is to be made: a grant, narrowed by a request. */
public sealed interface Order permits XdpOrder, PacketOrder, TapGrant, IpGrant {
    /** The grant's name. */
    String grant();

    /** The word of the policy file, such as {@code xdp}. */
    String kind();

    /** Where the network device is. */
    Place place();

    /** xdp: ids of receive queues; else the sockets, counted from 0. */
    List<Integer> queues();

    /** Bytes of kernel memory that it takes, to be charged to the tenant; docs/policy.md says what counts. */
    long memory();
}
