package io.sluice.control.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
    @TempDir
    static Path directory;

    private static TestCertificates keys;
    private static Path ca;
    private static ControlServer server;

    @BeforeAll
    static void serve() throws Exception {
        keys = new TestCertificates(directory);
        ca = keys.authority("ours");
        keys.authority("theirs");
        keys.issue("server", "ours");
        keys.issue("client", "ours");
        keys.issue("stranger", "theirs");
        server = ControlServer.builder()
                .unix(directory.resolve("test.sock"), PeerRule.uid(Peer.self().uid()), "rw-------")
                .tls(loopback(0), keys.certificate("server"), keys.key("server"), ca)
                .start();
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @Test
    void clientWithACertificateOfTheAuthorityIsServed() throws Exception {
        ManagedChannel channel =
                ControlChannel.openTls(server.tlsAddress(), keys.certificate("client"), keys.key("client"), ca);
        assertThat(health(channel)).isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void clientWithoutACertificateIsRefused() throws Exception {
        ChannelCredentials none =
                TlsChannelCredentials.newBuilder().trustManager(ca.toFile()).build();
        assertThat(failure(none)).isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void clientWithACertificateOfAnotherAuthorityIsRefused() throws Exception {
        ManagedChannel channel =
                ControlChannel.openTls(server.tlsAddress(), keys.certificate("stranger"), keys.key("stranger"), ca);
        assertThat(catchThrowableOfType(StatusRuntimeException.class, () -> health(channel))
                        .getStatus()
                        .getCode())
                .isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void plaintextIsRefused() {
        assertThat(failure(InsecureChannelCredentials.create())).isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void unixSocketStillAsksForTheUidAlone() {
        assertThat(health(ControlChannel.open(directory.resolve("test.sock")))).isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void missingKeyFileIsNamed() {
        Path missing = directory.resolve("none.pem");
        assertThatThrownBy(() -> ControlServer.builder().tls(loopback(0), missing, keys.key("server"), ca))
                .hasMessageStartingWith("cannot read " + missing);
    }

    private static Status.Code failure(ChannelCredentials credentials) {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(server.tlsAddress(), credentials).build();
        return catchThrowableOfType(StatusRuntimeException.class, () -> health(channel))
                .getStatus()
                .getCode();
    }

    private static ServingStatus health(ManagedChannel channel) {
        try {
            return HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .check(HealthCheckRequest.getDefaultInstance())
                    .getStatus();
        } finally {
            channel.shutdownNow();
        }
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
}
