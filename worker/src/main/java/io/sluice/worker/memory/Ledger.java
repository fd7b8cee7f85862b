package io.sluice.worker.memory;

import java.nio.ByteBuffer;

/**
 * Which queue has given each frame to the kernel, in the memory behind the frames, so that it outlives a process that is
 * killed: what its successor finds noted here is still the kernel's, and everything else is free.
 *
 * <pre>
 *  magic u32 | version u32 | frame size u32 | frames u32 | large frames u32 | unused, up to byte 64
 *  a u16 for each frame, small ones first: the number of the queue, 0 if the kernel has not got it
 * </pre>
 *
 * Host byte order: it never leaves the host. A queue notes a frame before it publishes it to the kernel, and strikes it out
 * before it publishes that it has taken it back. So whoever reads this after a crash may find a frame noted that the kernel
 * never saw, or struck out and still in a ring, and never one that the kernel has and that looks free.
 */
final class Ledger {
    private static final int MAGIC = 0x534c4c47;
    private static final int VERSION = 1;
    private static final int HEADER = 64;
    private static final int PAGE = 4096;

    private final ByteBuffer bytes;
    private final int header;
    private final int first;

    /** The one at {@code offset} of {@code bytes}, whatever is there. */
    Ledger(ByteBuffer bytes, int offset) {
        this.bytes = bytes;
        this.header = offset;
        this.first = offset + HEADER;
    }

    /** Bytes that one for so many frames takes, in whole pages. */
    static long size(long frames) {
        return (HEADER + 2 * frames + PAGE - 1) / PAGE * PAGE;
    }

    /** Begins an empty one. */
    void begin(int frameSize, int frames, int largeFrames) {
        for (int i = 0; i < frames + largeFrames; i++) {
            put(i, 0);
        }
        bytes.putInt(header + 4, VERSION)
                .putInt(header + 8, frameSize)
                .putInt(header + 12, frames)
                .putInt(header + 16, largeFrames)
                .putInt(header, MAGIC);
    }

    /** Whether there is one, of such frames. */
    boolean isOf(int frameSize, int frames, int largeFrames) {
        return bytes.getInt(header) == MAGIC
                && bytes.getInt(header + 4) == VERSION
                && bytes.getInt(header + 8) == frameSize
                && bytes.getInt(header + 12) == frames
                && bytes.getInt(header + 16) == largeFrames;
    }

    /** The queue that gave frame {@code index} to the kernel, or 0. */
    int get(int index) {
        return bytes.getShort(first + 2 * index);
    }

    /** Notes it; 0 strikes it out. */
    void put(int index, int queue) {
        bytes.putShort(first + 2 * index, (short) queue);
    }
}
