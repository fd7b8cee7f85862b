package io.sluice.worker.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.port.PortCounter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** A cross-connect between any two kinds of port. */
@Tag("kernel")
@Timeout(60)
@ParameterizedClass
@MethodSource("pairs")
class MixedLinkTest extends LinkBench {
    static Stream<List<PortKind>> pairs() {
        return Stream.of(
                List.of(PortKind.PACKET_OFFLOADS, PortKind.XDP_NATIVE),
                List.of(PortKind.PACKET_OFFLOADS, PortKind.PACKET_OFFLOADS),
                List.of(PortKind.PACKET_THREE_SOCKETS, PortKind.XDP_NATIVE_TWO_QUEUES),
                List.of(PortKind.XDP_NATIVE_BUSY_POLL, PortKind.XDP_SKB),
                List.of(PortKind.XDP_NATIVE, PortKind.XDP_NATIVE));
    }

    @Test
    void framesPassBothWaysAndTheBalanceIsExact() throws Exception {
        Random random = new Random(4);
        int sent = 0;
        List<byte[]> atA = new ArrayList<>();
        List<byte[]> atB = new ArrayList<>();
        for (int burst = 0; burst < 30; burst++) {
            for (int i = random.nextInt(60); i > 0; i--) {
                wireA.send(Frames.of(1, sent, 60 + random.nextInt(1_400)));
                wireB.send(Frames.of(2, sent++, 60 + random.nextInt(1_400)));
            }
            int due = 2 * sent;
            lab.await("both directions", () -> {
                link.run(vector);
                return a.counters().sent() + b.counters().sent() >= due;
            });
            drain(wireA, atA);
            drain(wireB, atB);
        }
        atA.addAll(wireA.receive(sent - atA.size()));
        atB.addAll(wireB.receive(sent - atB.size()));
        assertSequence(atA, 2);
        assertSequence(atB, 1);
        assertThat(a.counters().received() + b.counters().received())
                .isEqualTo(a.counters().sent() + b.counters().sent());
        assertThat(a.counters().dropped() + b.counters().dropped()).isZero();
        assertThat(a.queued() + b.queued()).isZero();
        assertThat(link.pending()).isFalse();
        assertThat(a.counters().get(PortCounter.RX_BYTES))
                .isEqualTo(b.counters().get(PortCounter.TX_BYTES));
    }

    private static void assertSequence(List<byte[]> frames, int flow) {
        for (int i = 0; i < frames.size(); i++) {
            assertThat(Frames.isWhole(frames.get(i))).isTrue();
            assertThat(Frames.flow(frames.get(i))).isEqualTo(flow);
            assertThat(Frames.sequence(frames.get(i))).isEqualTo(i);
        }
    }
}
