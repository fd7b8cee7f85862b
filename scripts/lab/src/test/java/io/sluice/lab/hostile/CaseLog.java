package io.sluice.lab.hostile;

import io.sluice.lab.Install;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * What {@code scripts/test hostile} prints, a line a case: a test says which case it is and what it has seen, and this
 * appends that with the verdict to target/run/hostile-cases.txt. Fields are separated by tabs: case, kind, "with" or
 * "without" the defence, verdict, text.
 */
final class CaseLog implements BeforeEachCallback, TestWatcher {
    private static final Pattern NAME = Pattern.compile("case(\\d\\d)");

    private final Path file = Install.find().home().resolve("target/run/hostile-cases.txt");
    private int number;
    private String kind = "";
    private String defence = "with";
    private String text = "";

    @Override
    public void beforeEach(ExtensionContext context) {
        Matcher name = NAME.matcher(context.getRequiredTestMethod().getName());
        number = name.lookingAt() ? Integer.parseInt(name.group(1)) : 0;
        kind = "";
        defence = "with";
        text = context.getDisplayName();
    }

    /** This test attacks what is defended. */
    void attack(int testCase, String what) {
        number = testCase;
        kind = what;
    }

    /** This test attacks what is made without a defence, and has to succeed. */
    void attackWithout(int testCase, String what, String missing) {
        attack(testCase, what);
        defence = "without " + missing;
    }

    /** Whether the test attacks what is defended, so that nobody may be harmed. */
    boolean isDefended() {
        return defence.equals("with");
    }

    /** What was seen, for people. */
    void saw(String seen) {
        text = seen;
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        write("ok", text);
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        write("FAILED", context.getDisplayName() + ": " + String.valueOf(cause.getMessage()));
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        String said = String.valueOf(cause.getMessage()).replaceFirst("^Assumption failed: ", "");
        write("not run", said);
    }

    @Override
    public void testDisabled(ExtensionContext context, Optional<String> reason) {
        write("not run", reason.orElse(""));
    }

    private void write(String verdict, String said) {
        String line = String.join(
                "\t",
                Integer.toString(number),
                kind,
                defence,
                verdict,
                said.strip().replaceAll("\\s+", " "));
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
