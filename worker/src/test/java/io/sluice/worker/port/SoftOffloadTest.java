package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SoftOffloadTest {
    private FramePool pool;
    private int at;

    @BeforeEach
    void takeAFrame() throws SyscallException {
        pool = Pools.of(2048, 2, 1);
        at = pool.takeLarge() + FramePool.HEADROOM;
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    @ParameterizedTest
    @EnumSource(Frames.Transport.class)
    void aPartialChecksumIsCompletedForEveryTransportAndLength(Frames.Transport transport) {
        Random random = new Random(9);
        for (int i = 0; i < 300; i++) {
            int length = i < 40 ? i : random.nextInt(60_000);
            byte[] frame = Frames.transport(transport, length, i);
            byte[] partial = Frames.partial(transport, frame);
            put(partial, transport.vnetHeader());

            assertThat(SoftOffload.complete(pool, at, frame.length)).isTrue();

            assertThat(bytes(frame.length)).isEqualTo(frame);
            assertThat(Frames.checksumIsValid(transport, bytes(frame.length))).isTrue();
        }
    }

    @Test
    void aTaggedPacketIsCompletedWhereItsHeaderSays() {
        Frames.Transport transport = Frames.Transport.UDP4;
        byte[] frame = Frames.transport(transport, 333, 1);
        byte[] tagged = Frames.tagged(Frames.partial(transport, frame), 0x8100, 0x6007);
        byte[] header = transport.vnetHeader();
        header[6] = (byte) (header[6] + 4);
        put(tagged, header);
        assertThat(SoftOffload.complete(pool, at, tagged.length)).isTrue();
        assertThat(bytes(tagged.length)).isEqualTo(Frames.tagged(frame, 0x8100, 0x6007));
    }

    @Test
    void aSumOfZeroIsSentAsAllOnesBecauseZeroMeansNoneToUdp() {
        Frames.Transport transport = Frames.Transport.UDP4;
        byte[] frame = Frames.withZeroSum(transport);
        put(Frames.partial(transport, frame), transport.vnetHeader());
        assertThat(SoftOffload.complete(pool, at, frame.length)).isTrue();
        int field = transport.checksumAt();
        assertThat(Arrays.copyOfRange(bytes(frame.length), field, field + 2)).containsExactly(0xff, 0xff);
        assertThat(Frames.checksumIsValid(transport, bytes(frame.length))).isTrue();
    }

    @Test
    void aPacketIsCompletedOnlyOnce() {
        Frames.Transport transport = Frames.Transport.TCP4;
        byte[] frame = Frames.transport(transport, 100, 1);
        put(Frames.partial(transport, frame), transport.vnetHeader());
        assertThat(SoftOffload.complete(pool, at, frame.length)).isTrue();
        assertThat(SoftOffload.complete(pool, at, frame.length)).isTrue();
        assertThat(bytes(frame.length)).isEqualTo(frame);
    }

    @Test
    void whatAsksForNothingIsLeftAlone() {
        byte[] frame = Frames.transport(Frames.Transport.TCP4, 100, 1);
        frame[50] ^= 1; // wrong on purpose: not ours to mend
        byte[] dataValid = new byte[10];
        dataValid[0] = 2;
        put(frame, dataValid);
        assertThat(SoftOffload.complete(pool, at, frame.length)).isTrue();
        assertThat(bytes(frame.length)).isEqualTo(frame);
    }

    /** Start and offset of a checksum in a packet of 60 bytes: at the last two bytes it still fits. */
    @ParameterizedTest
    @CsvSource({
        "34, 24, true",
        "58, 0, true",
        "34, 25, false",
        "59, 0, false",
        "60, 0, false",
        "61, 0, false",
        "65535, 65535, false",
        "0, 65535, false",
        "34, 65520, false"
    })
    void aHeaderThatPointsOutsideThePacketIsRefusedAndNothingWritten(int start, int offset, boolean fits) {
        byte[] frame = new byte[60];
        new Random(5).nextBytes(frame);
        byte[] header = {1, 0, 0, 0, 0, 0, (byte) start, (byte) (start >> 8), (byte) offset, (byte) (offset >> 8)};
        put(frame, header);
        byte[] before = everything();
        assertThat(SoftOffload.complete(pool, at, frame.length)).isEqualTo(fits);
        if (!fits) {
            assertThat(everything()).isEqualTo(before);
        }
    }

    private void put(byte[] frame, byte[] vnetHeader) {
        pool.bytes().put(at - 10, vnetHeader).put(at, frame);
        // What lies behind belongs to nobody and must not be summed.
        pool.bytes().putLong(at + frame.length, 0x0123456789abcdefL);
    }

    private byte[] bytes(int length) {
        byte[] copy = new byte[length];
        pool.bytes().get(at, copy);
        return copy;
    }

    private byte[] everything() {
        byte[] copy = new byte[pool.size()];
        pool.bytes().get(0, copy);
        return copy;
    }
}
