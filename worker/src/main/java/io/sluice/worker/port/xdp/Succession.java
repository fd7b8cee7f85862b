package io.sluice.worker.port.xdp;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import java.util.BitSet;

/**
 * Takes over the rings of a process that was killed, while the kernel goes on receiving into them.
 *
 * <p>The pool's ledger tells what the dead queue had given to the kernel. It can be wrong in two ways (see there), and
 * the rings tell which:
 *
 * <ul>
 *   <li>Struck out, and still in the rx or completion ring: the process died between taking a frame from the ring and
 *       publishing that. It is noted again. A packet in it was not forwarded, as that comes later; it will be now.
 *   <li>Noted, and never published: the process died between noting frames and publishing them. There are as many as
 *       the ledger has more than was given and did not come back, by the indices that only we write: each frame that is
 *       put into the fill ring comes back once through the rx ring, each one of the tx ring once through the completion
 *       ring. They are in the slots that would have been published next. They are struck out, unless one of these slots
 *       has an old entry of a frame that the kernel has just in its hands, so that they can't be told apart; then they
 *       stay with the queue until it is closed, and the ledger says how many there are.
 * </ul>
 *
 * A large frame that is sent in several descriptors counts as what the ledger has left of them. Those that were counted
 * as completed, and are still in the completion ring, are not.
 *
 * <p>What the kernel publishes of received packets are whole ones, and a queue takes them whole: the first descriptor
 * in the rx ring begins a packet.
 *
 * <p>The kernel moves frames from fill to rx and from tx to completion meanwhile. So each ring of the first kind is
 * read before the one that follows it: a frame on its way is then seen twice rather than not at all.
 */
final class Succession {
    private final XskRings rings;
    private final FramePool pool;
    private final int holder;
    private final boolean multiBuffer;

    /** Frames in what is published of the four rings, by their numbers. */
    private final BitSet inRings = new BitSet();

    private Succession(XskRings rings, FramePool pool, int holder, boolean multiBuffer) {
        this.rings = rings;
        this.pool = pool;
        this.holder = holder;
        this.multiBuffer = multiBuffer;
    }

    /**
     * Corrects the ledger for a queue that has just been mapped, and that is not served yet.
     *
     * @param multiBuffer whether its packets may be longer than a chunk
     * @throws IllegalStateException a ring has what is no frame of the pool
     */
    static void correct(XskRings rings, FramePool pool, int holder, boolean multiBuffer) {
        new Succession(rings, pool, holder, multiBuffer).run();
    }

    private void run() {
        Ring fill = rings.fill();
        Ring tx = rings.tx();
        int waiting = fill.pending();
        note(fill, fill.own - waiting, waiting, false, false);
        note(rings.rx(), rings.rx().own, rings.rx().available(Integer.MAX_VALUE), true, true);
        int given = fill.own - rings.rx().own;
        if (tx != null) {
            waiting = tx.pending();
            note(tx, tx.own - waiting, waiting, true, false);
            Ring completion = rings.completion();
            int available = completion.available(Integer.MAX_VALUE);
            note(completion, completion.own, available, false, true);
            takeBack(completion, available);
            given += tx.own - completion.own;
        }
        int unpublished = pool.countHeld(holder, multiBuffer) - given - pool.leftOut(holder);
        if (unpublished > 0 && !strikeOut(unpublished)) {
            pool.leaveOut(holder, pool.leftOut(holder) + unpublished);
        }
    }

    /** The last first, so that it is no matter if this process is killed as well. */
    private void takeBack(Ring completion, int count) {
        for (int i = count - 1; multiBuffer && i >= 0; i--) {
            int offset = (int) entry(completion, completion.own + i, false);
            if (pool.isLarge(offset)) {
                pool.notCompleted(offset, completion.own + i);
            }
        }
    }

    /** Remembers the frames of {@code count} entries, and notes those that come back to us as the kernel's still. */
    private void note(Ring ring, int from, int count, boolean wide, boolean returns) {
        for (int i = 0; i < count; i++) {
            long offset = entry(ring, from + i, wide);
            if (!pool.has(offset)) {
                throw new IllegalStateException("a ring has address " + offset + ", which is no frame of the pool");
            }
            inRings.set(pool.number((int) offset));
            if (returns) {
                pool.held((int) offset, holder);
            }
        }
    }

    /** Returns whether it could be told which. */
    private boolean strikeOut(int unpublished) {
        BitSet found = new BitSet();
        look(rings.fill(), false, found);
        if (rings.tx() != null) {
            look(rings.tx(), true, found);
        }
        int descriptors = found.stream()
                .map(number -> multiBuffer && pool.isLarge(pool.first(number)) ? pool.parts(pool.first(number)) : 1)
                .sum();
        if (descriptors == unpublished) {
            found.stream().map(pool::first).forEach(pool::returned);
        }
        return descriptors == unpublished;
    }

    /** Looks through the slots that are published next for frames that are noted and are nowhere else. */
    private void look(Ring ring, boolean wide, BitSet found) {
        int most = Vector.CAPACITY * (multiBuffer ? Splitter.MOST : 1);
        int next = Math.min(ring.free(Integer.MAX_VALUE), most);
        for (int i = 0; i < next; i++) {
            long offset = entry(ring, ring.own + i, wide);
            if (pool.has(offset) && pool.isHeld((int) offset, holder) && !inRings.get(pool.number((int) offset))) {
                found.set(pool.number((int) offset));
            }
        }
    }

    private static long entry(Ring ring, int index, boolean wide) {
        return ring.bytes.getLong(wide ? ring.at16(index) : ring.at8(index));
    }
}
