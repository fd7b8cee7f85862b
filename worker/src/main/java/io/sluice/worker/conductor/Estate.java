package io.sluice.worker.conductor;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.Lease;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The leases that a predecessor left, until a port takes them. */
final class Estate {
    private final Map<Long, BrokerClient.Acquisition> left = new LinkedHashMap<>();

    /** Nothing. */
    Estate() {}

    /**
     * @param adopted what the broker has passed on; the leases' descriptors are consumed
     */
    Estate(BrokerClient.Acquisition adopted) {
        for (Lease lease : adopted.reply().getLeasesList()) {
            List<Fd> own = new ArrayList<>();
            Lease alone = alone(lease, adopted.fds(), own);
            left.put(
                    lease.getId(),
                    new BrokerClient.Acquisition(
                            Acquired.newBuilder().addLeases(alone).build(), own));
        }
    }

    /** The lease as it would be if it had come alone, and the descriptors that would have come with it. */
    private static Lease alone(Lease lease, List<Fd> all, List<Fd> own) {
        Lease.Builder alone = lease.toBuilder();
        switch (lease.getKindCase()) {
            case XDP ->
                alone.getXdpBuilder().getQueuesBuilderList().forEach(queue -> {
                    own.add(all.get(queue.getFd()));
                    queue.setFd(own.size() - 1);
                });
            case PACKET -> {
                lease.getPacket().getFdsList().forEach(fd -> own.add(all.get(fd)));
                alone.getPacketBuilder().clearFds().addAllFds(indices(own));
            }
            case TAP -> {
                lease.getTap().getFdsList().forEach(fd -> own.add(all.get(fd)));
                alone.getTapBuilder().clearFds().addAllFds(indices(own));
            }
            case IP -> {
                own.add(all.get(lease.getIp().getFd()));
                alone.getIpBuilder().setFd(0);
            }
            case KIND_NOT_SET -> {}
        }
        return alone.build();
    }

    private static List<Integer> indices(List<Fd> fds) {
        List<Integer> indices = new ArrayList<>();
        for (int i = 0; i < fds.size(); i++) {
            indices.add(i);
        }
        return indices;
    }

    /**
     * What there is of a lease, once. Not of one with TPACKET rings: where the dead process was in them can't be told for
     * sure, so it is better opened anew.
     */
    Optional<BrokerClient.Acquisition> take(long lease) {
        BrokerClient.Acquisition there = left.get(lease);
        if (there == null || there.reply().getLeases(0).getPacket().hasRing()) {
            return Optional.empty();
        }
        return Optional.of(left.remove(lease));
    }

    /** Closes the descriptors of what nobody took, and tells which leases that are, to be released. */
    List<Long> rest() {
        List<Long> leases = List.copyOf(left.keySet());
        left.values().forEach(each -> each.fds().forEach(Fd::close));
        left.clear();
        return leases;
    }
}
