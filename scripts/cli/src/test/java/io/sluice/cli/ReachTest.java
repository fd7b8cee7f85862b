package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.control.transport.Peer;
import io.sluice.control.transport.PeerRule;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers and gateways that are not there, or don't want us. */
class ReachTest {
    @TempDir
    Path directory;

    private final Cli cli = new Cli();

    @Test
    void missingSocketIsExitCode3AndSaysHowToStartOne() {
        Path socket = directory.resolve("none.sock");
        assertThat(cli.run("port", "ls", "--worker", socket.toString()))
                .isEqualTo(new Cli.Result(
                        3,
                        "",
                        "sluice: cannot list ports: there is no worker at " + socket
                                + "; start one with `sluice worker`, or name its socket with --worker\n"));
        assertThat(cli.run("lease", "ls", "--gateway=" + socket, "--json"))
                .isEqualTo(new Cli.Result(
                        3,
                        "",
                        "sluice: cannot list leases: there is no gateway at " + socket
                                + "; start it with `sluice gateway`, or name its socket with --gateway\n"));
    }

    @Test
    void socketThatNobodyListensOnIsExitCode3() throws IOException {
        Path socket = directory.resolve("stale.sock");
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(socket))
                .close();
        assertThat(cli.run("info", "--worker", socket.toString()))
                .isEqualTo(new Cli.Result(
                        3,
                        "",
                        "sluice: cannot ask the worker about itself: nobody listens at " + socket
                                + " any more; start one with `sluice worker`, or name its socket with --worker\n"));
    }

    @Test
    void serverThatGivesNoAnswerIsExitCode3AfterTheTimeout() throws IOException {
        Path socket = directory.resolve("s.sock");
        StubServer server = new StubServer(socket, PeerRule.uid(Peer.self().uid()));
        try {
            server.silent = true;
            assertThat(cli.run("--worker", socket.toString(), "--timeout", "0.3", "link", "ls"))
                    .isEqualTo(new Cli.Result(
                            3,
                            "",
                            "sluice: cannot list links: the worker at " + socket
                                    + " gave no answer within 0.3 s; is it stopped or overloaded? --timeout waits"
                                    + " longer\n"));
        } finally {
            server.close();
        }
    }

    @Test
    void serverThatRefusesUsIsExitCode5() throws IOException {
        Path socket = directory.resolve("s.sock");
        StubServer server = new StubServer(socket, PeerRule.of("uid 4711", peer -> false));
        try {
            Cli.Result result = cli.run("port", "ls", "--worker", socket.toString());
            assertThat(result.code()).isEqualTo(5);
            assertThat(result.err())
                    .isEqualTo("sluice: cannot list ports: " + Peer.self()
                            + " may not call this server; allowed: uid 4711\n");
        } finally {
            server.close();
        }
    }

    @Test
    void tcpAddressNeedsItsCertificates() {
        assertThat(cli.line("port ls --worker 127.0.0.1:1"))
                .isEqualTo(new Cli.Result(
                        2,
                        "",
                        "sluice: cannot list ports: a worker at a TCP address is reached with --tls-ca, --tls-cert and"
                                + " --tls-key, never without TLS\n"));
        assertThat(cli.line("port ls --worker host:x --tls-ca a --tls-cert b --tls-key c")
                        .code())
                .isEqualTo(2);
        assertThat(cli.line("port ls --worker 127.0.0.1:1 --tls-ca /a --tls-cert /b --tls-key /c"))
                .isEqualTo(new Cli.Result(
                        1,
                        "",
                        "sluice: cannot list ports: cannot read /b; TLS needs a certificate, its key (PKCS #8) and the"
                                + " other side's authority, as PEM files\n"));
    }

    @Test
    void defaultsComeFromTheEnvironment() throws IOException {
        Globals globals = new Globals();
        assertThat(globals.workerAddress(java.util.Map.of("SLUICE_WORKER", "/w", "XDG_RUNTIME_DIR", "/r")))
                .isEqualTo("/w");
        assertThat(globals.workerAddress(java.util.Map.of("XDG_RUNTIME_DIR", "/r")))
                .isEqualTo("/r/sluice/worker.sock");
        assertThat(globals.workerAddress(java.util.Map.of()))
                .isEqualTo("/tmp/sluice-" + Peer.self().uid() + "/worker.sock");
        assertThat(globals.gatewayAddress(java.util.Map.of())).hasToString("/run/sluice/gateway.sock");
        assertThat(globals.gatewayAddress(java.util.Map.of("SLUICE_GATEWAY", "/g")))
                .hasToString("/g");
    }
}
