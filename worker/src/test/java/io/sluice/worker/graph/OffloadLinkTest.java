package io.sluice.worker.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.port.Offload;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.Tuning;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What a port with offloads receives, on its way out of another that has them or has not. */
@Tag("kernel")
@Timeout(60)
@ParameterizedClass
@MethodSource("pairs")
class OffloadLinkTest extends LinkBench {
    static Stream<List<PortKind>> pairs() {
        return Stream.of(
                List.of(PortKind.PACKET_OFFLOADS, PortKind.XDP_NATIVE),
                List.of(PortKind.PACKET_OFFLOADS, PortKind.XDP_SKB_TWO_QUEUES_BUSY_POLL),
                List.of(PortKind.PACKET_OFFLOADS_TWO_SOCKETS, PortKind.PACKET),
                List.of(PortKind.PACKET_OFFLOADS, PortKind.PACKET_OFFLOADS));
    }

    @Test
    void partialChecksumsAreValidBehindTheLink() throws Exception {
        int seed = 0;
        for (Frames.Transport transport : Frames.Transport.values()) {
            for (int payload : new int[] {0, 1, 2, 7, 100, 1_001, 1_400}) {
                byte[] frame = Frames.transport(transport, payload, seed++);
                byte[] partial = Frames.partial(transport, frame);
                wireA.send(transport.vnetHeader(), partial);
                byte[] arrived = forward(wireB);
                if (kinds.get(1).offloads()) {
                    assertThat(wireB.partial()).isTrue();
                    assertThat(arrived).isEqualTo(partial);
                } else {
                    assertThat(wireB.partial()).isFalse();
                    assertThat(Frames.checksumIsValid(transport, arrived)).isTrue();
                    assertThat(arrived).isEqualTo(frame);
                }
            }
        }
    }

    @Test
    void partialChecksumsOfTaggedFramesToo() throws Exception {
        Frames.Transport transport = Frames.Transport.TCP6;
        byte[] frame = Frames.transport(transport, 501, 1);
        byte[] header = transport.vnetHeader();
        header[2] = (byte) (header[2] + 4);
        header[6] = (byte) (header[6] + 4);
        wireA.send(header, Frames.tagged(Frames.partial(transport, frame), 0x8100, 0x0123));
        byte[] arrived = forward(wireB);
        byte[] expected = kinds.get(1).offloads() ? Frames.partial(transport, frame) : frame;
        assertThat(arrived).isEqualTo(Frames.tagged(expected, 0x8100, 0x0123));
    }

    @Test
    void superframesPassWholeOrAreSegmented() throws Exception {
        Frames.Transport transport = Frames.Transport.TCP4;
        byte[] frame = Frames.partial(transport, Frames.transport(transport, 40 * 1_448, 1));
        wireA.send(transport.superframeHeader(1_448), frame);
        if (kinds.get(1).offloads()) {
            assertThat(forward(wireB)).isEqualTo(frame);
            assertThat(wireB.vnetHeader()).isEqualTo(transport.superframeHeader(1_448));
        } else {
            for (int i = 0; i < 40; i++) {
                assertThat(Frames.checksumIsValid(transport, forward(wireB))).isTrue();
            }
            assertThat(b.counters().created()).isEqualTo(39);
            assertThat(a.counters().received() + b.counters().created())
                    .isEqualTo(b.counters().sent() + b.queued());
        }
    }

    @Test
    void aSuperframeIsSegmentedWhereItsKindIsSwitchedOff() throws Exception {
        switchOff(b, "tso");
        Frames.Transport transport = Frames.Transport.TCP4;
        byte[] frame = Frames.partial(transport, Frames.transport(transport, 40 * 1_448, 1));
        wireA.send(transport.superframeHeader(1_448), frame);
        for (int i = 0; i < 40; i++) {
            byte[] arrived = forward(wireB);
            assertThat(arrived).hasSizeLessThanOrEqualTo(1_514);
            assertThat(wireB.partial()).isFalse();
            assertThat(Frames.checksumIsValid(transport, arrived)).isTrue();
        }
        assertThat(b.counters().created()).isEqualTo(39);
    }

    @Test
    void aChecksumIsFilledInWhereThatIsSwitchedOff() throws Exception {
        switchOff(b, "tx");
        assertChecksumArrivesWhole();
    }

    @Test
    void aChecksumIsFilledInOnReceiveIfThatIsSwitchedOff() throws Exception {
        switchOff(a, "rx");
        assertChecksumArrivesWhole();
    }

    private void assertChecksumArrivesWhole() throws Exception {
        Frames.Transport transport = Frames.Transport.UDP6;
        byte[] frame = Frames.transport(transport, 1_001, 5);
        wireA.send(transport.vnetHeader(), Frames.partial(transport, frame));
        byte[] arrived = forward(wireB);
        assertThat(wireB.partial()).isFalse();
        assertThat(arrived).isEqualTo(frame);
    }

    private void switchOff(Port port, String name) {
        int off = Offload.named(name).stream().mapToInt(Offload::bit).sum();
        port.dials().turn(new Tuning(256, 0, 0, off), lab.pool());
    }
}
