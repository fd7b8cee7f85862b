package io.sluice.worker.memory;

import java.util.Arrays;

/** The frames of one data-path thread: free ones of both sizes, by their first byte, and who gave the others to the kernel. */
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
    /** Entries; 64 bytes of the shortest kind. */
    private static final int SLACK = 32;

    private final int[] free;
    private final int[] freeLarge;
    private final short[] holder;
    private int top = SLACK;
    private int topLarge = SLACK;

    FrameStacks(int frames, int largeFrames) {
        free = new int[SLACK + frames + SLACK];
        freeLarge = new int[SLACK + largeFrames + SLACK];
        holder = new short[SLACK + frames + largeFrames + SLACK];
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

    /** Queue {@code id} has given frame {@code index} to the kernel; 0: nobody has. */
    final void hold(int index, int id) {
        holder[SLACK + index] = (short) id;
    }

    /** The first frame from {@code index} on that {@code id} has given to the kernel; how many frames there are if none. */
    final int nextHeld(int id, int index) {
        int last = holder.length - 2 * SLACK;
        int i = index;
        while (i < last && holder[SLACK + i] != id) {
            i++;
        }
        return i;
    }

    /** Moves what {@code id} holds of the frames from {@code index} to {@code end} to another stock; returns how many. */
    final int moveHeld(int id, FrameStacks to, int index, int end) {
        int moved = 0;
        for (int i = nextHeld(id, index); i < end; i = nextHeld(id, i)) {
            hold(i, 0);
            to.hold(i, id);
            moved++;
        }
        return moved;
    }

    /** Forgets all free frames. */
    final void clear() {
        top = SLACK;
        topLarge = SLACK;
        Arrays.fill(free, FramePool.NONE);
    }
}
