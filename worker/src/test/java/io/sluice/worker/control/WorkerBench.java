package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sluice.control.transport.ControlChannel;
import io.sluice.control.transport.ControlServer;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.Journal;
import io.sluice.worker.conductor.SelfPortrait;
import io.sluice.worker.engine.IdleStrategy;
import io.sluice.worker.lab.FakeBroker;
import io.sluice.worker.sys.InheritedFds;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.CountersGrpc;
import io.sluice.worker.v1.GetInfoRequest;
import io.sluice.worker.v1.Info;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.ListLinksRequest;
import io.sluice.worker.v1.ListPortsRequest;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.RemoveLinkRequest;
import io.sluice.worker.v1.RemovePortRequest;
import io.sluice.worker.v1.WorkerGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A worker in this process, but for its main method, with a broker that does as it is told and a client. */
abstract class WorkerBench {
    static final int FRAMES = 1024;
    static final int LARGE = 300;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(15);

    @TempDir
    Path directory;

    /** Descriptors that the worker finds when it starts. */
    final List<Integer> inherited = new ArrayList<>();

    /** What the worker goes on with, and writes down. */
    Journal journal = Journal.none();

    FakeBroker broker;
    Conductor conductor;
    private ControlServer server;
    private ManagedChannel channel;

    @BeforeEach
    void startBroker() throws Exception {
        broker = new FakeBroker(brokerSocket());
    }

    Path brokerSocket() {
        return directory.resolve("broker.sock");
    }

    Conductor.Settings settings() {
        return settings(FRAMES, 1, List.of());
    }

    Conductor.Settings settings(int frames, int threads, List<Integer> cpus) {
        return new Conductor.Settings(
                brokerSocket(),
                "test",
                2048,
                frames,
                LARGE,
                threads,
                cpus,
                IdleStrategy.ADAPTIVE,
                false,
                new InheritedFds(inherited),
                journal);
    }

    void startWorker() throws IOException {
        conductor = new Conductor(settings());
        Restore.into(conductor, 2048);
        Path socket = directory.resolve("worker.sock");
        server = WorkerServer.start(conductor, SelfPortrait.take(), 2048, socket, Optional.empty(), "test");
        channel = ControlChannel.open(socket);
    }

    @AfterEach
    void stopAll() throws Exception {
        if (channel != null) {
            channel.shutdownNow();
        }
        if (server != null) {
            server.close();
        }
        if (conductor != null) {
            conductor.close();
        }
        broker.close();
    }

    // What a client calls

    PortsGrpc.PortsBlockingStub ports() {
        return PortsGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    LinksGrpc.LinksBlockingStub links() {
        return LinksGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    CountersGrpc.CountersBlockingStub counters() {
        return CountersGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    CountersGrpc.CountersStub asynchronousCounters() {
        return CountersGrpc.newStub(channel);
    }

    Port addPort(String name, String grant) {
        return ports().addPort(AddPortRequest.newBuilder()
                .setSpec(PortSpec.newBuilder().setName(name).setGrant(grant))
                .build());
    }

    void removePort(String name) {
        var unused =
                ports().removePort(RemovePortRequest.newBuilder().setName(name).build());
    }

    Port port(String name) {
        return listPorts().stream()
                .filter(port -> port.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    List<Port> listPorts() {
        return ports().listPorts(ListPortsRequest.getDefaultInstance()).getPortsList();
    }

    Link addLink(String name, String a, String b) {
        return links().addLink(AddLinkRequest.newBuilder()
                .setName(name)
                .setA(a)
                .setB(b)
                .build());
    }

    void removeLink(String name) {
        var unused =
                links().removeLink(RemoveLinkRequest.newBuilder().setName(name).build());
    }

    List<Link> listLinks() {
        return links().listLinks(ListLinksRequest.getDefaultInstance()).getLinksList();
    }

    Info info() {
        return WorkerGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .getInfo(GetInfoRequest.getDefaultInstance());
    }

    static void assertFails(ThrowingCallable call, Status.Code code, String message) {
        StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(failure).as("a failure").isNotNull();
        assertThat(failure.getStatus().getCode()).as(failure.getMessage()).isEqualTo(code);
        assertThat(failure.getStatus().getDescription()).isEqualTo(message);
    }

    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("in vain waited for " + what);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }
}
