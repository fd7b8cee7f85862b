package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.Attempt;
import io.sluice.worker.v1.DataPathThread;
import io.sluice.worker.v1.Info;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.RemoveLinkRequest;
import io.sluice.worker.v1.ServicePath;
import io.sluice.worker.v1.SetLinkRequest;
import org.junit.jupiter.api.Test;

class LinkAndInfoTest extends CommandTest {
    private static final Link LINK = Link.newBuilder()
            .setName("wire")
            .setA("a")
            .setB("b")
            .addThreads(0)
            .addThreads(1)
            .build();
    private static final String LINK_JSON =
            "\"name\":\"wire\",\"a\":\"a\",\"b\":\"b\",\"threads\":[0,1],\"offload\":false,\"offloaded\":false,"
                    + "\"offload_reason\":\"\"";
    private static final Info INFO = Info.newBuilder()
            .setVersion("1.2")
            .setPid(4711)
            .setUid(1001)
            .setNoNewPrivs(true)
            .addAttempts(Attempt.newBuilder()
                    .setOperation("socket(AF_PACKET, SOCK_RAW)")
                    .setRefused("EPERM"))
            .addAttempts(Attempt.newBuilder().setOperation("socket(AF_XDP, SOCK_RAW)"))
            .setBroker("/run/sluice/broker.sock")
            .setTenant("blue")
            .setPoolSize(64 << 20)
            .setFrameSize(2048)
            .setFrames(16384)
            .setFramesFree(16000)
            .addThreads(DataPathThread.newBuilder().setCpu(3).setQueues(2).setFramesFree(7900))
            .addThreads(DataPathThread.newBuilder().setNumber(1).setFramesFree(8100))
            .setStartedMs(Cli.NOW_MS - 192_000)
            .build();

    @Test
    void linkIsAddedWithANameOrWithout() {
        server.link = LINK;
        assertThat(out("link add a b --name wire")).isEqualTo("wire connects a and b\n");
        assertThat(server.request)
                .isEqualTo(AddLinkRequest.newBuilder()
                        .setName("wire")
                        .setA("a")
                        .setB("b")
                        .build());
        assertThat(out("link add a b --json")).isEqualTo("{" + LINK_JSON + "}\n");
        assertThat(((AddLinkRequest) server.request).getName()).isEmpty();
    }

    @Test
    void linkMatchesAServicePathOrOneHopOfIt() {
        server.link = LINK;
        assertThat(out("link add a b --spi 291")).startsWith("wire connects");
        assertThat(((AddLinkRequest) server.request).getPath())
                .isEqualTo(ServicePath.newBuilder().setSpi(291).build());
        assertThat(out("link add a b --spi 0 --si 254")).startsWith("wire connects");
        assertThat(((AddLinkRequest) server.request).getPath())
                .isEqualTo(ServicePath.newBuilder().setSi(254).build());
        assertThat(((AddLinkRequest) server.request).hasPath()).isTrue();
        assertThat(err(2, "link add a b --si 254"))
                .isEqualTo("sluice: cannot link a and b: --si is an index of a service path; --spi is expected, too\n");
        assertThat(err(2, "link add a b --spi 1 --si 256"))
                .isEqualTo("sluice: cannot link a and b: --si 256: 1 to 255 is expected\n");
    }

    @Test
    void linksAreListed() {
        assertThat(out("link ls")).isEqualTo("no links\n");
        server.links.add(LINK);
        assertThat(out("link ls")).isEqualTo("NAME  A  B  THREADS\nwire  a  b  0,1\n");
        assertThat(out("link ls --json")).isEqualTo("{\"links\":[{" + LINK_JSON + "}]}\n");
    }

    @Test
    void aLinkOfTheKernelIsAskedForAndShown() {
        server.link = LINK.toBuilder().setOffload(true).setOffloaded(true).build();
        assertThat(out("link add a b --offload")).isEqualTo("wire connects a and b in the kernel\n");
        assertThat(((AddLinkRequest) server.request).getOffload()).isTrue();
        server.links.add(server.link);
        server.links.add(LINK.toBuilder()
                .setName("late")
                .setOffload(true)
                .setOffloadReason("port b is down")
                .build());
        server.links.add(LINK.toBuilder().setName("slow").build());
        assertThat(out("link ls")).isEqualTo("""
                NAME  A  B  THREADS  OFFLOAD
                wire  a  b  0,1      on
                late  a  b  0,1      no: port b is down
                slow  a  b  0,1      off
                """);
    }

    @Test
    void aLinkIsHandedOverAndTakenBack() {
        server.link = LINK;
        assertThat(out("link set wire --offload off")).isEqualTo("wire connects a and b\n");
        assertThat(server.request)
                .isEqualTo(SetLinkRequest.newBuilder()
                        .setName("wire")
                        .setOffload(false)
                        .build());
        server.link = LINK.toBuilder()
                .setOffload(true)
                .setOffloadReason("port b is down")
                .build();
        assertThat(out("link set wire --offload on"))
                .isEqualTo("wire connects a and b, not in the kernel: port b is down\n");
        assertThat(((SetLinkRequest) server.request).getOffload()).isTrue();
        assertThat(err(2, "link set wire")).contains("--offload");
    }

    @Test
    void linkIsRemoved() {
        assertThat(out("link rm wire")).isEqualTo("wire is removed\n");
        assertThat(server.request)
                .isEqualTo(RemoveLinkRequest.newBuilder().setName("wire").build());
    }

    @Test
    void infoTellsWhoTheWorkerIsAndWhatItTried() {
        server.info = INFO;
        assertThat(out("info")).isEqualTo("""
                worker:       1.2, pid 4711, uid 1001
                running for:  3m 12s
                capabilities: none
                no_new_privs: set
                broker:       /run/sluice/broker.sock, as tenant blue
                frames:       16384 of 2048 B (64 MiB), 16000 free
                thread 0:     on CPU 3, 2 queues, 7900 frames free
                thread 1:     on any CPU, 0 queues, 8100 frames free
                tried itself: socket(AF_PACKET, SOCK_RAW): EPERM
                tried itself: socket(AF_XDP, SOCK_RAW): ALLOWED
                """);
    }

    @Test
    void infoAsJsonHasCapabilitiesInHex() {
        server.info = Info.newBuilder().setEffectiveCapabilities(0x3000).build();
        assertThat(out("info --json"))
                .isEqualTo("{\"version\":\"\",\"pid\":0,\"uid\":0,\"effective_capabilities\":\"0000000000003000\","
                        + "\"no_new_privs\":false,\"attempts\":[],\"broker\":\"\",\"tenant\":\"\",\"pool_size\":0,"
                        + "\"frame_size\":0,\"frames\":0,\"frames_free\":0,\"started_ms\":0,\"threads\":[]}\n");
    }
}
