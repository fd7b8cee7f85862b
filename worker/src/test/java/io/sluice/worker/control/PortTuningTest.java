package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.GetPortRequest;
import io.sluice.worker.v1.Offload;
import io.sluice.worker.v1.PortDetail;
import io.sluice.worker.v1.SetPortRequest;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What ethtool would show and change, by gRPC, at ports that need no privilege. */
@Timeout(60)
class PortTuningTest extends WorkerBench {
    @BeforeEach
    void linkAGeneratorToNothing() throws Exception {
        startWorker();
        add("gen:transport=generator,depth=32");
        add("sink:transport=null,depth=64");
    }

    private void add(String vector) {
        var unused =
                ports().addPort(AddPortRequest.newBuilder().setVector(vector).build());
    }

    private PortDetail show(String name) {
        return ports().getPort(GetPortRequest.newBuilder().setName(name).build());
    }

    private PortDetail set(SetPortRequest.Builder change) {
        return ports().setPort(change.build());
    }

    private static SetPortRequest.Builder change(String name) {
        return SetPortRequest.newBuilder().setName(name);
    }

    private static Map<String, Long> statistics(PortDetail detail) {
        return detail.getStatisticsList().stream().collect(Collectors.toMap(Counter::getName, Counter::getValue));
    }

    @Test
    void aPortShowsWhatEthtoolWould() {
        PortDetail detail = show("sink");
        assertThat(detail.getPort()).isEqualTo(port("sink"));
        assertThat(detail.getPort().getDepth()).isEqualTo(64);
        assertThat(detail.getRings().getDepth()).isEqualTo(64);
        assertThat(detail.getRings().getDepthMax()).isEqualTo(256);
        assertThat(detail.getRings().getRx()).isZero();
        assertThat(detail.getCoalescing().getTxUsecs()).isZero();
        assertThat(detail.getOffloadsList().stream().map(Offload::getName))
                .containsExactly(
                        "rx-checksumming",
                        "tx-checksumming",
                        "tcp-segmentation-offload",
                        "tx-tcp-segmentation",
                        "tx-tcp6-segmentation",
                        "tx-udp-segmentation",
                        "generic-segmentation-offload",
                        "generic-receive-offload",
                        "rx-udp-gro-forwarding");
        assertThat(detail.getStatisticsList().stream().map(Counter::getName))
                .containsExactly(
                        "rx_queue_max",
                        "rx_queue_running_average",
                        "tx_queue_max",
                        "tx_queue_running_average",
                        "rx_encaps_errors",
                        "tx_timeout_count",
                        "tx_restart_queue",
                        "tx_kicks",
                        "tx_flow_control_xon",
                        "tx_flow_control_xoff",
                        "rx_csum_offload_good",
                        "rx_csum_offload_errors",
                        "sg_ok",
                        "sg_linearized");
        assertThat(statistics(detail).values()).containsOnly(0L);
    }

    @Test
    void aPortWithoutVnetHeadersHasItsOffloadsFixed() {
        assertThat(show("gen").getOffloadsList())
                .filteredOn(offload -> !offload.getFixed())
                .extracting(Offload::getName)
                .containsExactly("generic-receive-offload", "rx-udp-gro-forwarding");
        assertFails(
                () -> set(change("gen").putOffloads("tso", true)),
                Status.Code.FAILED_PRECONDITION,
                "port gen can't have tso on: its frames carry no vnet header");
        assertThat(set(change("gen").putOffloads("tso", false)).getOffloadsList())
                .noneMatch(offload -> offload.getOn() && !offload.getName().startsWith("generic"));
    }

    @Test
    void groIsOnForTcpAndBothCanBeChanged() {
        assertThat(isOn(show("gen"), "generic-receive-offload")).isTrue();
        assertThat(isOn(show("gen"), "rx-udp-gro-forwarding")).isFalse();
        PortDetail changed = set(change("gen").putOffloads("gro", false).putOffloads("rx-udp-gro-forwarding", true));
        assertThat(isOn(changed, "generic-receive-offload")).isFalse();
        assertThat(isOn(changed, "rx-udp-gro-forwarding")).isTrue();
        assertThat(isOn(set(change("gen").putOffloads("gro", true)), "generic-receive-offload"))
                .isTrue();
    }

    private static boolean isOn(PortDetail detail, String offload) {
        return detail.getOffloadsList().stream().anyMatch(one -> one.getName().equals(offload) && one.getOn());
    }

    @Test
    void changesTakeEffectWhileTrafficFlows() {
        var unused = addLink("", "gen", "sink");
        await("vectors of 32", () -> statistics(show("gen")).get("rx_queue_max") == 32);
        assertThat(set(change("gen").setDepth(200)).getRings().getDepth()).isEqualTo(200);
        await("vectors of 200", () -> statistics(show("gen")).get("rx_queue_max") == 200);
        await("their average", () -> statistics(show("gen")).get("rx_queue_running_average") >= 199);
        assertThat(set(change("sink").setTxUsecs(100).setTxFrames(16))
                        .getCoalescing()
                        .getTxFrames())
                .isEqualTo(16);
        assertThat(port("gen").getDepth()).isEqualTo(200);
    }

    @Test
    void theDeadlineTakesTheNumberOfFramesWithIt() {
        var unused = set(change("sink").setTxUsecs(100).setTxFrames(16));
        assertThat(set(change("sink").setTxUsecs(50)).getCoalescing().getTxFrames())
                .isEqualTo(16);
        assertThat(set(change("sink").setTxUsecs(0)).getCoalescing().getTxFrames())
                .isZero();
    }

    @Test
    void mistakesAreNamedAndChangeNothing() {
        assertFails(
                () -> set(change("gen").setDepth(300)),
                Status.Code.INVALID_ARGUMENT,
                "depth 300: 1 to 256 is expected");
        assertFails(
                () -> set(change("gen").setDepth(8).setTxFrames(3)),
                Status.Code.INVALID_ARGUMENT,
                "tx-frames 3 needs a deadline as well, tx-usecs: packets could wait for ever");
        assertFails(
                () -> set(change("gen").putOffloads("lro", true)),
                Status.Code.INVALID_ARGUMENT,
                "offload lro is unknown; there are rx, tx, tso, uso, gro and the long names that `sluice port show` prints");
        assertFails(
                () -> set(change("gen").putOffloads("tso", false).putOffloads("tx-tcp6-segmentation", true)),
                Status.Code.INVALID_ARGUMENT,
                "offload tso is switched off and tx-tcp6-segmentation the other way; both contain"
                        + " tx-tcp6-segmentation");
        assertFails(
                () -> set(change("x").setDepth(8)),
                Status.Code.NOT_FOUND,
                "there is no port x; `sluice port ls` lists [gen, sink]");
        assertThat(show("gen").getRings().getDepth()).isEqualTo(32);
    }

    @Test
    void whatWasSetIsStillSetWhenTheBrokerComesBack() throws Exception {
        var unused = set(change("sink").setDepth(9).setTxUsecs(70).putOffloads("tx", false));
        broker.close();
        await("the ports to go down", () -> !port("sink").getReason().isEmpty());
        assertThat(show("sink").getRings().getDepth()).isEqualTo(9);
        assertThat(set(change("sink").setDepth(10)).getRings().getDepth()).isEqualTo(10);
        broker = new io.sluice.worker.lab.FakeBroker(brokerSocket());
        await("the ports to come back", () -> port("sink").getReason().isEmpty());
        assertThat(show("sink").getCoalescing().getTxUsecs()).isEqualTo(70);
        assertThat(show("sink").getRings().getDepth()).isEqualTo(10);
    }
}
