package io.sluice.lab.interop;

import io.sluice.lab.Install;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * What {@code scripts/test interop} prints, a line a peer and transport, and what the table of docs/transports.md is made of:
 * a test says what it speaks to and what it has seen, and this appends that with the verdict to target/run/interop.txt.
 * Fields are separated by tabs: transport, peer, options, verdict, text.
 */
public final class InteropLog implements BeforeEachCallback, TestWatcher {
    private final Path file = Install.find().home().resolve("target/run/interop.txt");
    private final List<String> seen = new ArrayList<>();
    private String peer = "";
    private String transport = "";
    private String options = "";
    private String verdict = "yes";

    @Override
    public void beforeEach(ExtensionContext context) {
        peer = context.getRequiredTestClass().getSimpleName();
        transport = "";
        options = "";
        verdict = "yes";
        seen.clear();
    }

    /** This test speaks {@code wire} with {@code other}. */
    public void speaks(String other, String wire, String how) {
        peer = other;
        transport = wire;
        options = how;
    }

    /** There can be no such peer here, whatever is installed. */
    public void absent(String where) {
        verdict = "not in " + where;
    }

    /** What was seen, for people. */
    public void saw(String what) {
        seen.add(what);
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        write(verdict, String.join("; ", seen));
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        write("FAILED", context.getDisplayName() + ": " + cause.getMessage());
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        write("left out", String.valueOf(cause.getMessage()).replaceFirst("^Assumption failed: ", ""));
    }

    @Override
    public void testDisabled(ExtensionContext context, Optional<String> reason) {
        write("left out", reason.orElse(""));
    }

    private void write(String verdict, String said) {
        String text = said.strip().replaceAll("\\s+", " ");
        String line = String.join("\t", transport, peer, options, verdict, text);
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
