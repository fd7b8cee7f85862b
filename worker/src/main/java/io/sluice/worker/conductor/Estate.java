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
import java.util.stream.IntStream;

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
                List<Integer> senders = lease.getPacket().getSendFdsList();
                lease.getPacket().getFdsList().forEach(fd -> own.add(all.get(fd)));
                alone.getPacketBuilder().clearFds().addAllFds(indices(0, own.size()));
                alone.getPacketBuilder().clearSendFds().addAllSendFds(indices(own.size(), senders.size()));
                senders.forEach(fd -> own.add(all.get(fd)));
            }
            case TAP -> {
                lease.getTap().getFdsList().forEach(fd -> own.add(all.get(fd)));
                alone.getTapBuilder().clearFds().addAllFds(indices(0, own.size()));
            }
            case IP -> {
                own.add(all.get(lease.getIp().getFd()));
                alone.getIpBuilder().setFd(0);
            }
            case KIND_NOT_SET -> {}
        }
        return alone.build();
    }

    private static List<Integer> indices(int from, int count) {
        return IntStream.range(from, from + count).boxed().toList();
    }

    /** What there is of a lease, once. */
    Optional<BrokerClient.Acquisition> take(long lease) {
        return Optional.ofNullable(left.remove(lease));
    }

    /** Closes the descriptors of what nobody took, and tells which leases that are, to be released. */
    List<Long> rest() {
        List<Long> leases = List.copyOf(left.keySet());
        left.values().forEach(each -> each.fds().forEach(Fd::close));
        left.clear();
        return leases;
    }
}
