package io.sluice.worker.engine;

import io.sluice.worker.memory.Vector;
import java.util.Arrays;

/**
 * Who is served in a cycle: each once, in any order. Whoever has nothing to do leaves and is woken by what brings him work,
 * so that a cycle costs what is active and not what there is. Everybody's share of a cycle is a vector, so that none waits
 * for another's end. One thread.
 */
final class Rota {
    /** How far what a lane reads is from it. */
    static final int STEPS = 4;

    /** So few are in the first caches anyway. */
    private static final int FEW = 32;

    private Served[] active = new Served[64];
    private int count;

    /** Of no meaning, but what leaves no trace the compiler leaves out. */
    private long warmed;

    /** Before {@link #run}: many who were served long ago come into the cache together instead of one after the other. */
    void warm() {
        if (count > FEW) {
            long sum = 0;
            for (int step = 0; step < STEPS; step++) {
                for (int i = 0; i < count; i++) {
                    sum += active[i].touch(step);
                }
            }
            warmed += sum;
        }
    }

    long warmed() {
        return warmed;
    }

    /** Everybody receives. Those who are woken meanwhile do so in this cycle. */
    int run(Vector vector) {
        int work = 0;
        for (int i = 0; i < count; i++) {
            active[i].begins();
            work += active[i].run(vector);
        }
        return work;
    }

    /** Everybody sends, and leaves if that was all. */
    int flush() {
        int work = 0;
        for (int i = 0; i < count; ) {
            Served served = active[i];
            work += served.flush();
            if (!served.isDue() && served.rests()) {
                remove(i);
            } else {
                i++;
            }
        }
        return work;
    }

    /** Before a sleep: lets everybody go who can be woken. */
    void rest() {
        for (int i = 0; i < count; ) {
            if (!active[i].isDue() && active[i].sleeps()) {
                remove(i);
            } else {
                i++;
            }
        }
    }

    void add(Served served) {
        if (count == active.length) {
            active = Arrays.copyOf(active, 2 * count); // no longer than the number of links ever was
        }
        active[count++] = served;
    }

    private void remove(int i) {
        active[i].left();
        active[i] = active[--count];
        active[count] = null;
    }

    /** Takes one out who will not be served any more. Not while the rota runs. Cold. */
    void remove(Served served) {
        for (int i = 0; i < count; i++) {
            if (active[i] == served) {
                remove(i);
                return;
            }
        }
    }

    int size() {
        return count;
    }

    /** The least of everybody's {@link Served#untilDue}. */
    long untilDue() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            least = Math.min(least, active[i].untilDue());
        }
        return least;
    }
}
