package io.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What runs privileged must stay small enough to be read in an afternoon. What only reads the policy and makes programs of
 * it runs in a process of its own, the compiler; what only clients of the fd plane do is in proto/client.
 */
final class PrivilegedCodeTest {
    private static final int CEILING = 5_000;

    /** What holds the privileges and talks to peers, but for generated code. */
    private static final List<Path> PRIVILEGED =
            List.of(Path.of("src/main/java"), Path.of("../../proto/grant/src/main/java"));

    /** The rest of what the privileged process loads: records and a pure function over them. */
    private static final Path POLICY = Path.of("../policy/src/main/java");

    @Test
    void allThatIsThereToReadStaysUnderItsCeiling() throws IOException {
        assertThat(linesOf(PRIVILEGED)).as("lines").hasSizeBetween(1_000, CEILING - 1);
    }

    @Test
    void theCodeWithThatOfThePolicyStaysUnderItsCeiling() throws IOException {
        List<Path> all = new ArrayList<>(PRIVILEGED);
        all.add(POLICY);
        assertThat(codeLines(linesOf(all)))
                .as("lines that are neither blank nor comment")
                .isBetween(1_000, CEILING - 1);
    }

    private static List<String> linesOf(List<Path> sources) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Path source : sources) {
            try (Stream<Path> files = Files.walk(source)) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    lines.addAll(Files.readAllLines(file));
                }
            }
        }
        return lines;
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
