package io.sluice.broker.policy;

/** Exactly what is to be made: a grant, narrowed by a request. */
public sealed interface Order permits XdpOrder, PacketOrder {
    /** The grant's name. */
    String grant();

    /** The network device. */
    String interfaceName();

    /** Bytes of kernel memory that it takes, to be charged to the tenant; docs/policy.md says what counts. */
    long memory();
}
