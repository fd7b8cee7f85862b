package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.lab.LabException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What measurements read from files that others write. */
final class ReadingsTest {
    @TempDir
    private Path directory;

    @Test
    void theLongestPauseOfACollectionIsFound() {
        String log = """
                [0.005s][info][gc] Using Serial
                [0.812s][info][gc] GC(0) Pause Young (Allocation Failure) 8M->3M(31M) 2.125ms
                [1.300s][info][gc] GC(1) Pause Full (Metadata GC Threshold) 9M->4M(31M) 11.500ms
                [2.300s][info][gc] GC(2) Pause Young (Allocation Failure) 9M->4M(31M) 1.001ms
                """;

        assertThat(Endurance.longestPause(log)).isEqualTo(11.5);
        assertThat(Endurance.longestPause("[0.005s][info][gc] Using Serial\n")).isZero();
    }

    @Test
    void memoryIsReadByItsKindInMegabytes() {
        ProcessMemory memory = ProcessMemory.parse(
                "Name:\tjava\nVmRSS:\t  4096 kB\nRssAnon:\t  1024 kB\nRssFile:\t 512 kB\nRssShmem:\t  2560 kB\n");

        assertThat(memory).isEqualTo(new ProcessMemory(1, 0.5, 2.5));
        assertThatThrownBy(() -> ProcessMemory.parse("Name:\tkthreadd\n"))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("RssAnon");
    }

    @Test
    void whatTheHostTookIsReadForAllCpus() {
        List<String> stat =
                List.of("cpu  7227413 103690 2697180 6751956 9252 0 840073 60325 0 0", "cpu0 1 2 3 4 5 6 7 8 9");

        assertThat(StolenTime.parse(stat, "")).isEqualTo(603_250);
        assertThat(StolenTime.parse(stat, "0")).isEqualTo(80);
        assertThat(StolenTime.parse(List.of("cpu  1 2 3 4"), "")).isZero();
    }

    @Test
    void aDevicesColumnIsFoundByItsName() {
        List<String> devices = List.of(
                "Inter-|   Receive                                                |  Transmit",
                " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls",
                "   v10:       1       2    3    4    5     6          7         8        9      10   11   12   13    14",
                "    v1:      21      22   23   24   25    26         27        28       29      30   31   32   33    34");

        assertThat(LossWatch.column(devices, "v1", LossWatch.RX_DROPPED)).isEqualTo(24);
        assertThat(LossWatch.column(devices, "v10", LossWatch.TX_PACKETS)).isEqualTo(10);
        assertThatThrownBy(() -> LossWatch.column(devices, "v2", LossWatch.RX_DROPPED))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("v2");
    }

    @Test
    void everyTimeOfAnAnswerIsCounted() throws IOException {
        ByteBuffer times = ByteBuffer.allocate(5 * Long.BYTES).order(ByteOrder.nativeOrder());
        for (long nanoseconds : new long[] {10_000, 20_000, 30_000, 40_000, 90_000_000_000L}) {
            times.putLong(nanoseconds);
        }
        Path file = Files.write(directory.resolve("times"), times.array());

        Histogram histogram = Latency.read(file);

        assertThat(histogram.getTotalCount()).isEqualTo(5);
        assertThat(histogram.getValueAtPercentile(50) / 1e3).isBetween(29.9, 30.1);
        // More than ten seconds are as good as no answer.
        assertThat(histogram.getMaxValue() / 1e9).isBetween(9.9, 10.1);
    }
}
