package io.sluice.worker.memory;

import java.nio.ByteBuffer;

/**
 * Which queue has given each frame to the kernel, in the memory behind the frames, so that it outlives a process that
 * is killed: what its successor finds noted here is still the kernel's, and everything else is free.
 *
 * <pre>
 *  magic u32 | version u32 | frame size u32 | frames u32 | large frames u32 | unused, up to byte 64
 *  a u16 for each of the first {@link #QUEUES} queues: how many frames are left out, as nobody can tell which they are
 *  a u32 for each large frame: what is left of its descriptors, 5 bits; above, the index of the last completed
 *  a u16 for each frame, small ones first: the number of the queue, 0 if the kernel has not got it
 * </pre>
 *
 * Host byte order: it never leaves the host. A queue notes a frame before it publishes it to the kernel, and strikes it
 * out before it publishes that it has taken it back. So whoever reads this after a crash may find a frame noted that
 * the kernel never saw, or struck out and still in a ring, and never one that the kernel has and that looks free.
 *
 * <p>A large frame that is given to the kernel in several descriptors comes back in as many completions. Together with
 * how many are left it is noted up to where in the completion ring they are counted: so what was counted when the
 * process died, and not yet published as taken, can be told from what was not, and is not counted twice.
 */
final class Ledger {
    private static final int MAGIC = 0x534c4c47;
    private static final int VERSION = 2;

    /** Queues that a successor can take over; the number of another one is greater. */
    static final int QUEUES = 1024;

    private static final int LEFT_OUT = 64;
    private static final int HEADER = LEFT_OUT + Short.BYTES * QUEUES;
    private static final int PAGE = 4096;

    /** Of the parts of a large frame; of the index there are as many less. */
    private static final int PART_BITS = 5;

    private static final int PARTS = (1 << PART_BITS) - 1;

    private final ByteBuffer bytes;
    private final int frameSize;
    private final int frames;
    private final int largeFrames;
    private final int header;
    private final int firstLarge;
    private final int first;

    /** The one behind so many frames at the beginning of {@code bytes}, whatever is there. */
    Ledger(ByteBuffer bytes, int frameSize, int frames, int largeFrames) {
        this.bytes = bytes;
        this.frameSize = frameSize;
        this.frames = frames;
        this.largeFrames = largeFrames;
        this.header = frames * frameSize + largeFrames * FramePool.LARGE_FRAME;
        this.firstLarge = header + HEADER;
        this.first = firstLarge + Integer.BYTES * largeFrames;
    }

    /** Bytes that one for so many frames takes, in whole pages. */
    static long size(int frames, int largeFrames) {
        long bytes = HEADER + (long) Integer.BYTES * largeFrames + Short.BYTES * ((long) frames + largeFrames);
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    /** Begins an empty one. */
    void begin() {
        bytes.putInt(header, 0);
        for (int i = 0; i < count(); i++) {
            put(i, 0);
        }
        for (int queue = 0; queue < QUEUES; queue++) {
            leaveOut(queue, 0);
        }
        bytes.putInt(header + 4, VERSION)
                .putInt(header + 8, frameSize)
                .putInt(header + 12, frames)
                .putInt(header + 16, largeFrames)
                .putInt(header, MAGIC);
    }

    /** Whether there is one, of such frames. */
    boolean isThere() {
        return bytes.getInt(header) == MAGIC
                && bytes.getInt(header + 4) == VERSION
                && bytes.getInt(header + 8) == frameSize
                && bytes.getInt(header + 12) == frames
                && bytes.getInt(header + 16) == largeFrames;
    }

    /** Small frames, which come first. */
    int small() {
        return frames;
    }

    /** Frames of both sizes. */
    int count() {
        return frames + largeFrames;
    }

    /** The queue that gave frame {@code index} to the kernel, or 0. */
    int get(int index) {
        return bytes.getShort(first + Short.BYTES * index);
    }

    /** Notes it; 0 strikes it out. */
    void put(int index, int queue) {
        bytes.putShort(first + Short.BYTES * index, (short) queue);
    }

    /**
     * The first frame from {@code index} on that {@code queue} has given to the kernel; {@link #count} if there is
     * none.
     */
    int next(int queue, int index) {
        int i = index;
        while (i < count() && get(i) != queue) {
            i++;
        }
        return i;
    }

    /** See {@link FramePool#leftOut}. */
    int leftOut(int queue) {
        return queue < QUEUES ? bytes.getShort(header + LEFT_OUT + Short.BYTES * queue) & 0xffff : 0;
    }

    /** See {@link FramePool#leaveOut}. */
    void leaveOut(int queue, int count) {
        if (queue < QUEUES) {
            bytes.putShort(header + LEFT_OUT + Short.BYTES * queue, (short) count);
        }
    }

    /** See {@link FramePool#split}. */
    void split(int large, int parts, int before) {
        bytes.putInt(firstLarge + Integer.BYTES * large, before << PART_BITS | parts);
    }

    /** See {@link FramePool#completed}. */
    int completed(int large, int index) {
        int left = parts(large) - 1;
        split(large, left & PARTS, index);
        return left;
    }

    /** See {@link FramePool#notCompleted}. */
    void notCompleted(int large, int index) {
        int ahead = (bytes.getInt(firstLarge + Integer.BYTES * large) & ~PARTS) - (index << PART_BITS);
        if (ahead >= 0) {
            split(large, parts(large) + 1 & PARTS, index - 1);
        }
    }

    /** See {@link FramePool#parts}. */
    int parts(int large) {
        return bytes.getInt(firstLarge + Integer.BYTES * large) & PARTS;
    }
}
