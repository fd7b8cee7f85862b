package io.sluice.cli;

import io.grpc.stub.StreamObserver;
import io.sluice.broker.v1.Lease;
import io.sluice.broker.v1.LeasesGrpc;
import io.sluice.broker.v1.ListLeasesRequest;
import io.sluice.broker.v1.ListLeasesResponse;
import io.sluice.control.transport.ControlServer;
import io.sluice.control.transport.Peer;
import io.sluice.control.transport.PeerRule;
import io.sluice.worker.v1.Balance;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.CounterDescription;
import io.sluice.worker.v1.CountersGrpc;
import io.sluice.worker.v1.DescribeCountersRequest;
import io.sluice.worker.v1.DescribeCountersResponse;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.ListPortsRequest;
import io.sluice.worker.v1.ListPortsResponse;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortCounters;
import io.sluice.worker.v1.PortState;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.Snapshot;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;

/**
 * {@code sluice train}: runs the usual commands against a server in this process, so that a JVM which ends with it can
 * archive the classes that they load (-XX:ArchiveClassesAtExit, -XX:AOTCacheOutput).
 */
@Command(name = "train", hidden = true, description = "Loads what the commands load, for the JVM's start-up archive.")
final class TrainCommand extends Action {
    TrainCommand(Globals globals, Terminal terminal) {
        super(globals, terminal);
    }

    @Override
    public Integer call() throws Exception {
        Path directory = Files.createTempDirectory("sluice-train");
        Path socket = directory.resolve("s");
        ControlServer server = ControlServer.builder()
                .unix(socket, PeerRule.uid(Peer.self().uid()), "rw-------")
                .service(new Ports())
                .service(new Counters())
                .service(new Leases())
                .start();
        try (server) {
            String[] where = {"--worker", socket.toString(), "--gateway", socket.toString()};
            for (String words : new String[] {
                "port ls", "port ls --json", "lease ls", "lease ls --json", "stats", "stats --json", "doctor", "port"
            }) {
                train(words.split(" ", -1), where);
            }
        } finally {
            Files.deleteIfExists(directory.resolve("s.lock"));
            Files.delete(directory);
        }
        return ExitCode.OK.number();
    }

    /** What the command says, and even how it ends, is of no interest. */
    private void train(String[] words, String[] where) {
        String[] all = new String[words.length + where.length];
        System.arraycopy(words, 0, all, 0, words.length);
        System.arraycopy(where, 0, all, words.length, where.length);
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        Main.run(new Terminal(terminal.environment(), nowhere, nowhere, terminal.clock(), false), all);
    }

    private static final class Ports extends PortsGrpc.PortsImplBase {
        @Override
        public void listPorts(ListPortsRequest request, StreamObserver<ListPortsResponse> answer) {
            Port port = Port.newBuilder()
                    .setName("a")
                    .setKind("xdp")
                    .setState(PortState.UP)
                    .addFeatures("native")
                    .build();
            answer.onNext(ListPortsResponse.newBuilder().addPorts(port).build());
            answer.onCompleted();
        }
    }

    private static final class Counters extends CountersGrpc.CountersImplBase {
        @Override
        public void getCounters(GetCountersRequest request, StreamObserver<Snapshot> answer) {
            PortCounters.Builder counters = PortCounters.newBuilder().setPort("a");
            for (String name : new String[] {"rx_packets", "rx_vectors", "rx_bytes", "tx_packets", "tx_bytes", "d"}) {
                counters.addCounters(Counter.newBuilder().setName(name).setValue(1_234_567));
            }
            answer.onNext(Snapshot.newBuilder()
                    .addPorts(counters)
                    .setBalance(Balance.getDefaultInstance())
                    .build());
            answer.onCompleted();
        }

        @Override
        public void describeCounters(DescribeCountersRequest request, StreamObserver<DescribeCountersResponse> answer) {
            answer.onNext(DescribeCountersResponse.newBuilder()
                    .addCounters(CounterDescription.newBuilder().setName("d").setDrop(true))
                    .build());
            answer.onCompleted();
        }
    }

    private static final class Leases extends LeasesGrpc.LeasesImplBase {
        @Override
        public void listLeases(ListLeasesRequest request, StreamObserver<ListLeasesResponse> answer) {
            answer.onNext(ListLeasesResponse.newBuilder()
                    .addLeases(Lease.newBuilder().setId(1).addQueues(0).setMemory(1 << 20))
                    .build());
            answer.onCompleted();
        }
    }
}
