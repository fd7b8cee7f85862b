package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.v1.Balance;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.CounterDescription;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.PortCounters;
import io.sluice.worker.v1.Snapshot;
import io.sluice.worker.v1.WatchCountersRequest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StatsCommandTest extends CommandTest {
    @BeforeEach
    void describe() {
        server.descriptions.add(
                CounterDescription.newBuilder().setName("rx_packets").build());
        server.descriptions.add(CounterDescription.newBuilder()
                .setName("tx_drop_full")
                .setDrop(true)
                .build());
        server.snapshots.add(snapshot(1_000_000_000L, 1_000_000, 25_000, 64_000_000, 999_000, 7));
        server.snapshots.add(snapshot(3_000_000_000L, 3_000_000, 45_000, 192_000_000, 2_998_000, 17));
    }

    @Test
    void totalsHaveFillDropsByReasonAndTheBalance() {
        assertThat(out("stats")).isEqualTo("""
                PORT  RX PACKETS  RX BYTES  FILL  TX PACKETS  TX BYTES  DROPPED
                a         1.00 M    61 MiB    40       999 k       0 B        7
                idle           0       0 B     -           0       0 B        0
                a: tx_drop_full 7
                balance: received 1000000 = sent 999000 + dropped 7 + in flight 993
                """);
        assertThat(server.request).isEqualTo(GetCountersRequest.getDefaultInstance());
    }

    @Test
    void watchPrintsRatesFromTheSecondSnapshotOn() {
        assertThat(out("stats --watch=2 a")).isEqualTo("""
                PORT  RX PKT/S  RX BIT/S  FILL  TX PKT/S  TX BIT/S  DROP/S
                a       1.00 M     512 M   100    1.00 M         0       5
                idle         0         0     -         0         0       0
                a: tx_drop_full 5/s
                balance: received 3000000 = sent 2998000 + dropped 17 + in flight 1983

                """);
        assertThat(server.request)
                .isEqualTo(WatchCountersRequest.newBuilder()
                        .addPorts("a")
                        .setIntervalMs(2000)
                        .build());
    }

    @Test
    void watchWithoutSecondsDoesNotTakeAPortForThem() {
        out("stats --watch a");
        assertThat(server.request)
                .isEqualTo(WatchCountersRequest.newBuilder()
                        .addPorts("a")
                        .setIntervalMs(1000)
                        .build());
    }

    @Test
    void jsonHasCountersByNameAndTheFill() {
        server.snapshots.set(0, snapshot(5, 10, 4, 640, 10, 0));
        assertThat(out("stats --json"))
                .isEqualTo(
                        "{\"time_ns\":5,\"ports\":[{\"port\":\"a\",\"counters\":{\"rx_packets\":10,\"rx_vectors\":4,"
                                + "\"rx_bytes\":640,\"tx_packets\":10,\"tx_drop_full\":0},\"fill\":2.5},"
                                + "{\"port\":\"idle\",\"counters\":{},\"fill\":null}],"
                                + "\"balance\":{\"received\":10,\"sent\":10,\"dropped\":0,\"in_flight\":0,\"created\":0,\"merged\":0}}\n");
    }

    @Test
    void watchedJsonIsALineASnapshotWithRates() {
        server.snapshots.add(snapshot(4_000_000_000L, 3_000_500, 45_001, 192_000_000, 2_998_000, 17));
        assertThat(out("stats --watch --json").lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("{\"time_ns\":") && line.endsWith("}}"))
                .last()
                .asString()
                .contains("\"fill\":500.0,\"rates\":{\"rx_packets\":500.0,\"rx_vectors\":1.0,");
    }

    @Test
    void balanceThatDoesNotHoldIsMarked() {
        server.snapshots.set(
                0,
                Snapshot.newBuilder()
                        .setBalance(Balance.newBuilder()
                                .setReceived(10)
                                .setCreated(3)
                                .setMerged(2)
                                .setSent(10))
                        .build());
        assertThat(out("stats"))
                .isEqualTo(
                        "no ports\nbalance: received 10 + created 3 = sent 10 + dropped 0 + merged 2 + in flight 0 (OFF BY 1)\n");
    }

    @Test
    void portThatWasRemovedAndAddedAgainCountsFromZero() {
        server.snapshots.set(1, snapshot(2_000_000_000L, 500, 10, 0, 0, 0));
        assertThat(out("stats --watch")).contains("a          500 ");
    }

    @Test
    void intervalsThatTheWorkerRefusesAreAUsageError() {
        assertThat(err(2, "stats --watch=0"))
                .isEqualTo("sluice: cannot read counters: --watch takes 0.01 to 3600 seconds\n");
        assertThat(err(2, "stats --watch=soon")).startsWith("sluice: stats: invalid value for option '--watch'");
    }

    private static Snapshot snapshot(long timeNs, long rx, long vectors, long rxBytes, long tx, long drops) {
        return Snapshot.newBuilder()
                .setTimeNs(timeNs)
                .addPorts(PortCounters.newBuilder()
                        .setPort("a")
                        .addCounters(counter("rx_packets", rx))
                        .addCounters(counter("rx_vectors", vectors))
                        .addCounters(counter("rx_bytes", rxBytes))
                        .addCounters(counter("tx_packets", tx))
                        .addCounters(counter("tx_drop_full", drops)))
                .addPorts(PortCounters.newBuilder().setPort("idle"))
                .setBalance(Balance.newBuilder()
                        .setReceived(rx)
                        .setSent(tx)
                        .setDropped(drops)
                        .setInFlight(rx - tx - drops))
                .build();
    }

    private static Counter counter(String name, long value) {
        return Counter.newBuilder().setName(name).setValue(value).build();
    }
}
