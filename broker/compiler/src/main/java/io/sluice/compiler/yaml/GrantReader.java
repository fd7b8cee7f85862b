package io.sluice.compiler.yaml;

import io.sluice.broker.policy.BusyPoll;
import io.sluice.broker.policy.Fanout;
import io.sluice.broker.policy.IpGrant;
import io.sluice.broker.policy.PacketGrant;
import io.sluice.broker.policy.PolicyDecoder;
import io.sluice.broker.policy.Rings;
import io.sluice.broker.policy.TapGrant;
import io.sluice.broker.policy.XdpGrant;
import io.sluice.broker.policy.XdpMode;
import io.sluice.compiler.bpf.Assembler;
import io.sluice.compiler.bpf.ClassicFilter;
import io.sluice.compiler.bpf.Programs;
import io.sluice.policy.v1.BusyPollMessage;
import io.sluice.policy.v1.GrantMessage;
import io.sluice.policy.v1.IpMessage;
import io.sluice.policy.v1.PacketMessage;
import io.sluice.policy.v1.PlaceMessage;
import io.sluice.policy.v1.ProgramMessage;
import io.sluice.policy.v1.RingsMessage;
import io.sluice.policy.v1.TapMessage;
import io.sluice.policy.v1.XdpMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads grants, kind by kind, and assembles their programs. */
final class GrantReader {
    private static final List<String> KINDS = List.of("xdp", "packet", "tap", "udp", "gre", "l2tpv3", "raw");
    private static final Pattern QUEUES = Pattern.compile("(0|[1-9][0-9]{0,3})(?:-(0|[1-9][0-9]{0,3}))?");

    /** Entries of a packet socket's ring where the policy does not say. */
    private static final int RING_FRAMES = 2048;

    private static final String UNCONFINED = "true, as a packet socket reaches every device of its network namespace:"
            + " whoever holds it can re-bind it, read and send there whatever this grant says; or a jail in place of the interface";
    private static final String UNBOUNDED =
            "true, as whoever holds a packet socket without rings can make some of 4 GiB,"
                    + " which count nowhere; or ring-frames, which the broker makes and keeps";

    private final String name;
    private final Section section;

    private GrantReader(String name, Section section) {
        this.name = name;
        this.section = section;
    }

    /** The grant in {@code section}; empty if anything is wrong. */
    static Optional<GrantMessage> read(String name, Section section) {
        GrantReader reader = new GrantReader(name, section);
        return section.require("kind", "one of " + String.join(", ", KINDS))
                .word("kind", KINDS)
                .flatMap(kind -> switch (kind) {
                    case "xdp" -> reader.xdp();
                    case "packet" -> reader.packet();
                    case "tap" -> reader.tap();
                    default -> reader.ip(kind);
                });
    }

    private Optional<GrantMessage> make(
            Optional<PlaceMessage> place, Supplier<ProgramMessage> program, GrantMessage.Builder grant) {
        return section.make(() -> {
            GrantMessage made = grant.setName(name)
                    .setPlace(place.orElseThrow())
                    .setProgram(program.get())
                    .build();
            PolicyDecoder.grant(made); // as the broker will, so what it would refuse is refused here, with a line
            return made;
        });
    }

    private Optional<GrantMessage> xdp() {
        section.allow("kind interface jail queues mode force-copy rx-only rings busy-poll filter offload");
        Optional<PlaceMessage> place = PlaceReader.read(section);
        XdpMessage.Builder xdp = XdpMessage.newBuilder()
                .addAllQueues(queues())
                .setMode(section.choice("mode", XdpMode.AUTO).name())
                .setForceCopy(section.flag("force-copy", false))
                .setRxOnly(section.flag("rx-only", false))
                .setRings(rings(section.section("rings")));
        section.section("busy-poll").map(GrantReader::busyPoll).ifPresent(xdp::setBusyPoll);
        Optional<ClassicFilter> filter = section.filter();
        boolean offload = section.flag("offload", false);
        if (offload && (xdp.getRxOnly() || section.value("jail").isPresent())) {
            String expected = "false, as the kernel can't send "
                    + (xdp.getRxOnly() ? "by what is rx-only" : "from one network namespace, a jail, to another");
            section.bad(section.value("offload").orElseThrow(), "offload", expected);
        }
        GrantMessage.Builder grant = GrantMessage.newBuilder().setXdp(xdp);
        return make(place, () -> Assembler.assemble(Programs.xdpRedirect(filter, offload)), grant);
    }

    private List<Integer> queues() {
        List<Integer> queues = new ArrayList<>();
        List<Node> items = section.list("queues", "a list of queue ids and ranges, such as [0, 2-3]");
        items.forEach(item -> add(item, queues));
        if (queues.size() > XdpGrant.QUEUES.max()) {
            String expected = "at most " + XdpGrant.QUEUES.max() + " queues, not " + queues.size();
            section.bad(section.value("queues").orElseThrow(), "queues", expected);
        }
        return items.isEmpty() ? List.of(0) : queues;
    }

