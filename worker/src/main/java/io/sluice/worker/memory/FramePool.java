package io.sluice.worker.memory;

import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

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
 * <p>What the kernel holds through AF_XDP rings can't be enumerated, so a ledger records which queue gave it which frame; when
 * the queue is gone its frames are reclaimed. The ledger is in the same memory, so that a pool can be {@link #left} by a
 * process that was killed. One owner thread.
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
    private final Ledger ledger;
    private final BitSet holders = new BitSet();

    /** Queues of a predecessor that nobody has adopted; their frames are neither free nor ours. */
    private final BitSet strangers = new BitSet();

    private int freeCount;
    private int freeLargeCount;
    private boolean settled;
    private boolean closed;

    /**
     * A new pool, all of it free.
     *
     * @param mapping consumed; {@link #sizeOf} bytes
     * @param frameSize 2048 or 4096
     */
    public FramePool(Mapping mapping, int frameSize, int frames, int largeFrames) {
        this(mapping, frameSize, frames, largeFrames, true);
    }

    /**
     * The pool that a predecessor had in this memory. None of it is free before {@link #settle}; until then the predecessor's
     * queues are to be adopted.
     *
     * @param mapping consumed; {@link #sizeOf} bytes
     * @throws IllegalArgumentException what is there is no pool, or one of other frames; the mapping stays the caller's
     */
    public static FramePool left(Mapping mapping, int frameSize, int frames, int largeFrames) {
        return new FramePool(mapping, frameSize, frames, largeFrames, false);
    }

    private FramePool(Mapping mapping, int frameSize, int frames, int largeFrames, boolean begin) {
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
        this.ledger = new Ledger(bytes, largeBase + largeFrames * LARGE_FRAME);
        if (begin) {
            ledger.begin(frameSize, frames, largeFrames);
            freeWhatNobodyHas();
            settled = true;
        } else if (ledger.isOf(frameSize, frames, largeFrames)) {
            findStrangers();
        } else {
            throw new IllegalArgumentException("its frames were of other sizes or numbers, or of another version");
        }
    }

    private void findStrangers() {
        for (int i = 0; i < frames(); i++) {
            int id = ledger.get(i);
            if (id > 0) {
                strangers.set(id);
            }
        }
    }

    private void freeWhatNobodyHas() {
        for (int i = frames() - 1; i >= 0; i--) {
            if (ledger.get(i) == 0) {
                give(first(i));
            }
        }
    }

    /** Bytes that a pool needs; a multiple of 4096 for an even number of frames. */
    public static long sizeOf(int frameSize, int frames, int largeFrames) {
        return (long) frameSize * frames + (long) LARGE_FRAME * largeFrames + Ledger.size((long) frames + largeFrames);
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
            freeLarge[freeLargeCount++] = largeBase + (offset - largeBase) / LARGE_FRAME * LARGE_FRAME;
        }
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
        int id = 1;
        while (holders.get(id) || strangers.get(id)) {
            id = holders.nextClearBit(id + 1);
        }
        if (id > Short.MAX_VALUE) {
            throw new IllegalStateException("a frame pool serves at most " + Short.MAX_VALUE + " queues");
        }
        holders.set(id);
        return id;
    }

    /** Notes that queue {@code id} of {@link #newHolder} has given the frame around {@code offset} to the kernel. */
    public void held(int offset, int id) {
        ledger.put(number(offset), id);
    }

    /** Whether the frame around {@code offset} is noted as given to the kernel by queue {@code id}. */
    public boolean isHeld(int offset, int id) {
        return ledger.get(number(offset)) == id;
    }

    /** How many frames queue {@code id} is noted to have given to the kernel. Cold. */
    public int countHeld(int id) {
        int count = 0;
        for (int i = 0; i < frames(); i++) {
            count += ledger.get(i) == id ? 1 : 0;
        }
        return count;
    }

    /** Whether {@code offset} is in a frame of this pool. */
    public boolean has(long offset) {
        return offset >= 0 && offset < largeBase + (long) largeFrames * LARGE_FRAME;
    }

    /**
     * Takes over a number of {@link #newHolder} from the predecessor, with the frames that are noted under it. Only before
     * {@link #settle}.
     *
     * @return {@code id}
     * @throws IllegalStateException another queue has it
     */
    public int adopt(int id) {
        if (id <= 0 || id > Short.MAX_VALUE || holders.get(id)) {
            throw new IllegalStateException("no queue can take over frames under number " + id);
        }
        strangers.clear(id);
        holders.set(id);
        return id;
    }

    /**
     * Ends the taking over, if there was one: frees what the predecessor had not given to the kernel, and what it had given by
     * queues that nobody has adopted, whose sockets are closed.
     */
    public void settle() {
        if (settled) {
            return;
        }
        settled = true;
        for (int i = 0; i < frames(); i++) {
            int id = ledger.get(i);
            if (id < 0 || strangers.get(id)) {
                ledger.put(i, 0);
            }
        }
        strangers.clear();
        freeWhatNobodyHas();
    }

    /** Notes that the kernel has given the frame around {@code offset} back. */
    public void returned(int offset) {
        ledger.put(number(offset), 0);
    }

    /** The number of the frame around {@code offset}, counted from 0, small ones first. */
    public int number(int offset) {
        return offset < largeBase ? offset >>> frameShift : frames + (offset - largeBase) / LARGE_FRAME;
    }

    /** Frees every frame that queue {@code id} gave to the kernel, and its number: its socket is closed. Cold. */
    public void reclaim(int id) {
        holders.clear(id);
        for (int i = 0; i < frames(); i++) {
            if (ledger.get(i) == id) {
                ledger.put(i, 0);
                give(first(i));
            }
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
