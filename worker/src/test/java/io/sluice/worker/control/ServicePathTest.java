package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.ListPortsRequest;
import io.sluice.worker.v1.NshOptions;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.ServicePath;
import io.sluice.worker.v1.VxlanGpeOptions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Links that match a service path: several on one nsh port. What is told apart how is UnderlayTest's. */
@Timeout(60)
class ServicePathTest extends WorkerBench {
    @BeforeEach
    void addPorts() throws Exception {
        startWorker();
        add("n0", 4, 291);
        for (String name : List.of("s0", "s1", "s2")) {
            var unused = ports().addPort(AddPortRequest.newBuilder()
                    .setVector(name + ":transport=null")
                    .build());
        }
    }

    private void add(String name, int vni, int spi) {
        VxlanGpeOptions.Builder carrier = VxlanGpeOptions.newBuilder()
                .setLocal("127.0.0.1")
                .setRemote("127.0.0.2")
                .setPort(47_901)
                .setVni(vni);
        var unused = ports().addPort(AddPortRequest.newBuilder()
                .setSpec(PortSpec.newBuilder()
                        .setName(name)
                        .setNsh(NshOptions.newBuilder().setVxlanGpe(carrier).setSpi(spi)))
                .build());
    }

    private Link match(String a, String b, int spi, int si) {
        return links().addLink(AddLinkRequest.newBuilder()
                .setA(a)
                .setB(b)
                .setPath(ServicePath.newBuilder().setSpi(spi).setSi(si))
                .build());
    }

    private List<String> names() {
        return ports().listPorts(ListPortsRequest.getDefaultInstance()).getPortsList().stream()
                .map(Port::getName)
                .toList();
    }

    @Test
    void eachPathIsAPortOfItsOwnThatGoesWithItsLink() {
        assertThat(match("n0", "s0", 7, 254).getA()).isEqualTo("n0.7.254");
        assertThat(match("s1", "n0", 7, 0).getB()).isEqualTo("n0.7");
        assertThat(match("n0", "s2", 291, 0).getA()).as("its own path").isEqualTo("n0");
        assertThat(names()).containsExactly("n0", "s0", "s1", "s2", "n0.7.254", "n0.7");
        assertThat(port("n0.7.254").getKind()).isEqualTo("nsh");
        assertThat(port("n0.7.254").getLink()).isEqualTo("n0.7.254-s0");
        removeLink("n0.7.254-s0");
        removeLink("n0-s2");
        assertThat(names()).containsExactly("n0", "s0", "s1", "s2", "n0.7");
        assertThat(match("n0", "s0", 7, 254).getName()).isEqualTo("n0.7.254-s0");
    }

    @Test
    void whatCanNotBeMatchedLeavesNothing() {
        assertFails(
                () -> match("s0", "s1", 7, 0),
                Status.Code.INVALID_ARGUMENT,
                "a link that matches a service path has one nsh port: s0 and s1 are none");
        add("n1", 5, 1);
        assertFails(
                () -> match("n0", "n1", 7, 0),
                Status.Code.INVALID_ARGUMENT,
                "a link that matches a service path has one nsh port: n0 and n1 are both");
        assertFails(
                () -> match("n0", "s0", 1 << 24, 0),
                Status.Code.INVALID_ARGUMENT,
                "spi 16777216: 0 to 16777215 is expected");
        assertFails(() -> match("n0", "s0", 7, 256), Status.Code.INVALID_ARGUMENT, "rx si 256: 1 to 255 is expected");
        var unused = addLink("", "n0", "s0");
        assertFails(() -> match("n0", "s0", 7, 0), Status.Code.FAILED_PRECONDITION, "port s0 is used by link n0-s0");
        assertThat(names()).containsExactly("n0", "s0", "s1", "s2", "n1");
    }
}
