package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TuningTest {
    @Test
    void aPortBeginsWithEverythingOnButUdpGroAndNothingWaiting() {
        Tuning tuning = Tuning.of(64);
        assertThat(tuning.holdNs()).isZero();
        assertThat(tuning.batch()).isEqualTo(64);
        assertThat(tuning.software()).isZero();
        assertThat(Offload.values()).filteredOn(offload -> !tuning.has(offload)).containsExactly(Offload.RX_UDP_GRO);
    }

    @Test
    void withoutChecksumsThereIsNoSegmentation() {
        Tuning tuning = new Tuning(64, 0, 0, Offload.TX_CHECKSUM.bit());
        assertThat(tuning.has(Offload.TX_TCP4)).isFalse();
        assertThat(tuning.has(Offload.TX_UDP)).isFalse();
        assertThat(tuning.has(Offload.RX_CHECKSUM)).isTrue();
        assertThat(tuning.segments()).isTrue();
    }

    @Test
    void whatComesIsNobodysBusinessOnTheWayOut() {
        int off = Offload.RX_CHECKSUM.bit() | Offload.RX_GRO.bit() | Offload.RX_UDP_GRO.bit();
        assertThat(new Tuning(64, 0, 0, off).software()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "'', TX_TCP4 TX_TCP6 TX_UDP",
        "rx-udp-gro-forwarding, TX_TCP4 TX_TCP6",
        "gro, ''",
        "tso, TX_TCP4 TX_TCP6 TX_UDP"
    })
    void whatIsCoalescedIsWhatIsSwitchedOnOfWhatComes(String off, String kinds) {
        assertThat(tuning(off).coalesces()).isEqualTo(bits(kinds));
    }

    @ParameterizedTest
    @CsvSource({
        "'', TX_TCP4 TX_TCP6 TX_UDP",
        "uso, TX_TCP4 TX_TCP6",
        "tx-tcp-segmentation, TX_TCP6 TX_UDP",
        "tx, ''",
        "gro, TX_TCP4 TX_TCP6 TX_UDP"
    })
    void superframesGoAsTheyAreWhereTheirSegmentationIsOn(String off, String kinds) {
        assertThat(tuning(off).takes()).isEqualTo(bits(kinds));
    }

    private static Tuning tuning(String off) {
        return new Tuning(
                64, 0, 0, Offload.named(off).stream().mapToInt(Offload::bit).sum());
    }

    private static int bits(String names) {
        return Stream.of(names.split(" "))
                .filter(name -> !name.isEmpty())
                .mapToInt(name -> Offload.valueOf(name).bit())
                .sum();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0   | 0       | 0   | depth 0: 1 to 256 is expected
            257 | 0       | 0   | depth 257: 1 to 256 is expected
            1   | -1      | 0   | tx-usecs -1: 0 to 1000000 is expected
            1   | 1000001 | 0   | tx-usecs 1000001: 0 to 1000000 is expected
            1   | 1       | 257 | tx-frames 257: 0 to 256 is expected
            1   | 0       | 5   | tx-frames 5 needs a deadline as well, tx-usecs: packets could wait for ever
            """)
    void valuesOutOfRangeAreRefused(int depth, int usecs, int frames, String message) {
        assertThatThrownBy(() -> new Tuning(depth, usecs, frames, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource({
        "rx, 1",
        "rx-checksumming, 1",
        "tx, 1",
        "tx-checksumming, 1",
        "tso, 2",
        "tcp-segmentation-offload, 2",
        "tx-tcp-segmentation, 1",
        "tx-tcp6-segmentation, 1",
        "uso, 1",
        "tx-udp-segmentation, 1",
        "gro, 1",
        "generic-receive-offload, 1",
        "rx-udp-gro-forwarding, 1",
        "TSO, 0"
    })
    void namesAreEthtools(String name, int offloads) {
        assertThat(Offload.named(name)).hasSize(offloads);
    }
}
