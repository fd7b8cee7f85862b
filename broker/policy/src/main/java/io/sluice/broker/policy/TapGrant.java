package io.sluice.broker.policy;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.TapLease;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Queues of a tap device in a jail. A request takes it whole, so that the grant is its own order.
 *
 * @param count of queues, each a descriptor
 * @param offloads a virtio_net_hdr precedes each frame, so that superframes pass whole
 * @param program passes frames on between the tap and the device, either way
 */
public record TapGrant(String name, Place.Jail place, int count, boolean offloads, Program program)
        implements Grant, Order {
    public static final Range QUEUES = new Range(1, 32);

    public TapGrant {
        Require.name(name);
        QUEUES.check("queues", count);
    }

    @Override
    public String grant() {
        return name;
    }

    @Override
    public String kind() {
        return "tap";
    }

    @Override
    public List<Integer> queues() {
        return IntStream.range(0, count).boxed().toList();
    }

    /** What the client is told that it got, with {@code firstFd} the index of the first queue in the reply. */
    public void describe(Lease.Builder lease, int firstFd) {
        TapLease.Builder tap = lease.getTapBuilder().setVnetHeader(offloads ? PacketOrder.VNET_HEADER_BYTES : 0);
        queues().forEach(i -> tap.addFds(firstFd + i));
    }

    /** The device's own queues (TUN_READQ_SIZE is 500 superframes at most) are the kernel's, not the tenant's to size. */
    @Override
    public long memory() {
        return 0;
    }

    @Override
    public Order narrow(GrantRequest request) {
        return this;
    }

    @Override
    public Optional<String> excess(Order order) {
        return new Excess().same("grant", order, this).found();
    }
}
