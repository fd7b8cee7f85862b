package io.sluice.lab.interop.local;

import io.sluice.lab.Install;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * What {@code scripts/test interop} prints of local ports, a line a peer and transport: a test says what it speaks to and what
 * it has seen, and this appends that with the verdict to target/run/interop-local.txt. Fields are separated by tabs:
 * transport, peer, options, verdict, text.
 */
final class LocalLog implements BeforeEachCallback, TestWatcher {
    private final Path file = Install.find().home().resolve("target/run/interop-local.txt");
    private final List<String> seen = new ArrayList<>();
    private String what = "";

    @Override
    public void beforeEach(ExtensionContext context) {
        what = String.join(
                "\t", context.getDisplayName(), context.getRequiredTestClass().getSimpleName(), "");
        seen.clear();
    }

    /** This test speaks {@code transport} with {@code peer}. */
    void speaks(String peer, String transport, String options) {
        what = String.join("\t", transport, peer, options);
    }

    /** What was seen, for people. */
    void saw(String text) {
        seen.add(text);
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        write("ok", String.join("; ", seen));
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        write("FAILED", String.valueOf(cause.getMessage()));
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        write("left out", String.valueOf(cause.getMessage()).replaceFirst("^Assumption failed: ", ""));
    }

    private void write(String verdict, String said) {
        String line = String.join("\t", what, verdict, said.strip().replaceAll("\\s+", " "));
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
