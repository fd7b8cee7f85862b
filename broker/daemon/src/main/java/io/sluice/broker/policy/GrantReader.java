package io.sluice.broker.policy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads one grant; each kind has its own keys. */
final class GrantReader {
    private static final Pattern QUEUES = Pattern.compile("(0|[1-9][0-9]{0,3})(?:-(0|[1-9][0-9]{0,3}))?");
    private static final String INTERFACE =
            "the name of a network device, 1 to 15 printable ASCII characters without blanks, / and :";
    private static final String UNCONFINED = "true, as a packet socket reaches every device of its network namespace:"
            + " whoever holds it can re-bind it, read and send there whatever this grant says";

    private final String name;
    private final Section section;

    GrantReader(Problems problems, String name, Node node) {
        this.name = name;
        this.section = new Section(problems, "grant " + Words.quote(name), node);
    }

    /** The grant; empty if it is so wrong that there is none, which the problems say then. */
    Optional<Grant> read() {
        Map<String, Supplier<Optional<Grant>>> kinds = new LinkedHashMap<>();
        kinds.put("xdp", this::xdp);
        kinds.put("packet", this::packet);
        section.requires("kind", "one of " + String.join(", ", kinds.keySet()));
        return section.oneOf("kind", kinds).flatMap(Supplier::get);
    }

    private Optional<Grant> xdp() {
        section.allow("kind interface queues mode force-copy rx-only rings busy-poll");
        List<Integer> queues = queues();
        XdpMode mode = section.choice("mode", XdpMode.AUTO);
        boolean forceCopy = section.flag("force-copy", false);
        boolean rxOnly = section.flag("rx-only", false);
        Rings rings = section.section("rings").map(GrantReader::rings).orElse(Rings.DEFAULT);
        Optional<BusyPoll> busyPoll = section.section("busy-poll").map(GrantReader::busyPoll);
        return device().map(device -> new XdpGrant(name, device, queues, mode, forceCopy, rxOnly, rings, busyPoll));
    }

    private Optional<Grant> packet() {
        section.allow("kind interface unconfined sockets fanout offloads promiscuous buffer ring-frames");
        section.requires("unconfined", UNCONFINED);
        section.text("unconfined", UNCONFINED, "true"::equals);
        int sockets = section.integer("sockets", 1, 1, PacketGrant.MAX_SOCKETS);
        Fanout fanout = section.choice("fanout", Fanout.HASH);
        boolean offloads = section.flag("offloads", true);
        boolean promiscuous = section.flag("promiscuous", false);
        int buffer = (int)
                section.bytes("buffer", PacketGrant.DEFAULT_BUFFER, PacketGrant.MIN_BUFFER, PacketGrant.MAX_BUFFER);
        int frames = (int) section.number(
                "ring-frames",
                0,
                Units.NUMBER,
                "0 or a power of two from " + PacketGrant.MIN_RING_FRAMES + " to " + PacketGrant.MAX_RING_FRAMES,
                value -> value == 0 || Require.isRing(value, PacketGrant.MIN_RING_FRAMES, PacketGrant.MAX_RING_FRAMES));
        return device().map(device ->
                new PacketGrant(name, device, sockets, fanout, offloads, promiscuous, buffer, frames));
    }

    private Optional<String> device() {
        section.requires("interface", INTERFACE);
        return section.text("interface", INTERFACE, Require.INTERFACE.asMatchPredicate())
                .filter(valid -> Require.isName(name));
    }

    private static Rings rings(Section section) {
        section.allow("rx tx fill completion");
        return new Rings(
                section.ring("rx", Rings.DEFAULT.rx()),
                section.ring("tx", Rings.DEFAULT.tx()),
                section.ring("fill", Rings.DEFAULT.fill()),
                section.ring("completion", Rings.DEFAULT.completion()));
    }

    private static BusyPoll busyPoll(Section section) {
        section.allow("timeout budget");
        int timeout = (int) section.number(
                "timeout",
                BusyPoll.DEFAULT.timeoutMicros(),
                Units.MICROS,
                "a time from 1us to 10ms, such as 20us",
                value -> value >= 1 && value <= BusyPoll.MAX_TIMEOUT_MICROS);
        return new BusyPoll(timeout, section.integer("budget", BusyPoll.DEFAULT.budget(), 1, BusyPoll.MAX_BUDGET));
    }

    private List<Integer> queues() {
        List<Integer> queues = new ArrayList<>();
        section.list("queues", "a list of queue ids and ranges, such as [0, 2-3]")
                .forEach(item -> add(item, queues));
        if (queues.size() > XdpGrant.MAX_QUEUES) {
            section.bad("queues", "at most " + XdpGrant.MAX_QUEUES + " queues, not " + queues.size());
            queues.clear();
        }
        // None at all, or wrong ones, which is a problem by now: the default.
        return queues.isEmpty() ? List.of(0) : queues;
    }

    private void add(Node item, List<Integer> queues) {
        Matcher range = QUEUES.matcher(Section.plain(item));
        int first = range.matches() ? Integer.parseInt(range.group(1)) : 0;
        int last = range.matches() && range.group(2) != null ? Integer.parseInt(range.group(2)) : first;
        if (!range.matches() || first > last || last > XdpGrant.MAX_QUEUE) {
            String expected = "an id from 0 to " + XdpGrant.MAX_QUEUE + ", or a range of them such as 2-3";
            section.problem(item, "queue is " + Section.shown(item) + "; expected " + expected);
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
}
