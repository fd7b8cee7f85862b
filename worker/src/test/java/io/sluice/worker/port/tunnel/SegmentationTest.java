package io.sluice.worker.port.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of packets that go through the kernel as one: the same bytes as one by one. */
@Timeout(60)
class SegmentationTest {
    private Ends ends;

    @BeforeEach
    void makeMemory() throws Exception {
        ends = new Ends();
    }

    @AfterEach
    void close() {
        ends.close();
    }

    private Port[] pair(boolean near, boolean far) throws Exception {
        Underlay a = ends.underlay(Protocol.VXLAN, Ends.at(1, 0), new Underlay.Settings(false, false, near));
        Underlay b = ends.underlay(Protocol.VXLAN, Ends.at(2, 0), new Underlay.Settings(false, false, far));
        Encapsulation vxlan = new Encapsulation.Vxlan(7);
        Port one = ends.port(a, vxlan, Ends.at(2, Ends.portOf(b.fd())));
        Port other = ends.port(b, vxlan, Ends.at(1, Ends.portOf(a.fd())));
        return new Port[] {one, other};
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aSuperframeArrivesAsItsSegmentsWithOneMessageOrMany(int which) throws Exception {
        boolean near = (which & 1) != 0;
        boolean far = (which & 2) != 0;
        Port[] pair = pair(near, far);
        int segments = 44;
        byte[] whole = Frames.transport(Frames.Transport.TCP4, segments * 1_400 + 100, 1);
        byte[] superframe = Frames.partial(Frames.Transport.TCP4, whole);
        ends.send(pair[0], Frames.Transport.TCP4.superframeHeader(1_400), superframe);
        List<byte[]> received = ends.receive(pair[1], segments + 1);
        byte[] payload = new byte[segments * 1_400 + 100];
        int at = 0;
        for (byte[] segment : received) {
            assertThat(Frames.checksumIsValid(Frames.Transport.TCP4, segment)).isTrue();
            int headers = Frames.Transport.TCP4.headers();
            System.arraycopy(segment, headers, payload, at, segment.length - headers);
            at += segment.length - headers;
        }
        assertThat(at).isEqualTo(payload.length);
        byte[] sent = new byte[payload.length];
        System.arraycopy(whole, Frames.Transport.TCP4.headers(), sent, 0, sent.length);
        assertThat(payload).isEqualTo(sent);
        assertThat(pair[0].counters().sent()).isEqualTo(segments + 1);
        assertThat(pair[0].counters().get(PortCounter.TX_GSO)).isEqualTo(near ? segments + 1 : 0);
        assertThat(pair[1].kernel().read()).containsEntry("underlay_rx_gro", near && far ? segments + 1L : 0L);
        assertThat(pair[1].counters().received()).isEqualTo(segments + 1);
        assertThat(ends.pool.freeFrames()).isGreaterThanOrEqualTo(Ends.FRAMES + Ends.LARGE - 64);
    }

    @Test
    void anyRowOfLengthsArrivesAsItWasSent() throws Exception {
        Port[] pair = pair(true, true);
        Random random = new Random(5);
        for (int round = 0; round < 60; round++) {
            List<byte[]> frames = new ArrayList<>();
            int length = 60;
            for (int i = 0; i < 150; i++) {
                if (random.nextInt(8) == 0) {
                    length = 60 + random.nextInt(1_455);
                }
                frames.add(Frames.of(round, i, length));
            }
            ends.send(pair[0], null, frames.toArray(byte[][]::new));
            List<byte[]> received = ends.receive(pair[1], frames.size());
            for (int i = 0; i < frames.size(); i++) {
                assertThat(received.get(i)).isEqualTo(frames.get(i));
            }
        }
        assertThat(pair[0].counters().get(PortCounter.TX_GSO)).isPositive();
        assertThat(pair[1].kernel().read().get("underlay_rx_gro")).isPositive();
        assertThat(pair[0].counters().dropped() + pair[1].counters().dropped()).isZero();
    }

    @Test
    void jumboFramesComeAloneAndTogether() throws Exception {
        Underlay a = ends.underlay(Protocol.GENEVE, Ends.at(1, 0), Underlay.Settings.DEFAULT);
        Underlay b = ends.underlay(Protocol.GENEVE, Ends.at(2, 0), Underlay.Settings.DEFAULT);
        Port one = ends.port(a, new Encapsulation.Geneve(7), Ends.at(2, Ends.portOf(b.fd())), 9_000);
        Port other = ends.port(b, new Encapsulation.Geneve(7), Ends.at(1, Ends.portOf(a.fd())), 9_000);
        byte[][] frames = new byte[12][];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = Frames.of(0, i, i < 8 ? 9_014 : 1_780 + i);
        }
        ends.send(one, null, frames);
        assertThat(ends.receive(other, frames.length)).containsExactly(frames);
        assertThat(other.counters().dropped()).isZero();
    }

    @Test
    void packetsOfSeveralTunnelsInOneMessageFindTheirOwn() throws Exception {
        Underlay a = ends.underlay(Protocol.VXLAN, Ends.at(1, 0), Underlay.Settings.DEFAULT);
        Underlay b = ends.underlay(Protocol.VXLAN, Ends.at(2, 0), Underlay.Settings.DEFAULT);
        List<Port> near = new ArrayList<>();
        List<Port> far = new ArrayList<>();
        for (int vni = 0; vni < 30; vni++) {
            near.add(ends.port(a, new Encapsulation.Vxlan(vni), Ends.at(2, Ends.portOf(b.fd()))));
            far.add(ends.port(b, new Encapsulation.Vxlan(vni), Ends.at(1, Ends.portOf(a.fd()))));
        }
        for (int i = 0; i < 60; i++) {
            ends.enqueue(near.get(i % 30), null, Frames.of(i, i, 200));
        }
        near.get(0).queues().get(0).flush();
        for (int vni = 0; vni < 30; vni++) {
            assertThat(ends.receive(far.get(vni), 2))
                    .containsExactly(Frames.of(vni, vni, 200), Frames.of(vni + 30, vni + 30, 200));
        }
        assertThat(far.get(3).kernel().read()).containsEntry("underlay_rx_gro", 60L);
    }

    @Test
    void anEmptyPoolLosesSegmentsThatAreCounted() throws Exception {
        Port[] pair = pair(true, true);
        byte[][] frames = new byte[40][];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = Frames.of(0, i, 1_000);
        }
        ends.send(pair[0], null, frames);
        ends.poll(pair[0]); // fills its slots, so that it holds what it needs
        int kept = 0;
        while (ends.pool.freeFrames() - Ends.LARGE > 20) {
            ends.pool.take();
            kept++;
        }
        assertThat(kept).isPositive();
        List<byte[]> received = ends.poll(pair[1]);
        long lost = pair[1].kernel().read().get("underlay_rx_drop_no_frame");
        assertThat(received.size() + lost).isEqualTo(frames.length);
        assertThat(lost).isPositive();
        for (byte[] frame : received) {
            assertThat(Frames.isWhole(frame)).isTrue();
        }
    }

    @Test
    void theKernelSaysWhatItDropped() throws Exception {
        Port[] pair = pair(true, true);
        Fd socket = ends.socket(Ends.at(1, 0));
        Endpoint to = Ends.at(2, Ends.portOf(pair[1].queues().get(0).fd()));
        for (int i = 0; i < 20_000; i++) {
            Ends.send(socket, to, "", new byte[1_000]);
        }
        assertThat(pair[1].kernel().read().get("kernel_rx_dropped")).isPositive();
    }
}
