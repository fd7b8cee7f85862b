package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Input;
import io.sluice.fuzzing.Pools;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any virtio_net_hdr before any frame: dropped and counted, or the segments, or the checksum, that {@link Superframe} and
 * RFC 1071 ask for. Each is done twice, in a pool of zeros and in one of ones, so that bytes from outside of the frame show.
 *
 * <pre>
 *  input: u8 whether the port keeps its packets for a while (bit 0), whether the frame is large (1)
 *         u16 bytes to append; only the lower 8 bits count if it is not | virtio_net_hdr | frame
 * </pre>
 */
class OffloadFuzzTest {
    private static final int FRAMES = 40;
    private static final int LONGEST = FramePool.LARGE_FRAME - FramePool.HEADROOM;

    private static FramePool pool;

    /** What became of a packet. */
    private record Outcome(List<byte[]> packets, long malformed, long superframe, long noFrame, long segmented) {}

    @BeforeAll
    static void makePool() throws SyscallException {
        pool = Pools.of(FRAMES, 1);
    }

    @AfterAll
    static void closePool() {
        pool.close();
    }

    @FuzzTest
    void aPacketIsCutCompletedOrDroppedWithinItsBytes(byte[] bytes) {
        Input input = new Input(bytes);
        int control = input.u8();
        boolean keeps = (control & 1) != 0;
        int more = input.u16() & ((control & 2) != 0 ? 0xffff : 0xff); // large frames are slow
        byte[] header = Arrays.copyOf(input.bytes(FrameLimits.VNET_HEADER), FrameLimits.VNET_HEADER);
        byte[] start = input.rest();
        byte[] frame = Arrays.copyOf(start, Math.min(Math.max(start.length, 1) + more, LONGEST));
        for (int i = start.length; i < frame.length; i++) {
            frame[i] = (byte) ((i * 31) >>> 3);
        }

        Outcome outcome = send(header, frame, keeps, 0x00);
        Outcome again = send(header, frame, keeps, 0xff);

        assertThat(again.packets()).as("independent of what is around").containsExactlyElementsOf(outcome.packets());
        if (header[1] != 0) {
            Superframe.of(header, frame, pool.room())
                    .ifPresentOrElse(
                            whole -> check(whole, outcome, keeps), () -> dropped(outcome, outcome.superframe()));
        } else {
            checkPlain(header, frame, outcome);
        }
    }

    private static void dropped(Outcome outcome, long count) {
        assertThat(count).isOne();
        assertThat(outcome.packets()).isEmpty();
        assertThat(outcome.malformed() + outcome.superframe() + outcome.noFrame() + outcome.segmented())
                .isOne();
    }

    private static void check(Superframe whole, Outcome outcome, boolean keeps) {
        int sent = keeps ? Math.min(whole.segments(), FRAMES) : whole.segments();
        assertThat(outcome.packets()).hasSize(sent);
        assertThat(outcome.segmented()).isEqualTo(whole.segments() - 1);
        assertThat(outcome.noFrame()).isEqualTo(whole.segments() - sent);
        assertThat(outcome.malformed() + outcome.superframe()).isZero();
        for (int i = 0; i < sent; i++) {
            whole.check(i, outcome.packets().get(i));
        }
    }

    private static void checkPlain(byte[] header, byte[] frame, Outcome outcome) {
        ByteBuffer fields = Superframe.fields(header);
        int start = fields.getShort(6) & 0xffff;
        int field = start + (fields.getShort(8) & 0xffff);
        if ((header[0] & 1) == 0) {
            assertThat(outcome.packets()).containsExactly(frame);
        } else if (start >= frame.length || field + 2 > frame.length) {
            dropped(outcome, outcome.malformed());
        } else {
            byte[] packet = outcome.packets().get(0);
            byte[] rest = packet.clone();
            System.arraycopy(frame, field, rest, field, 2);
            assertThat(rest).as("all but the checksum").isEqualTo(frame);
            assertThat(outcome.packets()).hasSize(1);
            assertThat(Superframe.be16(packet, field)).isNotZero();
            if ((field - start) % 2 == 0) {
                int before = Superframe.be16(frame, field);
                long sum = Superframe.sum(packet, start, packet.length - start) + before;
                assertThat(sum % 0xffff)
                        .as("what the field had is the pseudo-header's")
                        .isZero();
            }
        }
    }

    private static Outcome send(byte[] header, byte[] frame, boolean keeps, int around) {
        ByteBuffer memory = pool.bytes();
        Pools.fill(memory, around);
        int at = pool.takeLarge() + FramePool.HEADROOM;
        memory.put(at - header.length, header).put(at, frame);
        Counters counters = new Counters();
        List<byte[]> packets = new ArrayList<>();
        List<Integer> kept = new ArrayList<>();
        SoftOffload offload = new SoftOffload(pool, counters, (offset, length) -> {
            packets.add(Pools.copy(memory, offset, length));
            if (keeps) {
                kept.add(offset);
            } else {
                pool.give(offset);
            }
        });

        offload.send(at, frame.length);

        kept.forEach(pool::give);
        assertThat(pool.freeFrames()).as("every frame is back").isEqualTo(pool.frames());
        int behind = pool.size() - at - frame.length;
        assertAll(Pools.copy(memory, at + frame.length, behind), around);
        assertAll(Pools.copy(memory, at - FramePool.HEADROOM, FramePool.HEADROOM - header.length), around);
        return new Outcome(
                packets,
                counters.get(PortCounter.TX_DROP_MALFORMED),
                counters.get(PortCounter.TX_DROP_SUPERFRAME),
                counters.get(PortCounter.TX_DROP_NO_FRAME),
                counters.get(PortCounter.TX_SEGMENTED));
    }

    private static void assertAll(byte[] bytes, int value) {
        byte[] untouched = new byte[bytes.length];
        Arrays.fill(untouched, (byte) value);
        assertThat(Arrays.equals(bytes, untouched))
                .as("nothing outside of the frame is written")
                .isTrue();
    }
}
