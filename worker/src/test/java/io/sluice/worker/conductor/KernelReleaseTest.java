package io.sluice.worker.conductor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelReleaseTest {
    @ParameterizedTest
    @CsvSource({
        "6.1.0-28-amd64, false",
        "6.2, true",
        "6.12.5, true",
        "7.0-rc1, true",
        "10.1+, true",
        "5.19.17, false",
        "six, false",
        "'', false"
    })
    void superframesOfUdpCameWith62(String release, boolean expected) {
        assertThat(KernelRelease.of(release).hasUdpSuperframes()).isEqualTo(expected);
    }

    @Test
    void theRunningKernelSaysWhatItIs() {
        assertThat(KernelRelease.running().major()).isPositive();
    }
}
