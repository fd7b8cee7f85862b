package io.sluice.broker.policy;

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
 */
public record XdpGrant(
        String name,
        String interfaceName,
        List<Integer> queues,
        XdpMode mode,
        boolean forceCopy,
        boolean rxOnly,
        Rings rings,
        Optional<BusyPoll> busyPoll)
        implements Grant {
    /** Largest queue id. */
    public static final int MAX_QUEUE = 4095;
    /** Most queues of a grant: a reply carries 253 descriptors, and one of them may be the pool's. */
    public static final int MAX_QUEUES = 252;

    public XdpGrant {
        queues = checked(queues);
        Require.names(name, interfaceName);
    }

    @Override
    public String kind() {
        return "xdp";
    }

    @Override
    public Optional<String> excess(Order any) {
        if (!(any instanceof XdpOrder order)) {
            return Optional.of("it is an order of another kind");
        }
        Rings wish = order.rings();
        return new Excess()
                .same("name", order.grant(), name)
                .same("interface", order.interfaceName(), interfaceName)
                .check(queues.containsAll(order.queues()), "queues", order.queues(), queues)
                .check(mode == XdpMode.AUTO || mode == order.mode(), "mode", order.mode(), mode)
                .check(order.forceCopy() || !forceCopy, "force-copy", order.forceCopy(), forceCopy)
                .check(order.rxOnly() || !rxOnly, "rx-only", order.rxOnly(), rxOnly)
                .atMost("rx ring", wish.rx(), rings.rx())
                .atMost("tx ring", wish.tx(), rings.tx())
                .atMost("fill ring", wish.fill(), rings.fill())
                .atMost("completion ring", wish.completion(), rings.completion())
                .check(
                        order.busyPoll().isEmpty() || order.busyPoll().equals(busyPoll),
                        "busy-poll",
                        order.busyPoll(),
                        busyPoll)
                .found();
    }

    static List<Integer> checked(List<Integer> queues) {
        Require.range("number of queues", queues.size(), 1, MAX_QUEUES);
        queues.forEach(queue -> Require.range("queue", queue, 0, MAX_QUEUE));
        Require.that(new HashSet<>(queues).size() == queues.size(), "queues " + queues + " name one twice");
        return List.copyOf(queues);
    }
}