    private void add(Node item, List<Integer> queues) {
        Matcher range = QUEUES.matcher(Section.plain(item));
        int first = range.matches() ? Integer.parseInt(range.group(1)) : 0;
        int last = range.matches() && range.group(2) != null ? Integer.parseInt(range.group(2)) : first;
        if (!range.matches() || first > last || !XdpGrant.QUEUE.has(last)) {
            section.bad(item, "queue", "an id " + XdpGrant.QUEUE + ", or a range of them such as 2-3");
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

    private static RingsMessage rings(Optional<Section> found) {
        Rings rings = Rings.DEFAULT;
        RingsMessage.Builder message = RingsMessage.newBuilder()
                .setRx(rings.rx())
                .setTx(rings.tx())
                .setFill(rings.fill())
                .setCompletion(rings.completion());
        found.ifPresent(section -> {
            section.allow("rx tx fill completion");
            message.setRx(section.integer("rx", Rings.SIZES, rings.rx()))
                    .setTx(section.integer("tx", Rings.SIZES, rings.tx()))
                    .setFill(section.integer("fill", Rings.SIZES, rings.fill()))
                    .setCompletion(section.integer("completion", Rings.SIZES, rings.completion()));
        });
        return message.build();
    }

    private static BusyPollMessage busyPoll(Section section) {
        section.allow("timeout budget");
        String expected = "a time from 1us to 10ms, such as 20us";
        BusyPoll polls = BusyPoll.DEFAULT;
        long timeout =
                section.number("timeout", Section.MICROS, BusyPoll.TIMEOUT::has, expected, polls.timeoutMicros());
        return BusyPollMessage.newBuilder()
                .setTimeoutMicros((int) timeout)
                .setBudget(section.integer("budget", BusyPoll.BUDGET, polls.budget()))
                .build();
    }

    private Optional<GrantMessage> packet() {
        boolean jailed = section.value("jail").isPresent();
        section.allow("kind interface jail unconfined unbounded sockets fanout offloads promiscuous buffer ring-frames"
                + " filter");
        Optional<PlaceMessage> place = PlaceReader.read(section);
        if (jailed && section.value("unconfined").isPresent()) {
            section.problem("it has a jail and is unconfined; expected one of them");
        } else if (!jailed) {
            section.require("unconfined", UNCONFINED).text("unconfined", UNCONFINED, "true"::equals);
        }
        PacketMessage.Builder packet = PacketMessage.newBuilder()
                .setSockets(section.integer("sockets", PacketGrant.SOCKETS, 1))
                .setFanout(section.choice("fanout", Fanout.HASH).name())
                .setOffloads(section.flag("offloads", true))
                .setPromiscuous(section.flag("promiscuous", false));
        String size = "a size from 128KiB to 256MiB, such as 4MiB";
        packet.setBufferBytes((int) section.number("buffer", Section.BYTES, PacketGrant.BUFFER::has, size, 4 << 20));
        LongPredicate ring = frames -> frames == 0 || PacketGrant.RING.has(frames);
        int usual = section.value("unbounded").isPresent() ? 0 : RING_FRAMES;
        packet.setRingFrames(
                (int) section.number("ring-frames", Section.NUMBER, ring, "0 or " + PacketGrant.RING, usual));
        if (jailed && packet.getRingFrames() == 0) {
            section.require("unbounded", UNBOUNDED);
        }
        section.text("unbounded", UNBOUNDED, "true"::equals);
        Optional<ClassicFilter> filter = section.filter();
        GrantMessage.Builder grant = GrantMessage.newBuilder().setPacket(packet);
        boolean described = packet.getOffloads() && packet.getRingFrames() > 0;
        return make(place, () -> Assembler.assemble(Programs.packetFilter(filter, described)), grant);
    }

    private Optional<GrantMessage> tap() {
        section.allow("kind jail queues offloads").require("jail", "what it is confined to");
        Optional<PlaceMessage> jail = section.section("jail").flatMap(PlaceReader::jail);
        TapMessage.Builder tap = TapMessage.newBuilder()
                .setQueues(section.integer("queues", TapGrant.QUEUES, 1))
                .setOffloads(section.flag("offloads", true));
        GrantMessage.Builder grant = GrantMessage.newBuilder().setTap(tap);
        return make(jail, () -> Assembler.assemble(Programs.redirect()), grant);
    }

    private Optional<GrantMessage> ip(String kind) {
        boolean raw = kind.equals("raw");
        section.allow("kind jail" + (raw ? " protocol" : kind.equals("udp") ? " port" : ""));
        section.require("jail", "what it is confined to");
        if (raw) {
            section.require("protocol", "the number of a protocol of IP");
        }
        Optional<PlaceMessage> jail = section.section("jail").flatMap(PlaceReader::jail);
        int known = kind.equals("udp") ? 17 : kind.equals("gre") ? 47 : 115;
        IpMessage.Builder ip = IpMessage.newBuilder()
                .setKind(kind)
                .setProtocol(section.integer("protocol", IpGrant.PROTOCOL, known))
                .setPort(section.integer("port", IpGrant.PORT, 0));
        GrantMessage.Builder grant = GrantMessage.newBuilder().setIp(ip);
        return make(jail, () -> Assembler.assemble(Programs.packetFilter(Optional.empty())), grant);
    }
}
