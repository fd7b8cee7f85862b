package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.sluice.grant.client.RefusedException;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.PacketLease;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.OffloadCounter;
import io.sluice.worker.lab.ThreadUse;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.DescribeCountersRequest;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.Info;
import io.sluice.worker.v1.WatchCountersRequest;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What needs no privilege: a worker without a port, and every way not to get one. */
@Timeout(60)
class RefusalsTest extends WorkerBench {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            NOT_FOUND   | NOT_FOUND
            DENIED      | PERMISSION_DENIED
            QUOTA       | RESOURCE_EXHAUSTED
            INVALID     | INVALID_ARGUMENT
            BUSY        | FAILED_PRECONDITION
            UNSUPPORTED | FAILED_PRECONDITION
            INTERNAL    | FAILED_PRECONDITION
            """)
    void whatTheBrokerRefusesTheClientLearnsWithReasonAndHint(Error.Code code, Status.Code status) throws Exception {
        broker.refuse("lan", code, "it must not be", "ask the operator");
        startWorker();
        assertFails(() -> addPort("a", "lan"), status, "the broker refuses: it must not be; ask the operator");
        assertThat(listPorts()).isEmpty();
        assertThat(broker.released()).isEmpty();
        assertThat(info().getTenant()).isEqualTo("blue"); // the connection goes on
    }

    @Test
    void withoutAHintThereIsNoSemicolon() throws Exception {
        startWorker();
        assertFails(() -> addPort("a", "lan"), Status.Code.NOT_FOUND, "the broker refuses: there is no grant lan");
    }

    @Test
    void anInterfaceWithoutAGrantIsAnsweredWithThoseThatThereAre() throws Exception {
        broker.grant("fast", "xdp", "eth1", (lease, made) -> {});
        startWorker();
        AddPortRequest request = AddPortRequest.newBuilder()
                .setVector("vec0:transport=raw,ifname=eth1")
                .build();
        assertFails(
                () -> ports().addPort(request),
                Status.Code.NOT_FOUND,
                "the policy has no packet grant for interface eth1 for tenant blue; it has [fast (xdp on eth1)]");
    }

    @Test
    void aRequestThatCannotBeUnderstoodNeverReachesTheBroker() throws Exception {
        startWorker();
        assertFails(
                () -> addPort("-", "lan"),
                Status.Code.INVALID_ARGUMENT,
                "port name \"-\": 1 to 32 letters, digits, '_', '.' or '-' are expected, the first a letter or digit");
        assertFails(() -> addPort("a", ""), Status.Code.INVALID_ARGUMENT, "port a: the name of a grant is expected");
        assertThat(broker.requests()).isEmpty();
    }

    @Test
    void aDescriptorThatIsNoSocketIsGivenBackAtOnce() throws Exception {
        AtomicReference<Fd> passed = new AtomicReference<>();
        broker.grant("lan", "packet", "eth1", (lease, made) -> {
            passed.set(Pools.memory(4096));
            made.passed().add(passed.get());
            lease.setPacket(PacketLease.newBuilder().addFds(0));
        });
        startWorker();
        int free = info().getFramesFree();
        assertFails(
                () -> addPort("a", "lan"),
                Status.Code.FAILED_PRECONDITION,
                "port a can't be opened: setsockopt(PACKET_AUXDATA): ENOTSOCK (Socket operation on non-socket)");
        assertThat(broker.released()).hasSize(1);
        assertThat(listPorts()).isEmpty();
        assertThat(info().getFramesFree()).isEqualTo(free);
    }

    @Test
    void aReplyWithoutALeaseIsRefusedNotDereferenced() throws Exception {
        broker.grant("lan", "packet", "eth1", (lease, made) -> {});
        startWorker();
        assertFails(
                () -> addPort("a", "lan"),
                Status.Code.FAILED_PRECONDITION,
                "the broker answered with 0 leases where one was asked for");
    }

    @Test
    void whatDoesNotExistIsNamed() throws Exception {
        startWorker();
        assertFails(() -> removePort("a"), Status.Code.NOT_FOUND, "there is no port a; `sluice port ls` lists []");
        assertFails(() -> removeLink("l"), Status.Code.NOT_FOUND, "there is no link l; `sluice link ls` lists []");
        assertFails(
                () -> addLink("l", "a", "b"), Status.Code.NOT_FOUND, "there is no port a; `sluice port ls` lists []");
        assertFails(
                () -> counters()
                        .getCounters(
                                GetCountersRequest.newBuilder().addPorts("a").build()),
                Status.Code.NOT_FOUND,
                "there is no port a; `sluice port ls` lists []");
    }

    @Test
    void aWorkerTellsWhoItIs() throws Exception {
        startWorker();
        Info info = info();
        assertThat(info.getVersion()).isEqualTo("test");
        assertThat(info.getPid()).isEqualTo((int) ProcessHandle.current().pid());
        assertThat(info.getTenant()).isEqualTo("blue");
        assertThat(info.getBroker()).isEqualTo(brokerSocket().toString());
        assertThat(info.getFrames()).isEqualTo(FRAMES + LARGE);
        assertThat(info.getFramesFree()).isEqualTo(FRAMES + LARGE);
        assertThat(info.getFrameSize()).isEqualTo(2048);
        assertThat(info.getAttemptsList()).hasSize(4);
    }

    @Test
    void everyCounterIsDescribed() throws Exception {
        startWorker();
        var list = counters()
                .describeCounters(DescribeCountersRequest.getDefaultInstance())
                .getCountersList();
        assertThat(list).hasSize(PortCounter.values().length + OffloadCounter.values().length);
        for (PortCounter counter : PortCounter.values()) {
            assertThat(list).anySatisfy(described -> {
                assertThat(described.getName()).isEqualTo(counter.label());
                assertThat(described.getUnit()).isEqualTo(counter.unit());
                assertThat(described.getMeaning()).isEqualTo(counter.meaning());
                assertThat(described.getDrop()).isEqualTo(counter.isDrop());
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 3_600_001, -1})
    void aWatchTooFastOrTooSlowIsRefused(int interval) throws Exception {
        startWorker();
        var request = WatchCountersRequest.newBuilder().setIntervalMs(interval).build();
        assertFails(
                () -> counters().watchCounters(request).hasNext(),
                Status.Code.INVALID_ARGUMENT,
                "interval " + interval + " ms: 10 to 3600000 are expected");
    }

    @Test
    void aWatchOfAPortThatDoesNotExistEndsWithTheReason() throws Exception {
        startWorker();
        var request = WatchCountersRequest.newBuilder().addPorts("a").build();
        assertFails(
                () -> counters().watchCounters(request).hasNext(),
                Status.Code.NOT_FOUND,
                "there is no port a; `sluice port ls` lists []");
    }

    @Test
    void aWorkerThatTheBrokerRefusesDoesNotStartAndLeavesNoThread() throws Exception {
        broker.refuseHello("uid 0 is no tenant");
        assertThatThrownBy(() -> new Conductor(settings()))
                .isInstanceOf(RefusedException.class)
                .hasMessage("uid 0 is no tenant");
        assertNoThreads();
    }

    @Test
    void aWorkerWithoutABrokerDoesNotStartAndLeavesNoThread() throws Exception {
        broker.close();
        assertThatThrownBy(() -> new Conductor(settings()))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot connect to the broker at " + brokerSocket());
        assertNoThreads();
    }

    @Test
    void closingMayBeRepeatedAndLeavesNoThread() throws Exception {
        Conductor once = new Conductor(settings());
        once.close();
        once.close();
        assertNoThreads();
        await("the end of the connection", () -> broker.connected() == 0);
    }

    /** The broker is lost so early that the constructor may not be through yet: it must not go unnoticed. */
    @Test
    void aBrokerLostAtOnceIsFoundAgain() throws Exception {
        for (int i = 0; i < 5; i++) {
            broker.cutOnceAfterPool();
            int before = broker.accepted();
            try (Conductor early = new Conductor(settings())) {
                await("a second connection", () -> broker.accepted() == before + 2);
                await("its use", () -> tenant(early).equals(List.of("blue")));
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("connection closed"); // lost even earlier: it did not start
            }
            await("the end of the connection", () -> broker.connected() == 0);
        }
    }

    private static List<String> tenant(Conductor conductor) {
        try {
            return conductor
                    .executor()
                    .submit(() -> conductor.tenant().stream().toList())
                    .get();
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private static void assertNoThreads() {
        await("the end of all threads", () -> {
            try {
                return !ThreadUse.exists("conductor")
                        && !ThreadUse.exists("data-path")
                        && !ThreadUse.exists("broker-reader");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }
}
