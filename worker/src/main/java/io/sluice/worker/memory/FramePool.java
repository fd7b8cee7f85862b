package io.sluice.worker.memory;

import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory of all packets of one data-path thread: one mapping, cut into frames of two sizes, free ones on two stacks.
 *
 * <pre>
 *  0              frames * frameSize                                   size
 *  | frame | frame | ...  | large frame          | large frame          |
 *  each frame:  | 256 headroom | packet ...                             |
 * </pre>
 *
 * Small frames hold what a device's MTU allows; they are the chunks of an AF_XDP UMEM, which spans the whole pool. Large
 * frames hold superframes (a 64 KiB IP packet, its Ethernet header, a VLAN tag). Both have 256 bytes of headroom, which is
 * also where AF_XDP puts received data, so a header can be put before any packet. Stacks, because a frame that was just
 * freed is still in the cache.
 *
 * <p>What the kernel holds through AF_XDP rings can't be enumerated, so frames record which queue gave them to it; when the
 * queue is gone its frames are reclaimed. One owner thread.
 *
 * <p>Several data-path threads share the mapping, as every AF_XDP socket has all of it as its UMEM, and nothing else:
 * {@link #cut} gives each a stock of frames, which only it takes from and gives to. A packet is freed into the stock of the
 * thread that received it, as no other handles it. A queue has a {@link #view} of its thread's pool, so that it can
 * {@link #move} to another thread with everything that it is made of.
 */
public final class FramePool implements AutoCloseable {
    /** Bytes before a packet that belong to its frame. */
    public static final int HEADROOM = 256;

    /** Bytes of a large frame: headroom, 65535 of IP, headers, rounded to chunks of 2 and 4 KiB. */
    public static final int LARGE_FRAME = 68 * 1024;

    /** No frame was free. */
    public static final int NONE = -1;

    private final FrameMemory memory;
    private final ByteBuffer bytes;
    private final int frameSize;
    private final int frameShift;
    private final int frames;
    private final int largeBase;
    private final int largeFrames;
    private FrameStock stock;
    private boolean closed;

    /**
     * A pool of its own.
     *
     * @param mapping consumed; {@link #sizeOf} bytes
     * @param frameSize 2048 or 4096
     */
    public FramePool(Mapping mapping, int frameSize, int frames, int largeFrames) {
        this(memory(mapping, frameSize, frames, largeFrames, 1), frameSize, frames, largeFrames);
        fill(0, 1);
    }

    private FramePool(FrameMemory memory, int frameSize, int frames, int largeFrames) {
        this.memory = memory;
        this.bytes = memory.bytes();
        this.frameSize = frameSize;
        this.frameShift = Integer.numberOfTrailingZeros(frameSize);
        this.frames = frames;
        this.largeBase = frames * frameSize;
        this.largeFrames = largeFrames;
        this.stock = new FrameStock(frames, largeFrames);
    }

    private FramePool(FramePool pool) {
        this.memory = pool.memory;
        this.bytes = pool.bytes;
        this.frameSize = pool.frameSize;
        this.frameShift = pool.frameShift;
        this.frames = pool.frames;
        this.largeBase = pool.largeBase;
        this.largeFrames = pool.largeFrames;
        this.stock = pool.stock;
    }

    /**
     * Pools of as many threads over one mapping, each with a range of the frames, equally many but for one.
     *
     * @param mapping consumed; {@link #sizeOf} bytes; unmapped with the last pool that is closed
     * @throws IllegalArgumentException there are fewer frames than pools
     */
    public static List<FramePool> cut(Mapping mapping, int frameSize, int frames, int largeFrames, int pools) {
        if (frames < pools || (largeFrames > 0 && largeFrames < pools)) {
            throw new IllegalArgumentException(
                    frames + " frames and " + largeFrames + " large ones are too few for " + pools + " threads");
        }
        FrameMemory memory = memory(mapping, frameSize, frames, largeFrames, pools);
        List<FramePool> cut = new ArrayList<>();
        for (int i = 0; i < pools; i++) {
            FramePool pool = new FramePool(memory, frameSize, frames, largeFrames);
            pool.fill(i, pools);
            cut.add(pool);
        }
        return cut;
    }

    private static FrameMemory memory(Mapping mapping, int frameSize, int frames, int largeFrames, int pools) {
        if (Integer.bitCount(frameSize) != 1 || frameSize < 2048 || frameSize > 4096) {
            throw new IllegalArgumentException("frame size " + frameSize + "; 2048 or 4096 are possible");
        }
        if (sizeOf(frameSize, frames, largeFrames) > mapping.size()) {
            throw new IllegalArgumentException("a mapping of " + mapping.size() + " bytes is too small");
        }
        return new FrameMemory(mapping, pools);
    }

    /** The {@code part}-th of {@code parts} equal ranges of both kinds, so that the lowest frame is the first to be taken. */
    private void fill(int part, int parts) {
        int first = (int) ((long) frames * part / parts);
        for (int i = (int) ((long) frames * (part + 1) / parts) - 1; i >= first; i--) {
            stock.push(i << frameShift);
        }
        int firstLarge = (int) ((long) largeFrames * part / parts);
        for (int i = (int) ((long) largeFrames * (part + 1) / parts) - 1; i >= firstLarge; i--) {
            stock.pushLarge(largeBase + i * LARGE_FRAME);
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
        int moved = from.moveHeld(id, to.stock, 0, frames);
        int movedLarge = from.moveHeld(id, to.stock, frames, frames + largeFrames);
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
        return (long) frameSize * frames + (long) LARGE_FRAME * largeFrames;
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
        stock.hold(index(offset), id);
    }

    /** Notes that the kernel has given the frame around {@code offset} back. */
    public void returned(int offset) {
        stock.hold(index(offset), 0);
    }

    private int index(int offset) {
        return offset < largeBase ? offset >>> frameShift : frames + largeIndex(offset);
    }

    /** Frees every frame that queue {@code id} gave to the kernel, and its number: its socket is closed. Cold. */
    public void reclaim(int id) {
        memory.freeHolder(id);
        for (int i = stock.nextHeld(id, 0); i < frames(); i = stock.nextHeld(id, i)) {
            stock.hold(i, 0);
            give(i < frames ? i << frameShift : largeBase + (i - frames) * LARGE_FRAME);
        }
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
