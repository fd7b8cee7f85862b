package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.control.transport.PeerRule;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Commands against a stub of the worker and the gateway. */
abstract class CommandTest {
    @TempDir
    Path directory;

    final Cli cli = new Cli();
    StubServer server;

    @BeforeEach
    void serve() throws Exception {
        Path socket = directory.resolve("s.sock");
        server = new StubServer(socket, PeerRule.of("all", peer -> true));
        cli.environment.put("SLUICE_WORKER", socket.toString());
        cli.environment.put("SLUICE_GATEWAY", socket.toString());
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    /** Runs a command that succeeds, and returns its output. */
    final String out(String words) {
        Cli.Result result = cli.line(words);
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        return result.out();
    }

    /** Runs a command that fails with {@code code}, and returns its line on standard error. */
    final String err(int code, String words) {
        Cli.Result result = cli.line(words);
        assertThat(result.out()).isEmpty();
        assertThat(result.code()).isEqualTo(code);
        return result.err();
    }
}
