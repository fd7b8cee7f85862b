package io.sluice.compiler.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.broker.policy.Policy;
import io.sluice.fuzzing.Effort;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeAll;

/**
 * Policy files that nobody checked: a policy, or errors that say where, and soon, also if a part of the text comes again and
 * again.
 *
 * <pre>
 *  input: the file; or u8 0 | start | 0 | part | 0 | end, where the part is repeated up to 64 KiB
 * </pre>
 */
class PolicyFuzzTest {
    private static final Map<String, Integer> NAMES = Map.of("root", 0, "blue", 1001, "broken", -1);
    private static final Identities HOST =
            (kind, name) -> NAMES.containsKey(name) ? OptionalInt.of(NAMES.get(name)) : OptionalInt.empty();
    /** What is about the whole file and no place in it; content comes in none of these. */
    private static final List<String> OF_THE_FILE = List.of("larger than 256KiB;", "there is nothing in it;");

    private static final int MOST_ERRORS = 51;
    /** Characters: work that grows with the square of them takes a minute. */
    private static final int REPEATED = 64 << 10;

    private static final Duration SOON = Duration.ofSeconds(4);

    private static String repeated(String file) {
        String[] parts = file.split("\0", 4);
        if (parts.length < 4 || !parts[0].isEmpty() || parts[2].isEmpty()) {
            return file;
        }
        return parts[1] + parts[2].repeat(REPEATED / parts[2].length()) + parts[3];
    }

    @BeforeAll
    static void loadClasses() throws PolicyException {
        String identity = "{ identity: { user: blue }, grants: { g: { kind: xdp, interface: lo } } }";
        PolicyLoader.load("p.yaml", "version: 1\ntenants: { t: " + identity + " }\n", HOST);
    }

    @FuzzTest
    void aTextIsAPolicyOrItsErrorsSayWhere(byte[] file) {
        String text = repeated(new String(file, StandardCharsets.UTF_8));
        Effort effort = new Effort();
        try {
            Policy policy = PolicyLoader.load("p.yaml", text, HOST);
            assertThat(policy.text()).isEqualTo(text);
            assertThat(policy.admins()).isNotEmpty();
            assertThat(policy.tenants())
                    .allSatisfy(tenant -> assertThat(tenant.name()).matches("[a-z0-9-]{1,32}"));
        } catch (PolicyException e) {
            long lines = text.split("\r\n|[\r\n]", -1).length;
            assertThat(e.errors()).isNotEmpty().hasSizeLessThanOrEqualTo(MOST_ERRORS);
            for (PolicyException.Problem error : e.errors()) {
                boolean placed = error.line() >= 1 && error.line() <= lines && error.column() >= 1;
                boolean whole = error.line() == 0 && OF_THE_FILE.stream().anyMatch(error.message()::startsWith);
                assertThat(placed || whole).as(error.toString()).isTrue();
                assertThat(error.message()).matches("[^\\p{C}\\p{Zl}\\p{Zp}]+");
            }
        }
        effort.within(SOON);
    }
}
