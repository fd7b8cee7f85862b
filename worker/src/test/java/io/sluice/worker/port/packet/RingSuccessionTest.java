package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Backlog;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rings that are mapped again as a process left them that was killed; the test is the kernel. */
class RingSuccessionTest {
    private static final int SLOT = 256;
    private static final int SLOTS = 8;
    private static final int USER = 1;
    private static final int SEND_REQUEST = 1;
    private static final int SENDING = 2;
    private static final int WRONG_FORMAT = 4;
    private static final int VNET = 10;

    private final Counters counters = new Counters();
    private Fd memory;
    private Mapping mapping;
    private ByteBuffer ring;
    private FramePool pool;
    private Backlog backlog;

    @BeforeEach
    void make() throws Exception {
        memory = Pools.memory(SLOTS * SLOT);
        mapping = Mapping.of(memory, 0, SLOTS * SLOT, "test ring");
        ring = mapping.bytes();
        pool = Pools.of(2048, 64, 0);
        backlog = new Backlog(pool, counters, true, 1500);
    }

    @AfterEach
    void close() {
        mapping.close();
        memory.close();
        backlog.close();
        pool.close();
    }

    // Receiving

    private ReceiveRing receiving() throws Exception {
        return new ReceiveRing(memory, SLOT, SLOTS);
    }

    /** As the kernel does. */
    private void fill(int slot, int length) {
        assertThat(ring.getInt(slot * SLOT)).as("the kernel's").isZero();
        ring.putInt(slot * SLOT + 4, length).putInt(slot * SLOT, USER);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 8, 13, 16, 1000})
    void aSuccessorReadsOnWhereTheDeadOneStopped(int read) throws Exception {
        ReceiveRing dead = receiving();
        for (int i = 0; i < read; i++) {
            fill(i % SLOTS, i);
            assertThat(dead.length()).isEqualTo(i);
            dead.release(1);
        }
        dead.close();

        ReceiveRing ring = receiving();
        assertThat(ring.status()).isZero();
        for (int i = read; i < read + SLOTS; i++) { // all of it is full in the end: no slot tells by its status
            fill(i % SLOTS, i);
        }
        ring.close();
        ring = receiving();
        for (int i = read; i < read + SLOTS; i++) {
            assertThat(ring.status()).isEqualTo(USER);
            assertThat(ring.length()).isEqualTo(i);
            ring.release(1);
        }
        ring.close();
    }

    @Test
    void aSlotThatWasMarkedAndNotGivenBackIsGivenBack() throws Exception {
        read(3);
        fill(3, 60);
        fill(4, 61);
        ring.putInt(3 * SLOT + 4, -1).putLong(3 * SLOT + 56, 4);
        ReceiveRing successor = receiving();
        assertThat(ring.getInt(3 * SLOT)).isZero();
        assertThat(successor.length()).isEqualTo(61);
        successor.close();
    }

    @Test
    void aSlotThatWasStruckOutAndNotMarkedIsGivenBack() throws Exception {
        read(3);
        fill(3, 60);
        fill(4, 61);
        ring.putInt(3 * SLOT + 4, -1);
        ReceiveRing successor = receiving();
        assertThat(ring.getInt(3 * SLOT)).isZero();
        assertThat(successor.length()).isEqualTo(61);
        successor.close();
        assertThat(receiving().length()).as("to the next one, too").isEqualTo(61);
    }

    @Test
    void marksOfSomebodyElseAreNoPlace() {
        ring.putLong(2 * SLOT + 56, 2);
        assertThatThrownBy(this::receiving)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("slot 2 of a packet ring has the mark 2");
    }

    private void read(int slots) throws Exception {
        ReceiveRing dead = receiving();
        for (int i = 0; i < slots; i++) {
            fill(i, 60);
            dead.release(1);
        }
        dead.close();
    }

    // Sending: there is no socket, so that the kernel takes nothing of itself.

    private SendRing sending() throws Exception {
        return new SendRing(memory.duplicate(), SLOT, SLOTS, pool);
    }

    /** Has it send so many frames, which then wait in the ring. */
    private void send(SendRing sender, int frames) {
        Vector vector = new Vector();
        for (int i = 0; i < frames; i++) {
            int offset = pool.take() + FramePool.HEADROOM;
            pool.bytes().putLong(offset - VNET, 0).putShort(offset - 2, (short) 0);
            vector.add(offset, 60, Vector.VNET);
        }
        backlog.send(vector);
        assertThat(sender.send(backlog, frames, counters)).isZero();
    }

    private void set(int slot, int status) {
        ring.putInt(slot * SLOT, status);
    }

    private int status(int slot) {
        return ring.getInt(slot * SLOT);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8})
    void aSuccessorSendsOnAfterWhatTheKernelHasTaken(int taken) throws Exception {
        SendRing dead = sending();
        send(dead, taken);
        dead.close();
        for (int slot = 0; slot < taken; slot++) {
            set(slot, slot == taken - 1 && taken < SLOTS ? SENDING : 0);
        }
        backlog.dropped(backlog.waiting(), PortCounter.TX_DROP_CLOSED);
        SendRing successor = sending();
        send(successor, 1);
        assertThat(status(taken % SLOTS)).isEqualTo(SEND_REQUEST);
        successor.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {SEND_REQUEST, WRONG_FORMAT})
    void whatTheKernelHasNotTakenIsLostAndItsPlaceIsTheNext(int first) throws Exception {
        SendRing dead = sending();
        send(dead, 6);
        dead.close();
        set(0, 0);
        set(1, SENDING);
        set(2, first);
        backlog.dropped(backlog.waiting(), PortCounter.TX_DROP_CLOSED);
        for (int again = 0; again < 2; again++) {
            SendRing successor = sending();
            assertThat(status(1)).isEqualTo(SENDING);
            for (int slot = 2; slot < SLOTS; slot++) {
                assertThat(status(slot)).as("slot %d", slot).isZero();
            }
            successor.close();
        }
        SendRing successor = sending();
        send(successor, 1);
        assertThat(status(2)).isEqualTo(SEND_REQUEST);
        successor.close();
    }

    @Test
    void aSlotThatWasFilledAndNotMarkedIsEmptied() throws Exception {
        SendRing dead = sending();
        send(dead, 2);
        dead.close();
        set(0, 0);
        set(1, 0);
        set(2, SEND_REQUEST);
        backlog.dropped(backlog.waiting(), PortCounter.TX_DROP_CLOSED);
        SendRing successor = sending();
        assertThat(status(2)).isZero();
        send(successor, 1);
        assertThat(status(2)).isEqualTo(SEND_REQUEST);
        successor.close();
    }
}
