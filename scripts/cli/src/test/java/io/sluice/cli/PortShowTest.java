package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.sluice.worker.v1.Coalescing;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.GetPortRequest;
import io.sluice.worker.v1.Offload;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortDetail;
import io.sluice.worker.v1.PortState;
import io.sluice.worker.v1.Rings;
import io.sluice.worker.v1.SetPortRequest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PortShowTest extends CommandTest {
    private static final String SHOWN = """
            up is up: xdp on eth1, 2 queues in threads 0,1, MTU 1500, lease 7
            rings:
              depth: 64 (at most 256)
              rx: 2048
              fill: 4096
            coalescing:
              tx-usecs: 50
              tx-frames: 0
            offloads:
              tx-checksumming: on
              generic-receive-offload: off [fixed]
            statistics:
              rx_queue_max: 17
            """;

    @BeforeEach
    void answerWithAPort() {
        server.detail = PortDetail.newBuilder()
                .setPort(Port.newBuilder()
                        .setName("up")
                        .setKind("xdp")
                        .setState(PortState.UP)
                        .setInterface("eth1")
                        .setLease(7)
                        .setMtu(1500)
                        .setQueues(2)
                        .addThreads(0)
                        .addThreads(1))
                .setRings(Rings.newBuilder()
                        .setDepth(64)
                        .setDepthMax(256)
                        .setRx(2048)
                        .setFill(4096))
                .setCoalescing(Coalescing.newBuilder().setTxUsecs(50))
                .addOffloads(Offload.newBuilder().setName("tx-checksumming").setOn(true))
                .addOffloads(
                        Offload.newBuilder().setName("generic-receive-offload").setFixed(true))
                .addStatistics(Counter.newBuilder().setName("rx_queue_max").setValue(17))
                .build();
    }

    @Test
    void showSaysWhatEthtoolWould() {
        assertThat(out("port show up")).isEqualTo(SHOWN);
        assertThat(server.request)
                .isEqualTo(GetPortRequest.newBuilder().setName("up").build());
    }

    @Test
    void asJsonItHasEveryFieldByItsName() {
        assertThat(out("port show up --json"))
                .contains("\"port\":{\"name\":\"up\"")
                .contains(
                        "\"rings\":{\"depth\":64,\"depth_max\":256,\"rx\":2048,\"tx\":0,\"fill\":4096,\"completion\":0}")
                .contains("\"coalescing\":{\"tx_usecs\":50,\"tx_frames\":0}")
                .contains("{\"name\":\"generic-receive-offload\",\"on\":false,\"fixed\":true}")
                .endsWith("\"statistics\":[{\"name\":\"rx_queue_max\",\"value\":17}]}\n");
    }

    @Test
    void setSendsWhatIsToBeDifferentAndShowsTheResult() {
        assertThat(out("port set up tx-usecs=50 tso=off depth=64 tx-frames=8 rx-checksumming=on"))
                .isEqualTo(SHOWN);
        assertThat(server.request)
                .isEqualTo(SetPortRequest.newBuilder()
                        .setName("up")
                        .setTxUsecs(50)
                        .setTxFrames(8)
                        .setDepth(64)
                        .putOffloads("tso", false)
                        .putOffloads("rx-checksumming", true)
                        .build());
    }

    @Test
    void changesThatCannotBeUnderstoodAreAUsageError() {
        assertThat(err(2, "port set up")).contains("KEY=VALUE");
        assertThat(err(2, "port set up depth"))
                .isEqualTo("sluice: cannot change port up: \"depth\": KEY=VALUE is expected\n");
        assertThat(err(2, "port set up depth=many")).contains("depth=many: a number is expected");
        assertThat(err(2, "port set up tso=1")).contains("tso=1: on or off is expected");
        assertThat(err(2, "port set up depth=1 depth=2")).contains("depth is given twice");
        assertThat(server.request).isNull();
    }

    @Test
    void refusalsAreTheServers() {
        server.failure = Status.FAILED_PRECONDITION.withDescription("its frames carry no vnet header");
        assertThat(err(1, "port set up tso=on"))
                .isEqualTo("sluice: cannot change port up: its frames carry no vnet header\n");
        server.failure = Status.NOT_FOUND.withDescription("there is no port up");
        assertThat(err(4, "port show up")).isEqualTo("sluice: cannot show port up: there is no port up\n");
    }
}
