package io.sluice.broker.policy;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.XdpRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * AF_XDP sockets on receive queues of a device, one a queue.
 *
 * @param queues ids, at least one, no duplicates
 * @param mode how the program is attached
 * @param forceCopy never zero-copy
 * @param rxOnly the sockets can never send
 * @param rings maxima; tx counts only if not {@code rxOnly}
 * @param busyPoll set before the sockets are handed over; absent: none
 * @param program of the device: what the sockets receive; the rest goes to the stack
 */
public record XdpGrant(
        String name,
        Place place,
        List<Integer> queues,
        XdpMode mode,
        boolean forceCopy,
        boolean rxOnly,
        Rings rings,
        Optional<BusyPoll> busyPoll,
        Program program)
        implements Grant {
    public static final Range QUEUE = new Range(0, 4095);
    public static final Range QUEUES = new Range(1, 252); // a reply carries 253 descriptors; one may be the pool's

    public XdpGrant {
        queues = checked(queues);
        Require.name(name);
    }

    @Override
    public String kind() {
        return "xdp";
    }

    @Override
    public XdpOrder narrow(GrantRequest request) {
        XdpRequest wish = request.getXdp();
        boolean silent = rxOnly || wish.getRxOnly();
        return new XdpOrder(
                name,
                place,
                wish.getQueuesCount() == 0 ? queues : wish.getQueuesList(),
                switch (wish.getMode()) {
                    case XDP_MODE_AUTO -> mode;
                    case XDP_MODE_NATIVE -> XdpMode.NATIVE;
                    case XDP_MODE_SKB -> XdpMode.SKB;
                    case UNRECOGNIZED -> throw new IllegalArgumentException("mode is not one of AUTO, NATIVE, SKB");
                },
                forceCopy || wish.getForceCopy(),
                silent,
                new Rings(
                        orElse(wish.getRxRing(), rings.rx()),
                        orElse(wish.getTxRing(), silent ? 0 : rings.tx()),
                        orElse(wish.getFillRing(), rings.fill()),
                        orElse(wish.getCompletionRing(), rings.completion())),
                orElse(wish.getChunkSize(), 2048),
                wish.getHeadroom(),
                wish.getNoBusyPoll() ? Optional.empty() : busyPoll,
                program);
    }

    private static int orElse(int wish, int otherwise) {
        return wish == 0 ? otherwise : wish;
    }

    @Override
    public Optional<String> excess(Order any) {
        if (!(any instanceof XdpOrder order)) {
            return Optional.of("it is an order of another kind");
        }
        boolean polls = order.busyPoll().isPresent() && !order.busyPoll().equals(busyPoll);
        return new Excess()
                .same("name", order.grant(), name)
                .same("device", order.place(), place)
                .check(queues.containsAll(order.queues()), "queues", order.queues(), queues)
                .check(mode == XdpMode.AUTO || mode == order.mode(), "mode", order.mode(), mode)
                .check(order.forceCopy() || !forceCopy, "force-copy", order.forceCopy(), forceCopy)
                .check(order.rxOnly() || !rxOnly, "rx-only", order.rxOnly(), rxOnly)
                .atMost("rx ring", order.rings().rx(), rings.rx())
                .atMost("tx ring", order.rings().tx(), rings.tx())
                .atMost("fill ring", order.rings().fill(), rings.fill())
                .atMost("completion ring", order.rings().completion(), rings.completion())
                .same("filter", order.program(), program)
                .check(!polls, "busy-poll", order.busyPoll(), busyPoll)
                .found();
    }

    static List<Integer> checked(List<Integer> queues) {
        QUEUES.check("number of queues", queues.size());
        queues.forEach(queue -> QUEUE.check("queue", queue));
        Require.that(new HashSet<>(queues).size() == queues.size(), "queues " + queues + " name one twice");
        return List.copyOf(queues);
    }
}
