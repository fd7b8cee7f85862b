package io.sluice.worker.conductor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFileTest {
    @TempDir
    Path parent;

    private Path directory() {
        return parent.resolve("state");
    }

    private Path slot(int number) {
        return directory().resolve("state." + number);
    }

    private void write(String... texts) throws IOException {
        try (StateFile file = new StateFile(directory())) {
            for (String text : texts) {
                file.write(text.getBytes(UTF_8));
            }
        }
    }

    private String read() throws IOException {
        try (StateFile file = new StateFile(directory())) {
            return new String(file.found(), UTF_8);
        }
    }

    @Test
    void whatWasWrittenLastIsFound() throws IOException {
        assertThat(read()).isEmpty();
        write("one");
        assertThat(read()).isEqualTo("one");
        write("two", "three", "a much longer text than any before it", "short");
        assertThat(read()).isEqualTo("short");
        write("");
        assertThat(read()).isEmpty();
    }

    @Test
    void itIsItsOwnersAlone() throws IOException {
        write("secret");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())))
                .isEqualTo("rwx------");
        for (int i = 0; i < 2; i++) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(slot(i))))
                    .isEqualTo("rw-------");
        }
    }

    /** A process that is killed while it writes leaves the beginning of the new and the end of the old. */
    @Test
    void aWriteThatStopsAnywhereLeavesTheOneBefore() throws IOException {
        write("the first text of all", "the second text");
        byte[] first = Files.readAllBytes(slot(1));
        write("the third one, which is being written");
        byte[] third = Files.readAllBytes(slot(1));
        for (int written = 0; written < third.length; written++) {
            byte[] torn = Arrays.copyOf(first, Math.max(first.length, written));
            System.arraycopy(third, 0, torn, 0, written);
            Files.write(slot(1), torn);
            assertThat(read()).as("after %d bytes", written).isEqualTo("the second text");
        }
        Files.write(slot(1), third);
        assertThat(read()).isEqualTo("the third one, which is being written");
    }

    @Test
    void anyByteThatIsWrongIsNoticed() throws IOException {
        write("old", "new");
        byte[] good = Files.readAllBytes(slot(0));
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 0x40;
            Files.write(slot(0), bad);
            assertThat(read()).as("byte %d", i).isEqualTo("old");
        }
    }

    @Test
    void whatIsNoStateIsRefusedWithWhatToDo() throws IOException {
        Files.createDirectories(directory());
        Files.writeString(slot(0), "ports: []\n");
        assertThatThrownBy(this::read)
                .isInstanceOf(IOException.class)
                .hasMessage("what is in " + directory() + " is not the state of a worker of this version; remove "
                        + slot(0) + " and " + slot(1) + " to start without ports and links");
        assertThat(slot(0)).as("it is left alone").hasContent("ports: []\n");
    }

    @Test
    void itIsKeptFromASecondWorker() throws IOException {
        try (StateFile first = new StateFile(directory())) {
            first.write(new byte[] {1});
            assertThatThrownBy(this::read)
                    .isInstanceOf(IOException.class)
                    .hasMessage("another worker uses the state in " + directory()
                            + "; give each worker a directory of its own, or end the other one");
        }
        assertThat(read()).hasSize(1);
    }

    @Test
    void whatCannotBeADirectoryIsRefused() throws IOException {
        Files.writeString(directory(), "");
        assertThatThrownBy(this::read).isInstanceOf(IOException.class);
    }
}
