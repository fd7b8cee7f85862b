package io.sluice.worker.memory;

import java.util.Arrays;

/** The free frames of one data-path thread, of both sizes, by their first byte. */
final class FrameStock extends FrameStacks {
    long after0;
    long after1;
    long after2;
    long after3;
    long after4;
    long after5;
    long after6;
    long after7;

    /** For as many frames as the memory has, since frames can come from other stocks. */
    FrameStock(int frames, int largeFrames) {
        super(frames, largeFrames);
    }
}

/** The stacks; slack at both ends of each array keeps its neighbours off its cache lines. */
abstract class FrameStacks extends Pad {
    /** Entries; 64 bytes. */
    private static final int SLACK = 16;

    private final int[] free;
    private final int[] freeLarge;
    private int top = SLACK;
    private int topLarge = SLACK;

    FrameStacks(int frames, int largeFrames) {
        free = new int[SLACK + frames + SLACK];
        freeLarge = new int[SLACK + largeFrames + SLACK];
    }

    final void push(int frame) {
        free[top++] = frame;
    }

    /** The one pushed last, or {@link FramePool#NONE}. */
    final int pop() {
        return top == SLACK ? FramePool.NONE : free[--top];
    }

    final void pushLarge(int frame) {
        freeLarge[topLarge++] = frame;
    }

    final int popLarge() {
        return topLarge == SLACK ? FramePool.NONE : freeLarge[--topLarge];
    }

    /** Free frames. */
    final int size() {
        return top + topLarge - 2 * SLACK;
    }

    /** Forgets all free frames. */
    final void clear() {
        top = SLACK;
        topLarge = SLACK;
        Arrays.fill(free, FramePool.NONE);
    }
}
