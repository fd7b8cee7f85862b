package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenerTest {
    @TempDir
    Path directory;

    @Test
    void anybodyMayKnockAndTheFileGoesWithTheListener() throws IOException {
        Path path = directory.resolve("made/broker.sock");
        try (Listener listener = Listener.open(path, Table.TENANT)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-rw-rw-");
            assertThat(listener.accept()).as("nobody has").isNull();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void theSocketOfALiveBrokerIsNotTaken() throws IOException {
        Path path = directory.resolve("broker.sock");
        try (Listener listener = Listener.open(path, Table.ADMIN)) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> Listener.open(path, Table.ADMIN).close())
                    .withMessage("a broker is already running at " + path);
            listener.accept().close();
            assertThat(path).exists();
        }
    }

    @Test
    void whatADeadBrokerLeftIsReplaced() throws IOException {
        Path path = directory.resolve("broker.sock");
        try (Listener dead = Listener.open(path, Table.TENANT)) {
            dead.socket().close();
            try (Listener next = Listener.open(path, Table.TENANT)) {
                assertThat(next.socket().isClosed()).isFalse();
            }
        }
    }

    @Test
    void aPathThatIsTooLongForASocketIsSaidToBe() {
        Path path = directory.resolve("x".repeat(120));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Listener.open(path, Table.TENANT).close())
                .withMessage("cannot listen at " + path + ": a socket's path has at most 107 bytes");
    }
}
