package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Input;
import io.sluice.fuzzing.Pools;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any auxiliary data with any frame: the tag goes in behind the addresses, what counts from the start of the frame counts
 * on, and nothing else changes.
 *
 * <pre>
 *  input: u8 whether there is a vnet header (bit 0) | 20 bytes of tpacket_auxdata | virtio_net_hdr | frame, 14 or more bytes
 * </pre>
 */
class VlanFuzzTest {
    private static final int AUXDATA = 20;
    private static final int LEAST = FrameLimits.ETHERNET_HEADER;

    private static FramePool pool;

    @BeforeAll
    static void makePool() throws SyscallException {
        pool = Pools.of(1, 0);
    }

    @AfterAll
    static void closePool() {
        pool.close();
    }

    @FuzzTest
    void aTagIsPutBackAndNothingElseChanges(byte[] bytes) {
        Input input = new Input(bytes);
        int vnet = (input.u8() & 1) * FrameLimits.VNET_HEADER;
        byte[] auxdata = Arrays.copyOf(input.bytes(AUXDATA), AUXDATA);
        byte[] header = Arrays.copyOf(input.bytes(vnet), vnet);
        byte[] frame = input.bytes(pool.room());
        frame = Arrays.copyOf(frame, Math.max(frame.length, LEAST));
        int at = FramePool.HEADROOM;
        Pools.fill(pool.bytes(), 0x5a);
        pool.bytes().put(at - vnet, header).put(at, frame);

        int grown = new VlanTags(pool, messages(auxdata), vnet).restore(0, at);

        ByteBuffer aux = ByteBuffer.wrap(auxdata).order(ByteOrder.nativeOrder());
        int status = aux.getInt(0);
        byte[] tagged = frame;
        if ((status & 0x10) != 0) {
            short tpid = (status & 0x40) != 0 ? aux.getShort(18) : (short) 0x8100;
            ByteBuffer with = ByteBuffer.allocate(frame.length + 4);
            with.put(frame, 0, 12).putShort(tpid).putShort(aux.getShort(16)).put(frame, 12, frame.length - 12);
            tagged = with.array();
            moved(header);
        }
        assertThat(grown).isEqualTo(tagged.length - frame.length);
        assertThat(Pools.copy(pool.bytes(), at - grown, tagged.length)).isEqualTo(tagged);
        assertThat(Pools.copy(pool.bytes(), at - grown - vnet, vnet)).isEqualTo(header);
        byte[] headroom = new byte[at - grown - vnet];
        Arrays.fill(headroom, (byte) 0x5a);
        assertThat(Pools.copy(pool.bytes(), 0, headroom.length)).isEqualTo(headroom);
    }

    private static void moved(byte[] header) {
        if (header.length == 0) {
            return;
        }
        ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
        if (fields.getShort(2) != 0) {
            fields.putShort(2, (short) (fields.getShort(2) + 4));
        }
        if ((header[0] & 1) != 0) {
            fields.putShort(6, (short) (fields.getShort(6) + 4));
        }
    }

    /** One message with this control data, as recvmmsg(2) would have left it. */
    private static Messages messages(byte[] auxdata) {
        Messages messages = new Messages(1, true);
        long control = Mapping.view(messages.address(0), 64).getLong(32);
        Mapping.view(control, Messages.CONTROL).put(16, auxdata);
        return messages;
    }
}
