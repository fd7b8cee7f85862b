package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Frames.Transport;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SwitchedOffTest {
    private static final int FRAMES = 600;
    private static final int LARGE = 8;

    private FramePool pool;
    private final Counters counters = new Counters();
    private final Sent sent = new Sent();
    private final Vector vector = new Vector();
    private SwitchedOff switchedOff;

    /** Packets as the queue got them: their bytes, and whether they came with a vnet header. */
    private final class Sent implements PortQueue {
        private final List<byte[]> packets = new ArrayList<>();
        private final List<Boolean> open = new ArrayList<>();
        private int vectors;

        @Override
        public void send(Vector packed) {
            vectors++;
            for (int i = 0; i < packed.count; i++) {
                byte[] bytes = new byte[packed.length[i]];
                pool.bytes().get(packed.offset[i], bytes);
                packets.add(bytes);
                open.add(packed.flags[i] != 0);
                pool.give(packed.offset[i]);
            }
            packed.clear();
        }

        @Override
        public int poll(Vector into, int limit) {
            return 0;
        }

        @Override
        public boolean offloads() {
            return true;
        }

        @Override
        public int room() {
            return Integer.MAX_VALUE;
        }

        @Override
        public int flush() {
            return 0;
        }

        @Override
        public int queued() {
            return 0;
        }

        @Override
        public boolean pending() {
            return false;
        }

        @Override
        public Fd fd() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}

        @Override
        public void reclaim() {}
    }

    @BeforeEach
    void makePool() throws SyscallException {
        pool = Pools.of(2048, FRAMES, LARGE);
        switchedOff = new SwitchedOff(pool, counters, sent);
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    private void put(byte[] frame, byte[] header) {
        int at = pool.takeLarge() + FramePool.HEADROOM;
        pool.bytes().put(at - FrameLimits.VNET_HEADER, header).put(at, frame);
        vector.add(at, frame.length, Vector.VNET);
    }

    private static int off(String name) {
        return new Tuning(
                        256,
                        0,
                        0,
                        Offload.named(name).stream().mapToInt(Offload::bit).sum())
                .software();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void withoutChecksumsTheyAreFilledInHere(Transport transport) {
        byte[] frame = Frames.transport(transport, 700, 1);
        put(Frames.partial(transport, frame), transport.vnetHeader());
        switchedOff.send(vector, off("tx"));
        assertThat(sent.packets).containsExactly(frame);
        assertThat(sent.open).containsExactly(false);
        assertThat(vector.count).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "TCP4, tso, true",
        "TCP6, tso, true",
        "TCP4, tx-tcp-segmentation, true",
        "TCP6, tx-tcp-segmentation, false",
        "TCP4, tx-tcp6-segmentation, false",
        "TCP6, tx-tcp6-segmentation, true",
        "UDP4, tso, false",
        "UDP4, uso, true",
        "UDP6, uso, true",
        "TCP4, tx, true",
        "UDP6, tx, true",
        "TCP4, rx, false"
    })
    void superframesAreSegmentedHereIfTheirKindIsSwitchedOff(Transport transport, String name, boolean cut) {
        byte[] whole = Frames.partial(transport, Frames.transport(transport, 10 * 1_000, 1));
        byte[] header = transport.superframeHeader(1_000);
        if (transport == Transport.UDP4 || transport == Transport.UDP6) {
            header[1] = 5; // VIRTIO_NET_HDR_GSO_UDP_L4
        }
        put(whole, header);
        switchedOff.send(vector, off(name));
        if (cut) {
            assertThat(sent.packets).hasSize(10).allMatch(frame -> Frames.checksumIsValid(transport, frame));
            assertThat(sent.open).doesNotContain(true);
            assertThat(counters.get(PortCounter.TX_SEGMENTED)).isEqualTo(9);
        } else {
            assertThat(sent.packets).containsExactly(whole);
            assertThat(sent.open).containsExactly(true);
        }
    }

    @Test
    void whatIsNotConcernedGoesInItsPlaceAndOrder() {
        byte[] first = Frames.transport(Transport.UDP4, 100, 1);
        byte[] whole = Frames.partial(Transport.TCP4, Frames.transport(Transport.TCP4, 3_000, 2));
        byte[] last = Frames.partial(Transport.UDP4, Frames.transport(Transport.UDP4, 100, 3));
        put(first, new byte[10]);
        vector.flags[0] = 0;
        put(whole, Transport.TCP4.superframeHeader(1_000));
        put(last, Transport.UDP4.vnetHeader());
        switchedOff.send(vector, off("tso"));
        assertThat(sent.packets).hasSize(5).startsWith(first).endsWith(last);
        assertThat(sent.open).containsExactly(false, false, false, false, true);
    }

    @Test
    void moreSegmentsThanAVectorHoldsComeInSeveral() {
        for (int i = 0; i < LARGE; i++) {
            put(
                    Frames.partial(Transport.TCP4, Frames.transport(Transport.TCP4, 48 * 1_000, i)),
                    Transport.TCP4.superframeHeader(1_000));
        }
        switchedOff.send(vector, off("tso"));
        assertThat(sent.packets).hasSize(LARGE * 48);
        assertThat(sent.vectors).isEqualTo(2);
        assertThat(pool.freeFrames()).isEqualTo(FRAMES + LARGE);
    }

    @Test
    void headersThatPointOutsideAreCountedNotFollowed() {
        byte[] header = Transport.TCP4.vnetHeader();
        header[7] = 0x70;
        put(Frames.transport(Transport.TCP4, 100, 1), header);
        switchedOff.send(vector, off("tx"));
        assertThat(sent.packets).isEmpty();
        assertThat(counters.get(PortCounter.TX_DROP_MALFORMED)).isEqualTo(1);
        assertThat(pool.freeFrames()).isEqualTo(FRAMES + LARGE);
    }

    @Test
    void onReceiveOpenChecksumsAreFilledInAndVerdictsForgotten() {
        byte[] frame = Frames.transport(Transport.TCP4, 700, 1);
        put(Frames.partial(Transport.TCP4, frame), Transport.TCP4.vnetHeader());
        byte[] verified = new byte[10];
        verified[0] = 2;
        put(frame, verified);
        byte[] whole = Frames.partial(Transport.TCP4, Frames.transport(Transport.TCP4, 3_000, 2));
        put(whole, Transport.TCP4.superframeHeader(1_000));
        SwitchedOff.complete(pool, vector);
        assertThat(pool.bytes().get(vector.offset[0] - 10)).isZero();
        assertThat(pool.bytes().get(vector.offset[1] - 10)).isZero();
        assertThat(pool.bytes().get(vector.offset[2] - 10)).isEqualTo((byte) 1);
        switchedOff.send(vector, 0);
        assertThat(sent.packets).containsExactly(frame, frame, whole);
    }
}
