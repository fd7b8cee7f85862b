package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class LossesTest {
    private final Losses losses = new Losses();

    @Test
    void nothingIsSaidWithoutDrops() {
        assertThat(IntStream.range(0, 1000).mapToObj(at -> losses.next(steady(at, 5))))
                .allMatch(Optional::isEmpty);
    }

    @Test
    void aBurstIsToldOnceItIsOverWithWhatWasBefore() {
        IntStream.range(0, 100).forEach(at -> losses.next(steady(at, 0)));
        // The thread gets no CPU for two looks; what it missed is dropped in the second and in the one after.
        losses.next(new Losses.Look(2500, 990, 10, 0, 99_000, 0));
        losses.next(new Losses.Look(2525, 990, 25, 10, 99_000, 700));
        losses.next(new Losses.Look(2550, 1000, 25, 10, 100_000, 800));

        List<String> told = IntStream.range(103, 200)
                .mapToObj(at -> losses.next(steady(at, 800)))
                .flatMap(Optional::stream)
                .toList();

        assertThat(told)
                .containsExactly(
                        "800 frames dropped until 2.55 s; of the 425 ms before, the thread ran for 150 and waited for its CPU for 25,"
                                + " the host had it for 10; between two looks it forwarded 0 frames at least, 1000 in the middle");
    }

    @Test
    void dropsWithoutEndAreToldInParts() {
        long told = Stream.iterate(0, at -> at + 1)
                .limit(640)
                .map(at -> losses.next(steady(at, at)))
                .flatMap(Optional::stream)
                .count();

        assertThat(told).isEqualTo(10);
    }

    /** A look at a thread that runs for 10 of 25 ms and forwards 1,000 frames in them. */
    private static Losses.Look steady(int at, long dropped) {
        return new Losses.Look(at * 25.0, at * 10.0, 0, 0, at * 1000L, dropped);
    }
}
