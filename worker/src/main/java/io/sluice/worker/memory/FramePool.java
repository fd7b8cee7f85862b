package io.sluice.worker.memory;

import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory of all packets of one data-path thread: one mapping, cut into frames of two sizes, free ones on two stacks.
 *
 * <pre>
 *  0              frames * frameSize                                                  size
 *  | frame | frame | ...  | large frame          | large frame          | ledger       |
 *  each frame:  | 256 headroom | packet ...                             |
 * </pre>
 *
 * Small frames hold what a device's MTU allows; they are the chunks of an AF_XDP UMEM, which spans the whole pool. Large
 * frames hold superframes (a 64 KiB IP packet, its Ethernet header, a VLAN tag). Both have 256 bytes of headroom, which is
 * also where AF_XDP puts received data, so a header can be put before any packet. Stacks, because a frame that was just
 * freed is still in the cache.
 *
 * <p>What the kernel holds through AF_XDP rings can't be enumerated, so a ledger records which queue gave it which
 * frame; when the queue is gone its frames are reclaimed. The ledger is in the same memory, so that a pool can be
 * {@link #left} by a process that was killed. One owner thread.
 *
 * <p>Several data-path threads share the mapping, as every AF_XDP socket has all of it as its UMEM, and nothing else:
 * {@link #cut} gives each a stock of frames, which only it takes from and gives to. A packet is freed into the stock of the
 * thread that received it, as no other handles it. A queue has a {@link #view} of its thread's pool, so that it can
 * {@link #move} to another thread with everything that it is made of. Lines of the ledger are shared by threads only
 * where their frames are neighbours, and threads begin with ranges.
 */
public final class FramePool implements AutoCloseable {
    /** Bytes before a packet that belong to its frame. */
    public static final int HEADROOM = 256;

    /** Bytes of a large frame: headroom, 65535 of IP, headers, rounded to chunks of 2 and 4 KiB. */
    public static final int LARGE_FRAME = 68 * 1024;

    /** No frame was free. */
    public static final int NONE = -1;

    private final FrameMemory memory;
    private final Ledger ledger;
    private final ByteBuffer bytes;
    private final int frameSize;
    private final int frameShift;
    private final int frames;
    private final int largeBase;
    private final int largeFrames;
    private final int part;
    private FrameStock stock;
    private boolean closed;

    /**
     * A new pool of its own, all of it free.
     *
     * @param mapping consumed; {@link #sizeOf} bytes
     * @param frameSize 2048 or 4096
     */
    public FramePool(Mapping mapping, int frameSize, int frames, int largeFrames) {
        this(memory(mapping, frameSize, frames, largeFrames, 1, true), frameSize, frames, largeFrames, 0);
        settle();
    }

    private FramePool(FrameMemory memory, int frameSize, int frames, int largeFrames, int part) {
        this.memory = memory;
        this.ledger = memory.ledger();
        this.bytes = memory.bytes();
        this.frameSize = frameSize;
        this.frameShift = Integer.numberOfTrailingZeros(frameSize);
        this.frames = frames;
        this.largeBase = frames * frameSize;
        this.largeFrames = largeFrames;
        this.part = part;
        this.stock = new FrameStock(frames, largeFrames);
    }

    /** See {@link #view}. */
    private FramePool(FramePool pool) {
        this.memory = pool.memory;
        this.ledger = pool.ledger;
        this.bytes = pool.bytes;
        this.frameSize = pool.frameSize;
        this.frameShift = pool.frameShift;
        this.frames = pool.frames;
        this.largeBase = pool.largeBase;
        this.largeFrames = pool.largeFrames;
        this.part = pool.part;
        this.stock = pool.stock;
    }

    /**
     * New pools of as many threads over one mapping, each with a range of the frames, equally many but for one.
     *
     * @param mapping consumed; {@link #sizeOf} bytes; unmapped with the last pool that is closed
     * @throws IllegalArgumentException there are fewer frames than pools
     */
    public static List<FramePool> cut(Mapping mapping, int frameSize, int frames, int largeFrames, int pools) {
        List<FramePool> cut = cut(mapping, frameSize, frames, largeFrames, pools, true);
        cut.forEach(FramePool::settle);
        return cut;
    }

    /**
     * Pools over the memory that a predecessor had, however many threads shared it. None of it is free before {@link
     * #settle}; until then the predecessor's queues are to be adopted, in the first pool.
     *
     * @param mapping consumed; {@link #sizeOf} bytes
     * @throws IllegalArgumentException what is there is no pool, or one of other frames; the mapping stays the caller's
     */
    public static List<FramePool> left(Mapping mapping, int frameSize, int frames, int largeFrames, int pools) {
        return cut(mapping, frameSize, frames, largeFrames, pools, false);
    }

    private static List<FramePool> cut(
            Mapping mapping, int frameSize, int frames, int largeFrames, int pools, boolean begin) {
        if (frames < pools || (largeFrames > 0 && largeFrames < pools)) {
            throw new IllegalArgumentException(
                    frames + " frames and " + largeFrames + " large ones are too few for " + pools + " threads");
        }
        FrameMemory memory = memory(mapping, frameSize, frames, largeFrames, pools, begin);
        List<FramePool> cut = new ArrayList<>();
        for (int i = 0; i < pools; i++) {
            cut.add(new FramePool(memory, frameSize, frames, largeFrames, i));
        }
        return cut;
    }

    private static FrameMemory memory(
            Mapping mapping, int frameSize, int frames, int largeFrames, int pools, boolean begin) {
        if (Integer.bitCount(frameSize) != 1 || frameSize < 2048 || frameSize > 4096) {
            throw new IllegalArgumentException("frame size " + frameSize + "; 2048 or 4096 are possible");
        }
        if (sizeOf(frameSize, frames, largeFrames) > mapping.size()) {
            throw new IllegalArgumentException("a mapping of " + mapping.size() + " bytes is too small");
        }
        Ledger ledger = new Ledger(mapping.bytes(), frameSize, frames, largeFrames);
        if (begin) {
            ledger.begin();
        } else if (!ledger.isThere()) {
            throw new IllegalArgumentException("its frames were of other sizes or numbers, or of another version");
        }
        return new FrameMemory(mapping, ledger, pools);
    }

    /**
     * Makes free what is this pool's of all that is free. After {@link #left} that is what the predecessor had not
     * given to the kernel, or had given by queues that nobody has adopted, whose sockets are closed. Adopted queues are
     * in the first pool, with what they hold, and take that along when they {@link #move}: so the other pools get as
     * much as in a new memory, and the first what remains. Once, by the pool's thread; before any pool's frames are
     * used.
     */
    public void settle() {
        for (int number : memory.settle(part)) {
            give(first(number));
        }
    }

    /** This pool, for a queue that may {@link #move}: this itself if there is no other to move to. */
    public FramePool view() {
        return memory.pools() == 1 ? this : new FramePool(this);
    }

    /**
     * Makes this view one of the pool {@code to}: the queue that it belongs to is served by another thread from now on. What
     * the queue holds beside, in rings that the kernel does not write to, it frees there. Both threads stand still. Cold.
     */
    public void move(FramePool to) {
        stock = to.stock;
    }

    /** The same for what has given frames to the kernel: they go along, and as many free ones the other way if there are. */
    public void move(FramePool to, int id) {
        FrameStock from = stock;
        if (from == to.stock) {
            return;
        }
        int moved = 0;
        int movedLarge = 0;
        for (int i = ledger.next(id, 0); i < frames(); i = ledger.next(id, i + 1)) {
            moved += i < frames ? 1 : 0;
            movedLarge += i < frames ? 0 : 1;
        }
        for (int frame; moved > 0 && (frame = to.stock.pop()) != NONE; moved--) {
            from.push(frame);
        }
        for (int frame; movedLarge > 0 && (frame = to.stock.popLarge()) != NONE; movedLarge--) {
            from.pushLarge(frame);
        }
        stock = to.stock;
    }

    /** Bytes that a pool needs; a multiple of 4096 for an even number of frames. */
    public static long sizeOf(int frameSize, int frames, int largeFrames) {
        return (long) frameSize * frames + (long) LARGE_FRAME * largeFrames + Ledger.size(frames, largeFrames);
    }

    /** A free frame's first byte, or {@link #NONE}. */
    public int take() {
        return stock.pop();
    }

    /** A free large frame's first byte, or {@link #NONE}. */
    public int takeLarge() {
        return stock.popLarge();
    }

    /** Frees the frame, of either size, around {@code offset}. */
    public void give(int offset) {
        if (offset < largeBase) {
            stock.push(offset & -frameSize);
        } else {
            stock.pushLarge(largeBase + largeIndex(offset) * LARGE_FRAME);
        }
    }

    /** Whether the frame around {@code offset} is a large one. */
    public boolean isLarge(int offset) {
        return offset >= largeBase;
    }

    /** The number of the large frame around {@code offset}, less than {@link #largeFrames()}. */
    public int largeIndex(int offset) {
        return (offset - largeBase) / LARGE_FRAME;
    }

    /** Frees every frame of {@code vector} and empties it. */
    public void giveAll(Vector vector) {
        for (int i = 0; i < vector.count; i++) {
            give(vector.offset[i]);
        }
        vector.clear();
    }

    /**
     * A number under which a queue notes the frames that it gives to the kernel, taken until {@link #reclaim}. Cold.
     *
     * @throws IllegalStateException 32767 queues have one
     */
    public int newHolder() {
        return memory.newHolder();
    }

    /** Notes that queue {@code id} of {@link #newHolder} has given the frame around {@code offset} to the kernel. */
    public void held(int offset, int id) {
        ledger.put(number(offset), id);
    }

    /** Whether the frame around {@code offset} is noted as given to the kernel by queue {@code id}. */
    public boolean isHeld(int offset, int id) {
        return ledger.get(number(offset)) == id;
    }

    /**
     * How many descriptors queue {@code id} is noted to have given to the kernel. Cold.
     *
     * @param parts whether a large frame counts as what is left of its {@link #split parts}, not as one
     */
    public int countHeld(int id, boolean parts) {
        int count = 0;
        for (int i = ledger.next(id, 0); i < frames(); i = ledger.next(id, i + 1)) {
            count += parts && i >= frames ? ledger.parts(i - frames) : 1;
        }
        return count;
    }

    /**
     * How many of {@link #countHeld} are not with the kernel, and nobody can tell which: they come back with the
     * queue's end.
     */
    public int leftOut(int id) {
        return ledger.leftOut(id);
    }

    /** Notes that, for who succeeds this process. */
    public void leaveOut(int id, int count) {
        ledger.leaveOut(id, count);
    }

    /** Whether {@code offset} is in a frame of this pool. */
    public boolean has(long offset) {
        return offset >= 0 && offset < largeBase + (long) largeFrames * LARGE_FRAME;
    }

    /**
     * Takes over a number of {@link #newHolder} from the predecessor, with the frames that are noted under it. Only
     * before {@link #settle}.
     *
     * @return {@code id}
     * @throws IllegalStateException another queue has it
     */
    public int adopt(int id) {
        return memory.adopt(id);
    }

    /**
     * Notes that the large frame around {@code offset} is about to be given to the kernel in as many descriptors, which
     * complete one by one.
     *
     * @param before index in the completion ring before that of the first of them
     */
    public void split(int offset, int parts, int before) {
        ledger.split(largeIndex(offset), parts, before);
    }

    /** Notes that a descriptor of that frame has completed, at {@code index} of the ring; returns how many are left. */
    public int completed(int offset, int index) {
        return ledger.completed(largeIndex(offset), index);
    }

    /** What is noted by {@link #completed} of {@code index} is taken back if there is something. Cold. */
    public void notCompleted(int offset, int index) {
        ledger.notCompleted(largeIndex(offset), index);
    }

    /** How many descriptors of the large frame around {@code offset} have not {@link #completed}. */
    public int parts(int offset) {
        return ledger.parts(largeIndex(offset));
    }

    /** Notes that the kernel has given the frame around {@code offset} back. */
    public void returned(int offset) {
        ledger.put(number(offset), 0);
    }

    /** The number of the frame around {@code offset}, counted from 0, small ones first. */
    public int number(int offset) {
        return offset < largeBase ? offset >>> frameShift : frames + largeIndex(offset);
    }

    /** Frees every frame that queue {@code id} gave to the kernel, and its number: its socket is closed. Cold. */
    public void reclaim(int id) {
        memory.freeHolder(id);
        for (int i = ledger.next(id, 0); i < frames(); i = ledger.next(id, i + 1)) {
            ledger.put(i, 0);
            give(first(i));
        }
    }

    /** The first byte of the frame of that {@link #number}. */
    public int first(int number) {
        return number < frames ? number << frameShift : largeBase + (number - frames) * LARGE_FRAME;
    }

    /** The memory, in host byte order. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Address of the pool's first byte. */
    public long address() {
        return memory.address();
    }

    /** Bytes of a small frame. */
    public int frameSize() {
        return frameSize;
    }

    /** Bytes of packet that a small frame holds after its headroom. */
    public int room() {
        return frameSize - HEADROOM;
    }

    /** Frames of both sizes, of all pools over this memory. */
    public int frames() {
        return frames + largeFrames;
    }

    /** Large frames of all pools over this memory, free or not. */
    public int largeFrames() {
        return largeFrames;
    }

    /** Free frames of both sizes, of this pool alone. */
    public int freeFrames() {
        return stock.size();
    }

    /** Bytes of the whole mapping. */
    public int size() {
        return memory.size();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            stock.clear();
            memory.close();
        }
    }
}
