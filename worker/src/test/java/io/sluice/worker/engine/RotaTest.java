package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.Vector;
import org.junit.jupiter.api.Test;

class RotaTest {
    private final Rota rota = new Rota();
    private final Idler idler = new Idler(rota);

    /** Finds nothing, and leaves whenever it may. */
    private static final class Idler extends Served {
        private int runs;

        Idler(Rota rota) {
            super(rota);
        }

        @Override
        int run(Vector vector) {
            runs++;
            return 0;
        }

        @Override
        int flush() {
            return 0;
        }

        @Override
        boolean rests() {
            return true;
        }

        @Override
        boolean sleeps() {
            return true;
        }

        @Override
        Fd fd() {
            return null;
        }

        @Override
        long untilDue() {
            return Long.MAX_VALUE;
        }
    }

    @Test
    void whoIsWokenAfterItsRunRunsOnceMoreBeforeItLeaves() {
        idler.wake();
        rota.run(new Vector());
        idler.wake(); // what the look at epoll does, which tells of a descriptor once
        rota.flush();
        rota.rest();
        assertThat(rota.size()).isEqualTo(1);
        rota.run(new Vector());
        assertThat(idler.runs).isEqualTo(2);
        rota.rest();
        assertThat(rota.size()).isZero();
    }

    @Test
    void whoHasLeftComesBackWhenWoken() {
        idler.wake();
        rota.run(new Vector());
        rota.flush();
        assertThat(rota.size()).isZero();
        idler.wake();
        idler.wake();
        assertThat(rota.size()).isEqualTo(1);
    }
}
