package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.lab.Flow;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Frames.Transport;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Coalescing.Packet;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes: cut again, it is what came, byte by byte and in the order of each flow. */
class CoalescerPropertyTest {
    private static final List<Transport> TRANSPORTS = List.of(Transport.values());
    private static final int ROUNDS = 150;

    private Random random;

    /** A packet, and what a port without vnet headers would send of it. */
    private record Case(Packet packet, List<byte[]> plain) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void whatIsCutAgainIsWhatCame(long seed) throws Exception {
        random = new Random(seed);
        long merged = 0;
        try (Coalescing bench = new Coalescing(12)) {
            for (int round = 0; round < ROUNDS; round++) {
                List<Case> cases = cases(1 + random.nextInt(Vector.CAPACITY - 1));
                List<Packet> packets = cases.stream().map(Case::packet).toList();
                long before = bench.counters.merged();
                List<Packet> out = bench.run(random.nextInt(8) == 0 ? Offload.TX_TCP4.bit() : Coalescing.ALL, packets);
                assertThat((long) out.size()).isEqualTo(packets.size() - (bench.counters.merged() - before));
                Map<String, List<String>> expected = new LinkedHashMap<>();
                cases.forEach(one -> one.plain().forEach(frame -> note(expected, frame)));
                Map<String, List<String>> actual = new LinkedHashMap<>();
                bench.plain(out).forEach(frame -> note(actual, frame));
                assertThat(actual).as("round %d", round).containsExactlyInAnyOrderEntriesOf(expected);
            }
            merged = bench.counters.merged();
            assertThat(bench.counters.get(PortCounter.RX_SUPERFRAMES)).isGreaterThan(ROUNDS);
        }
        assertThat(merged).as("it is about something").isGreaterThan(10L * ROUNDS);
    }

    private List<Case> cases(int count) {
        List<Flow> flows = new ArrayList<>();
        List<Transport> transports = new ArrayList<>();
        int[] sizes = new int[1 + random.nextInt(random.nextInt(10) == 0 ? 24 : 6)];
        for (int i = 0; i < sizes.length; i++) {
            Transport transport = TRANSPORTS.get(random.nextInt(TRANSPORTS.size()));
            transports.add(transport);
            flows.add(new Flow(transport, i));
            sizes[i] = 1 + random.nextInt(1_448);
        }
        List<Case> cases = new ArrayList<>();
        int chaos = random.nextInt(3) * 4;
        int flow = 0;
        while (cases.size() < count) {
            if (random.nextInt(8) == 0) {
                flow = random.nextInt(sizes.length);
            }
            byte[] frame = flows.get(flow).next(sizes[flow]);
            if (random.nextInt(100) < chaos) {
                frame = odd(flows.get(flow), transports.get(flow), frame);
            }
            cases.add(wrapped(transports.get(flow), frame));
        }
        return cases;
    }

    private byte[] odd(Flow flow, Transport transport, byte[] frame) {
        boolean tcp = transport == Transport.TCP4 || transport == Transport.TCP6;
        return switch (random.nextInt(9)) {
            case 0 -> flow.next(random.nextInt(1_400)); // a gap, another length
            case 1 -> Arrays.copyOf(frame, frame.length + 1 + random.nextInt(6)); // padding
            case 2 -> Arrays.copyOf(frame, 1 + random.nextInt(frame.length)); // cut short
            case 3 ->
                frame.length > 60 ? flow.changed(frame, random.nextInt(frame.length), random.nextInt(256)) : frame;
            case 4 -> flow.changed(frame, random.nextInt(transport.headers()), random.nextInt(256));
            case 5 -> broken(frame);
            case 6 -> tcp ? flow.flagged(frame, random.nextInt(256)) : frame;
            case 7 -> tcp ? flow.flagged(frame, 0x18) : frame;
            default -> Frames.tagged(frame, random.nextBoolean() ? 0x8100 : 0x88a8, random.nextInt(3));
        };
    }

    private byte[] broken(byte[] frame) {
        byte[] copy = frame.clone();
        copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
        return copy;
    }

    private Case wrapped(Transport transport, byte[] frame) {
        boolean whole = frame.length > transport.headers()
                && frame[12] != (byte) 0x81
                && frame[12] != (byte) 0x88
                && Arrays.equals(frame, Frames.completed(transport, frame));
        return switch (random.nextInt(6)) {
            case 0 -> new Case(new Packet(new byte[10], frame), List.of(frame));
            case 1 ->
                whole
                        ? new Case(new Packet(transport.vnetHeader(), Frames.partial(transport, frame)), List.of(frame))
                        : new Case(Packet.plain(frame), List.of(frame));
            case 2 -> {
                byte[] valid = new byte[10];
                valid[0] = (byte) (whole ? 2 : 0);
                yield new Case(new Packet(valid, frame), List.of(frame));
            }
            default -> new Case(Packet.plain(frame), List.of(frame));
        };
    }

    /** By flow: addresses and ports where they can be read, else each packet by itself. */
    private static void note(Map<String, List<String>> frames, byte[] frame) {
        String hex = HexFormat.of().formatHex(frame);
        frames.computeIfAbsent(key(frame, hex), none -> new ArrayList<>()).add(hex);
    }

    private static String key(byte[] frame, String hex) {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        int ip = 14;
        while (frame.length >= ip + 4 && isTag(bytes.getShort(ip - 2))) {
            ip += 4;
        }
        if (frame.length < ip + 28) {
            return hex;
        }
        boolean ipv4 = bytes.getShort(ip - 2) == 0x0800 && frame[ip] == 0x45 && (bytes.getShort(ip + 6) & 0x3fff) == 0;
        boolean ipv6 = bytes.getShort(ip - 2) == (short) 0x86dd && frame[ip] >> 4 == 6 && frame.length >= ip + 48;
        int protocol = ipv4 ? frame[ip + 9] : ipv6 ? frame[ip + 6] : 0;
        if (protocol != 6 && protocol != 17) {
            return hex;
        }
        int from = ip + (ipv4 ? 12 : 8);
        return protocol + hex.substring(2 * from, 2 * (ip + (ipv4 ? 24 : 44)));
    }

    private static boolean isTag(short ethertype) {
        return ethertype == (short) 0x8100 || ethertype == (short) 0x88a8;
    }
}
