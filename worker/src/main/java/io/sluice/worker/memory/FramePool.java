package io.sluice.worker.memory;

import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

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
 */
public final class FramePool implements AutoCloseable {
    /** Bytes before a packet that belong to its frame. */
    public static final int HEADROOM = 256;

    /** Bytes of a large frame: headroom, 65535 of IP, headers, rounded to chunks of 2 and 4 KiB. */
    public static final int LARGE_FRAME = 68 * 1024;

    /** No frame was free. */
    public static final int NONE = -1;

    private final Mapping mapping;
    private final ByteBuffer bytes;
    private final int frameSize;
    private final int frameShift;
    private final int frames;
    private final int largeBase;
    private final int largeFrames;
    private final int[] free;
    private final int[] freeLarge;
    private final short[] holder;
    private final BitSet holders = new BitSet();
    private int freeCount;
    private int freeLargeCount;
    private boolean closed;

    /**
     * @param mapping consumed; {@link #sizeOf} bytes
     * @param frameSize 2048 or 4096
     */
    public FramePool(Mapping mapping, int frameSize, int frames, int largeFrames) {
        if (Integer.bitCount(frameSize) != 1 || frameSize < 2048 || frameSize > 4096) {
            throw new IllegalArgumentException("frame size " + frameSize + "; 2048 or 4096 are possible");
        }
        if (sizeOf(frameSize, frames, largeFrames) > mapping.size()) {
            throw new IllegalArgumentException("a mapping of " + mapping.size() + " bytes is too small");
        }
        this.mapping = mapping;
        this.bytes = mapping.bytes();
        this.frameSize = frameSize;
        this.frameShift = Integer.numberOfTrailingZeros(frameSize);
        this.frames = frames;
        this.largeBase = frames * frameSize;
        this.largeFrames = largeFrames;
        this.free = new int[frames];
        this.freeLarge = new int[largeFrames];
        this.holder = new short[frames + largeFrames];
        for (int i = frames - 1; i >= 0; i--) {
            free[freeCount++] = i << frameShift;
        }
        for (int i = largeFrames - 1; i >= 0; i--) {
            freeLarge[freeLargeCount++] = largeBase + i * LARGE_FRAME;
        }
    }

    /** Bytes that a pool needs; a multiple of 4096 for an even number of frames. */
    public static long sizeOf(int frameSize, int frames, int largeFrames) {
        return (long) frameSize * frames + (long) LARGE_FRAME * largeFrames;
    }

    /** A free frame's first byte, or {@link #NONE}. */
    public int take() {
        return freeCount == 0 ? NONE : free[--freeCount];
    }

    /** A free large frame's first byte, or {@link #NONE}. */
    public int takeLarge() {
        return freeLargeCount == 0 ? NONE : freeLarge[--freeLargeCount];
    }

    /** Frees the frame, of either size, around {@code offset}. */
    public void give(int offset) {
        if (offset < largeBase) {
            free[freeCount++] = offset & -frameSize;
        } else {
            freeLarge[freeLargeCount++] = largeBase + largeIndex(offset) * LARGE_FRAME;
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
        int id = holders.nextClearBit(1);
        if (id > Short.MAX_VALUE) {
            throw new IllegalStateException("a frame pool serves at most " + Short.MAX_VALUE + " queues");
        }
        holders.set(id);
        return id;
    }

    /** Notes that queue {@code id} of {@link #newHolder} has given the frame around {@code offset} to the kernel. */
    public void held(int offset, int id) {
        holder[index(offset)] = (short) id;
    }

    /** Notes that the kernel has given the frame around {@code offset} back. */
    public void returned(int offset) {
        holder[index(offset)] = 0;
    }

    private int index(int offset) {
        return offset < largeBase ? offset >>> frameShift : frames + largeIndex(offset);
    }

    /** Frees every frame that queue {@code id} gave to the kernel, and its number: its socket is closed. Cold. */
    public void reclaim(int id) {
        holders.clear(id);
        for (int i = 0; i < holder.length; i++) {
            if (holder[i] == id) {
                holder[i] = 0;
                give(i < frames ? i << frameShift : largeBase + (i - frames) * LARGE_FRAME);
            }
        }
    }

    /** The memory, in host byte order. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Address of the pool's first byte. */
    public long address() {
        return mapping.address();
    }

    /** Bytes of a small frame. */
    public int frameSize() {
        return frameSize;
    }

    /** Bytes of packet that a small frame holds after its headroom. */
    public int room() {
        return frameSize - HEADROOM;
    }

    /** Frames of both sizes. */
    public int frames() {
        return frames + largeFrames;
    }

    /** Large frames, free or not. */
    public int largeFrames() {
        return largeFrames;
    }

    /** Free frames of both sizes. */
    public int freeFrames() {
        return freeCount + freeLargeCount;
    }

    /** Bytes of the whole mapping. */
    public int size() {
        return mapping.size();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Arrays.fill(free, NONE);
            mapping.close();
        }
    }
}
