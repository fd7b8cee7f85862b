package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Frames.Transport;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmenterTest {
    private static final int GSO_UDP_L4 = 5;

    private final List<byte[]> segments = new ArrayList<>();
    private final Counters counters = new Counters();
    private FramePool pool;
    private int at;
    private SoftOffload offload;

    @BeforeEach
    void makePool() throws SyscallException {
        pool = Pools.of(2048, 64, 1);
        at = pool.takeLarge() + FramePool.HEADROOM;
        offload = new SoftOffload(pool, counters, (offset, length) -> {
            byte[] segment = new byte[length];
            pool.bytes().get(offset, segment);
            segments.add(segment);
            pool.give(offset);
        });
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    @ParameterizedTest
    @CsvSource({
        "TCP4, 60000, 1448",
        "TCP4, 1449, 1448",
        "TCP4, 1448, 1448",
        "TCP4, 1, 1448",
        "TCP4, 5000, 536",
        "TCP6, 60000, 1428",
        "TCP6, 3001, 1000",
        "UDP4, 30000, 1472",
        "UDP6, 4000, 1200"
    })
    void segmentsAreWhatADeviceWouldMake(Transport transport, int payload, int size) {
        byte[] whole = Frames.transport(transport, payload, 7);
        put(transport, Frames.partial(transport, whole), size);

        offload.send(at, whole.length);

        int headers = whole.length - payload;
        assertThat(segments).hasSize((payload + size - 1) / size);
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (int i = 0; i < segments.size(); i++) {
            byte[] segment = segments.get(i);
            assertThat(Frames.checksumIsValid(transport, segment))
                    .as("segment %d", i)
                    .isTrue();
            assertThat(ipLength(transport, segment)).isEqualTo(segment.length - Frames.ETHERNET);
            joined.write(segment, headers, segment.length - headers);
            if (isTcp(transport)) {
                assertThat(sequence(transport, segment) - sequence(transport, whole))
                        .isEqualTo(i * size);
            }
            if (isIpv4(transport)) {
                assertThat(ipv4HeaderSum(segment)).isEqualTo(0xffff);
                assertThat(be16(segment, 18) - be16(whole, 18) & 0xffff).isEqualTo(i);
            }
        }
        assertThat(joined.toByteArray()).isEqualTo(java.util.Arrays.copyOfRange(whole, headers, whole.length));
        assertThat(counters.created()).isEqualTo(segments.size() - 1);
        assertThat(pool.freeFrames()).as("every frame is back").isEqualTo(pool.frames());
    }

    @Test
    void finAndPushStayOnTheLastSegmentAndCwrOnTheFirst() {
        byte[] whole = Frames.transport(Transport.TCP4, 4000, 1);
        whole[Frames.ETHERNET + 20 + 13] = (byte) 0x99; // CWR, ACK, PSH, FIN
        put(Transport.TCP4, Frames.partial(Transport.TCP4, whole), 1448);

        offload.send(at, whole.length);

        assertThat(segments.stream().map(segment -> segment[Frames.ETHERNET + 20 + 13] & 0xff))
                .containsExactly(0x90, 0x10, 0x19);
    }

    @Test
    void aTaggedSuperframeIsSegmentedBehindItsTag() {
        byte[] whole = Frames.transport(Transport.TCP4, 3000, 1);
        byte[] tagged = Frames.tagged(Frames.partial(Transport.TCP4, whole), 0x8100, 5);
        put(Transport.TCP4, tagged, 1448);
        pool.bytes().putShort(at - 4, (short) (pool.bytes().getShort(at - 4) + 4));

        offload.send(at, tagged.length);

        assertThat(segments).hasSize(3).allSatisfy(segment -> {
            assertThat(be16(segment, 12)).isEqualTo(0x8100);
            byte[] untagged = new byte[segment.length - 4];
            System.arraycopy(segment, 0, untagged, 0, 12);
            System.arraycopy(segment, 16, untagged, 12, untagged.length - 12);
            assertThat(Frames.checksumIsValid(Transport.TCP4, untagged)).isTrue();
        });
    }

    /** gso_type, gso_size, csum_start that contradict a TCP4 packet of 3054 bytes. */
    @ParameterizedTest
    @CsvSource({
        "4, 1448, 34",
        "3, 1448, 34",
        "1, 0, 34",
        "1, 1448, 20",
        "1, 1448, 3050",
        "1, 1448, 65535",
        "1, 1790, 34"
    })
    void aSuperframeThatContradictsItselfIsDroppedAndCounted(int type, int size, int start) {
        byte[] whole = Frames.transport(Transport.TCP4, 3000, 1);
        put(Transport.TCP4, Frames.partial(Transport.TCP4, whole), size);
        pool.bytes().put(at - 9, (byte) type).putShort(at - 4, (short) start);

        offload.send(at, whole.length);

        assertThat(segments).isEmpty();
        assertThat(counters.get(PortCounter.TX_DROP_SUPERFRAME)).isEqualTo(1);
        assertThat(pool.freeFrames()).isEqualTo(pool.frames());
    }

    @Test
    void segmentsForWhichThereIsNoFrameAreCounted() {
        List<Integer> taken = new ArrayList<>();
        for (int i = 0; i < 63; i++) {
            taken.add(pool.take());
        }
        byte[] whole = Frames.transport(Transport.TCP4, 4000, 1);
        put(Transport.TCP4, Frames.partial(Transport.TCP4, whole), 1448);
        SoftOffload keeping = new SoftOffload(pool, counters, (offset, length) -> taken.add(offset));

        keeping.send(at, whole.length);

        assertThat(taken).hasSize(64);
        assertThat(counters.get(PortCounter.TX_DROP_NO_FRAME)).isEqualTo(2);
        assertThat(1 + counters.created()).as("packets in = packets out").isEqualTo(1 + 2);
    }

    private void put(Transport transport, byte[] frame, int size) {
        byte[] header = transport.vnetHeader();
        header[1] = (byte) (isTcp(transport) ? (isIpv4(transport) ? 1 : 4) : GSO_UDP_L4);
        header[4] = (byte) size;
        header[5] = (byte) (size >> 8);
        pool.bytes().put(at - 10, header).put(at, frame);
    }

    private static boolean isTcp(Transport transport) {
        return transport.name().startsWith("TCP");
    }

    private static boolean isIpv4(Transport transport) {
        return transport.name().endsWith("4");
    }

    private static int ipLength(Transport transport, byte[] frame) {
        return isIpv4(transport) ? be16(frame, Frames.ETHERNET + 2) : be16(frame, Frames.ETHERNET + 4) + 40;
    }

    private static int sequence(Transport transport, byte[] frame) {
        return ByteBuffer.wrap(frame).getInt(Frames.ETHERNET + (isIpv4(transport) ? 20 : 40) + 4);
    }

    private static int ipv4HeaderSum(byte[] frame) {
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += be16(frame, Frames.ETHERNET + i);
        }
        return (sum & 0xffff) + (sum >>> 16);
    }

    private static int be16(byte[] frame, int offset) {
        return ByteBuffer.wrap(frame).getShort(offset) & 0xffff;
    }
}
