package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VlanTagsTest {
    private static final int VLAN_VALID = 0x10;
    private static final int TPID_VALID = 0x40;

    /** A message between others, so that a wrong index would show. */
    private static final int MESSAGE = 3;

    private final byte[] frame = Frames.of(1, 2, 200);
    private final Messages messages = new Messages(8, true);
    private FramePool pool;
    private int at;

    @BeforeEach
    void takeAFrame() throws SyscallException {
        pool = Pools.of(2048, 2, 0);
        at = pool.take() + FramePool.HEADROOM;
        pool.bytes().put(at, frame);
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    @ParameterizedTest
    @CsvSource({"0x8100, 0x0064", "0x88a8, 0xefff", "0x8100, 0x0000"})
    void theTagIsPutBackBetweenAddressesAndType(String tpid, String tci) {
        auxiliary(VLAN_VALID | TPID_VALID, Integer.decode(tpid), Integer.decode(tci));
        assertThat(new VlanTags(pool, messages, 0).restore(MESSAGE, at)).isEqualTo(4);
        assertThat(bytes(at - 4, frame.length + 4))
                .isEqualTo(Frames.tagged(frame, Integer.decode(tpid), Integer.decode(tci)));
    }

    @Test
    void withoutATpidItIsAnOrdinaryTag() {
        auxiliary(VLAN_VALID, 0x88a8, 7);
        new VlanTags(pool, messages, 0).restore(MESSAGE, at);
        assertThat(bytes(at - 4, frame.length + 4)).isEqualTo(Frames.tagged(frame, 0x8100, 7));
    }

    @Test
    void aFrameThatHadNoneGetsNone() {
        auxiliary(TPID_VALID, 0x8100, 7);
        assertThat(new VlanTags(pool, messages, 0).restore(MESSAGE, at)).isZero();
        assertThat(bytes(at, frame.length)).isEqualTo(frame);
    }

    @Test
    void theVnetHeaderMovesAlongAndCountsFromTheNewStart() {
        vnetHeader(1, 1, 54, 1448, 34, 16);
        auxiliary(VLAN_VALID | TPID_VALID, 0x8100, 7);
        new VlanTags(pool, messages, 10).restore(MESSAGE, at);
        assertThat(bytes(at - 4, frame.length + 4)).isEqualTo(Frames.tagged(frame, 0x8100, 7));
        assertVnetHeader(1, 1, 58, 1448, 38, 16);
    }

    @Test
    void aVnetHeaderThatAsksForNothingStaysEmpty() {
        vnetHeader(0, 0, 0, 0, 0, 0);
        auxiliary(VLAN_VALID | TPID_VALID, 0x8100, 7);
        new VlanTags(pool, messages, 10).restore(MESSAGE, at);
        assertVnetHeader(0, 0, 0, 0, 0, 0);
    }

    /**
     * As the kernel would write it: msghdr's control pointer is at 32; tpacket_auxdata {status u32 0, vlan_tci u16 16,
     * vlan_tpid u16 18} follows a cmsghdr of 16 bytes.
     */
    private void auxiliary(int status, int tpid, int tci) {
        long address = Mapping.view(messages.address(MESSAGE), 64).getLong(32);
        ByteBuffer control = Mapping.view(address, Messages.CONTROL);
        control.putInt(16, status).putShort(32, (short) tci).putShort(34, (short) tpid);
    }

    private void vnetHeader(int flags, int type, int headers, int size, int start, int offset) {
        pool.bytes()
                .put(at - 10, (byte) flags)
                .put(at - 9, (byte) type)
                .putShort(at - 8, (short) headers)
                .putShort(at - 6, (short) size)
                .putShort(at - 4, (short) start)
                .putShort(at - 2, (short) offset);
    }

    private void assertVnetHeader(int... fields) {
        ByteBuffer header = ByteBuffer.wrap(bytes(at - 14, 10)).order(ByteOrder.nativeOrder());
        assertThat(new int[] {
                    header.get(),
                    header.get(),
                    header.getShort(),
                    header.getShort(),
                    header.getShort(),
                    header.getShort()
                })
                .containsExactly(fields);
    }

    private byte[] bytes(int from, int length) {
        byte[] copy = new byte[length];
        pool.bytes().get(from, copy);
        return copy;
    }
}
