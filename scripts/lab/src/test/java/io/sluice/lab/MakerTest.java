package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MakerTest {
    @Test
    void aNameTellsItsMaker() {
        assertThat(Maker.of(Maker.self().prefix() + "0-a")).contains(Maker.self());
    }

    @Test
    void thisProcessIsAlive() {
        assertThat(Maker.self().isAlive()).isTrue();
    }

    @Test
    void aLaterProcessOfTheSamePidIsNotTheMaker() {
        Maker self = Maker.self();

        assertThat(new Maker(self.pid(), self.start() - 1).isAlive()).isFalse();
    }

    @Test
    void otherNamesHaveNoMaker() {
        assertThat(Maker.of("blue")).isEmpty();
        assertThat(Maker.of("sluice-lab-x-y-z")).isEmpty();
        assertThat(Maker.of("sluice-lab-99999999999999999999-a-b")).isEmpty();
    }
}
