package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReceiveSlotsTest {
    private FramePool pool;

    private ReceiveSlots slots(int frames, int large, boolean wantLarge, int vnet) throws SyscallException {
        pool = Pools.of(2048, frames, large);
        return new ReceiveSlots(pool, wantLarge, vnet);
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    @Test
    void onlyAsManyFramesAreTakenAsAreWanted() throws SyscallException {
        ReceiveSlots slots = slots(300, 0, false, 0);
        assertThat(slots.ready(10)).isEqualTo(10);
        assertThat(pool.freeFrames()).isEqualTo(290);
        assertThat(slots.ready(5)).isEqualTo(5);
        assertThat(pool.freeFrames()).isEqualTo(290);
        assertThat(slots.ready(256)).isEqualTo(256);
        assertThat(pool.freeFrames()).isEqualTo(44);
    }

    @Test
    void consumedSlotsAreFilledAgainAndNoFrameIsOfferedTwice() throws SyscallException {
        ReceiveSlots slots = slots(64, 0, false, 0);
        slots.ready(8);
        Set<Integer> given = new HashSet<>();
        for (int round = 0; round < 14; round++) {
            int first = slots.first();
            for (int i = 0; i < 4; i++) {
                assertThat(given.add(slots.offset(first + i))).isTrue();
            }
            slots.consumed(4);
            assertThat(slots.ready(8)).isEqualTo(8);
        }
        assertThat(given).hasSize(56);
        assertThat(pool.freeFrames()).isZero();
    }

    @Test
    void anExhaustedPoolLimitsHowMuchCanBeReceived() throws SyscallException {
        ReceiveSlots slots = slots(3, 0, false, 0);
        assertThat(slots.ready(256)).isEqualTo(3);
        int offset = slots.offset(slots.first());
        slots.consumed(3);
        assertThat(slots.ready(256)).isZero();
        pool.give(offset);
        assertThat(slots.ready(256)).isEqualTo(1);
        assertThat(slots.offset(slots.first())).isEqualTo(offset);
    }

    @Test
    void packetsBeginAfterTheHeadroomOfTheRightSizeOfFrame() throws SyscallException {
        ReceiveSlots slots = slots(4, 4, true, 10);
        slots.ready(1);
        int offset = slots.offset(slots.first());
        assertThat((offset - FramePool.HEADROOM - 4 * 2048) % FramePool.LARGE_FRAME)
                .isZero();
        assertThat(offset).isGreaterThanOrEqualTo(4 * 2048 + FramePool.HEADROOM);
        assertThat(pool.takeLarge()).isNotEqualTo(FramePool.NONE);
    }

    @Test
    void closingGivesEveryFrameBack() throws SyscallException {
        ReceiveSlots slots = slots(300, 0, false, 0);
        slots.ready(200);
        for (int i = 0; i < 50; i++) {
            pool.give(slots.offset(slots.first() + i));
        }
        slots.consumed(50);
        slots.close();
        assertThat(pool.freeFrames()).isEqualTo(300);
        slots.close();
        assertThat(pool.freeFrames()).isEqualTo(300);
    }
}
