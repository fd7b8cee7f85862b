package io.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What runs privileged must stay small enough to be read in an afternoon: 5,000 lines of Java that are neither blank nor
 * comment. What only reads the policy and makes programs of it runs in a process of its own, the compiler.
 */
final class PrivilegedCodeTest {
    private static final int CEILING = 5_000;

    /** Where all Java of the privileged process is, but generated code. */
    private static final List<Path> SOURCES = List.of(
            Path.of("src/main/java"), Path.of("../policy/src/main/java"), Path.of("../../proto/grant/src/main/java"));

    @Test
    void staysUnderItsCeiling() throws IOException {
        int lines = 0;
        for (Path source : SOURCES) {
            try (Stream<Path> files = Files.walk(source)) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    lines += codeLines(Files.readAllLines(file));
                }
            }
        }
        assertThat(lines).as("lines that are neither blank nor comment").isBetween(1_000, CEILING);
    }

    private static int codeLines(List<String> lines) {
        int count = 0;
        boolean comment = false;
        for (String line : lines) {
            String text = line.strip();
            comment |= text.startsWith("/*");
            if (!comment && !text.isEmpty() && !text.startsWith("//")) {
                count++;
            }
            comment &= !text.endsWith("*/");
        }
        return count;
    }
}
