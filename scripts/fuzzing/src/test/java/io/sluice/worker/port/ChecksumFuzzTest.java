package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Input;
import io.sluice.worker.codec.Checksum;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The checksum that takes eight bytes at a time, against the one that takes one; any bytes from any place. */
class ChecksumFuzzTest {
    @FuzzTest
    void aSumIsThatOfRfc1071(byte[] bytes) {
        Input input = new Input(bytes);
        int before = input.u8() % 16;
        byte[] memory = input.rest();
        int from = Math.min(before, memory.length);
        int length = Math.max(0, memory.length - from - input.u8());
        int expected = Superframe.fold(Superframe.sum(memory, from, length));
        for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
            ByteBuffer view = ByteBuffer.wrap(memory).order(order);
            assertThat(Checksum.sum(view, from, length)).isEqualTo(expected);
        }
    }
}
