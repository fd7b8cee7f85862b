package io.sluice.broker.policy;

import io.sluice.broker.bpf.ClassicFilter;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.XdpRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * AF_XDP sockets on receive queues of a device, one a queue.
 *
 * @param queues ids, at least one, no duplicates
 * @param mode how the program is attached
 * @param forceCopy never zero-copy
 * @param rxOnly the sockets can never send
 * @param rings maxima; tx counts only if not {@code rxOnly}
 * @param busyPoll set before the sockets are handed over; absent: none
 * @param filter only what matches it is received, the rest goes to the stack
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
        Optional<ClassicFilter> filter)
        implements Grant {
    private static final Range QUEUE = new Range(0, 4095);
    private static final Range QUEUES = new Range(1, 252); // a reply carries 253 descriptors; one may be the pool's
    private static final Pattern ITEM = Pattern.compile("(0|[1-9][0-9]{0,3})(?:-(0|[1-9][0-9]{0,3}))?");

    public XdpGrant {
        queues = checked(queues);
        Require.name(name);
    }

    static Optional<Grant> read(String name, Section section) {
        section.allow("kind interface jail queues mode force-copy rx-only rings busy-poll filter");
        Optional<Place> place = Place.read(section);
        List<Integer> queues = queues(section);
        XdpMode mode = section.choice("mode", XdpMode.AUTO);
        boolean forceCopy = section.flag("force-copy", false);
        boolean rxOnly = section.flag("rx-only", false);
        Rings rings = section.section("rings").map(Rings::read).orElse(Rings.DEFAULT);
        Optional<BusyPoll> busyPoll = section.section("busy-poll").map(BusyPoll::read);
        Optional<ClassicFilter> filter = section.filter();
        return section.make(() ->
                new XdpGrant(name, place.orElseThrow(), queues, mode, forceCopy, rxOnly, rings, busyPoll, filter));
    }

    private static List<Integer> queues(Section section) {
        List<Integer> queues = new ArrayList<>();
        List<Node> items = section.list("queues", "a list of queue ids and ranges, such as [0, 2-3]");
        items.forEach(item -> add(section, item, queues));
        if (queues.size() > QUEUES.max()) {
            String expected = "at most " + QUEUES.max() + " queues, not " + queues.size();
            section.bad(section.value("queues").orElseThrow(), "queues", expected);
        }
        return items.isEmpty() ? List.of(0) : queues;
    }

    private static void add(Section section, Node item, List<Integer> queues) {
        Matcher range = ITEM.matcher(Section.plain(item));
        int first = range.matches() ? Integer.parseInt(range.group(1)) : 0;
        int last = range.matches() && range.group(2) != null ? Integer.parseInt(range.group(2)) : first;
        if (!range.matches() || first > last || !QUEUE.has(last)) {
            section.bad(item, "queue", "an id " + QUEUE + ", or a range of them such as 2-3");
            return;
        }
        for (int queue = first; queue <= last; queue++) {
            if (queues.contains(queue)) {
                section.problem(item, "queue " + queue + " is in the list already; expected each queue once");
                return;
            }
            queues.add(queue);
        }
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
                filter);
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
                .same("filter", order.filter(), filter)
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
