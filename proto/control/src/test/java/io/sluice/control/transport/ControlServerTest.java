package io.sluice.control.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.sluice.broker.v1.BrokerGrpc;
import io.sluice.broker.v1.GetStatusRequest;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlServerTest {
    private static final PeerRule NOBODY = PeerRule.of("uid 4711", peer -> false);

    @TempDir
    Path directory;

    private Path socket;
    private int uid;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    @BeforeEach
    void choosePath() throws IOException {
        socket = directory.resolve("run/test.sock");
        uid = Peer.self().uid();
    }

    @AfterEach
    void closeAll() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @Test
    void servesItsServicesAndHealthToAnAllowedPeer() throws Exception {
        AtomicReference<Peer> seen = new AtomicReference<>();
        ControlServer server = serve(PeerRule.of("me", peer -> {
            seen.set(peer);
            return peer.uid() == uid;
        }));
        Client client = client();
        assertThat(client.version()).isEqualTo("7");
        assertThat(client.health("")).isEqualTo(ServingStatus.SERVING);
        server.health(BrokerGrpc.SERVICE_NAME, false);
        assertThat(client.health(BrokerGrpc.SERVICE_NAME)).isEqualTo(ServingStatus.NOT_SERVING);
        assertThat(seen.get()).isEqualTo(Peer.self());
    }

    @Test
    void listsItsServicesByReflection() throws Exception {
        serve(PeerRule.uid(uid));
        assertThat(client().services())
                .contains("sluice.broker.v1.Broker", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection");
    }

    @Test
    void refusesEveryCallOfAPeerThatTheRuleDoesNotAllow() throws Exception {
        serve(NOBODY);
        Client client = client();
        String why = "uid " + uid + " (pid " + ProcessHandle.current().pid()
                + ") may not call this server; allowed: uid 4711";
        for (Status status :
                List.of(failure(client::version), failure(() -> client.health("")), failure(client::services))) {
            assertThat(status.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(status.getDescription()).isEqualTo(why);
        }
    }

    @Test
    void socketHasTheGivenModeAndItsDirectoryIsPrivate() throws Exception {
        serve(PeerRule.uid(uid));
        assertThat(mode(socket)).isEqualTo("rw-------");
        assertThat(mode(socket.getParent())).isEqualTo("rwx------");
        assertThat(files()).containsExactlyInAnyOrder("test.sock", "test.sock.lock");
    }

    @Test
    void closeRemovesTheSocketAndLetsAnotherServerStart() throws Exception {
        serve(PeerRule.uid(uid)).close();
        assertThat(files()).containsExactly("test.sock.lock");
        serve(PeerRule.uid(uid));
        assertThat(client().version()).isEqualTo("7");
    }

    @Test
    void closeLeavesASocketThatIsNotOurs() throws Exception {
        ControlServer server = serve(PeerRule.uid(uid));
        Files.delete(socket);
        listenAt(socket);
        server.close();
        assertThat(socket).exists();
    }

    @Test
    void replacesAStaleSocket() throws Exception {
        Files.createDirectories(socket.getParent());
        listenAt(socket).close(); // leaves the file
        assertThat(socket).exists();
        serve(PeerRule.uid(uid));
        assertThat(client().version()).isEqualTo("7");
    }

    @Test
    void refusesASocketThatSomebodyListensOn() throws Exception {
        Files.createDirectories(socket.getParent());
        listenAt(socket);
        assertThatThrownBy(() -> serve(PeerRule.uid(uid)))
                .isInstanceOf(IOException.class)
                .hasMessage(socket + " is already in use by a running process; stop that one or choose another path");
        assertThat(files()).containsExactlyInAnyOrder("test.sock", "test.sock.lock");
    }

    @Test
    void refusesASocketOfARunningServerAndLeavesThatOneAlone() throws Exception {
        serve(PeerRule.uid(uid));
        assertThatThrownBy(() -> serve(PeerRule.uid(uid))).hasMessageContaining("already in use");
        assertThat(client().version()).isEqualTo("7");
    }

    @Test
    void refusesToReplaceAFileThatIsNoSocket() throws Exception {
        Files.createDirectories(socket.getParent());
        Files.writeString(socket, "precious");
        assertThatThrownBy(() -> serve(PeerRule.uid(uid)))
                .hasMessage(socket + " exists and is not a socket; remove it or choose another path");
        assertThat(socket).hasContent("precious");
    }

    @Test
    void refusesADirectoryThatEverybodyMayWrite() throws Exception {
        Files.createDirectories(socket.getParent());
        Files.setPosixFilePermissions(socket.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> serve(PeerRule.uid(uid))).hasMessageContaining("chmod o-w");
    }

    @Test
    void namesTheLengthOfAPathThatIsTooLong() {
        socket = directory.resolve("x".repeat(108));
        assertThatThrownBy(() -> serve(PeerRule.uid(uid))).hasMessageContaining("at most 107");
    }

    @Test
    void logsNothingForAConnection() throws Exception {
        List<LogRecord> records = new CopyOnWriteArrayList<>();
        Handler collect = new Handler() {
            @Override
            public void publish(LogRecord logged) {
                records.add(logged);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger root = Logger.getLogger("");
        root.addHandler(collect);
        open.push(() -> root.removeHandler(collect));
        serve(PeerRule.uid(uid));
        assertThat(client().version()).isEqualTo("7");
        assertThat(records).extracting(LogRecord::getMessage).isEmpty();
    }

    private ControlServer serve(PeerRule rule) throws IOException {
        ControlServer server = ControlServer.builder()
                .unix(socket, rule, "rw-------")
                .service(new BrokerGrpc.BrokerImplBase() {
                    @Override
                    public void getStatus(GetStatusRequest request, StreamObserver<io.sluice.broker.v1.Status> answer) {
                        answer.onNext(io.sluice.broker.v1.Status.newBuilder()
                                .setVersion("7")
                                .build());
                        answer.onCompleted();
                    }
                })
                .start();
        open.push(server);
        return server;
    }

    private Client client() {
        Client client = new Client(socket);
        open.push(client::close);
        return client;
    }

    private ServerSocketChannel listenAt(Path path) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        open.push(channel);
        return channel.bind(UnixDomainSocketAddress.of(path));
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private List<String> files() throws IOException {
        try (Stream<Path> list = Files.list(socket.getParent())) {
            return list.map(path -> path.getFileName().toString()).toList();
        }
    }

    private static Status failure(ThrowingCallable call) {
        return catchThrowableOfType(StatusRuntimeException.class, call).getStatus();
    }

    /** Calls what the tests need over a channel of its own. */
    private static final class Client {
        private final ManagedChannel channel;

        Client(Path socket) {
            channel = ControlChannel.open(socket);
        }

        String version() {
            return BrokerGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(10, TimeUnit.SECONDS)
                    .getStatus(GetStatusRequest.getDefaultInstance())
                    .getVersion();
        }

        ServingStatus health(String service) {
            return HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(10, TimeUnit.SECONDS)
                    .check(HealthCheckRequest.newBuilder().setService(service).build())
                    .getStatus();
        }

        List<String> services() throws Exception {
            CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
            StreamObserver<ServerReflectionRequest> ask = ServerReflectionGrpc.newStub(channel)
                    .withDeadlineAfter(10, TimeUnit.SECONDS)
                    .serverReflectionInfo(new StreamObserver<>() {
                        @Override
                        public void onNext(ServerReflectionResponse response) {
                            answer.complete(response);
                        }

                        @Override
                        public void onError(Throwable t) {
                            answer.completeExceptionally(t);
                        }

                        @Override
                        public void onCompleted() {}
                    });
            ask.onNext(ServerReflectionRequest.newBuilder().setListServices("*").build());
            ask.onCompleted();
            try {
                return answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList().stream()
                        .map(ServiceResponse::getName)
                        .toList();
            } catch (ExecutionException e) {
                throw (StatusRuntimeException) e.getCause();
            }
        }

        void close() throws InterruptedException {
            channel.shutdownNow();
            assertThat(channel.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
    }
}
