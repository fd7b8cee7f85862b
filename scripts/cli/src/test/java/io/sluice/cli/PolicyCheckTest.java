package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyCheckTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void nameAFile() {
        file = directory.resolve("policy.yaml");
    }

    @Test
    void aValidPolicyIsSummed() throws IOException {
        write("version: 1\ntenants: { t: { identity: { uid: 5 }, grants: { g: { kind: xdp, interface: eth0 } } } }\n");
        assertThat(run(file.toString())).isZero();
        assertThat(text(out))
                .isEqualTo(file + ": valid\nadmins: uid 0\n"
                        + "tenant t (uid 5): leases 16, memory 256MiB, connections 4, queues 64\n"
                        + "  g                xdp     eth0            queues [0]\n");
        assertThat(text(err)).isEmpty();
    }

    @Test
    void aValidPolicyIsOneObjectInJson() throws IOException {
        write("version: 1\ntenants: { t: { identity: { uid: 5 }, grants: { g: { kind: xdp, interface: eth0 } } } }\n");
        assertThat(run("--json", file.toString())).isZero();
        assertThat(text(out))
                .isEqualTo("{\"file\":\"" + file + "\",\"valid\":true,\"errors\":[],\"tenants\":[{\"name\":\"t\","
                        + "\"identity\":\"uid 5\",\"quota\":{\"leases\":16,\"memory\":268435456,\"connections\":4,\"queues\":64},"
                        + "\"grants\":[{\"name\":\"g\",\"kind\":\"xdp\",\"interface\":\"eth0\",\"queues\":[0]}]}]}\n");
    }

    @Test
    void errorsGoToStandardErrorAndTheExitCode() throws IOException {
        write("version: 1\ntenants: x\n");
        assertThat(run(file.toString())).isEqualTo(1);
        assertThat(text(out)).isEmpty();
        assertThat(text(err)).startsWith(file + ":2:10: tenants of the policy is \"x\"; expected a mapping");
    }

    @Test
    void errorsInJsonGoToStandardOutput() throws IOException {
        write("version: 1\ntenants: {}\nx: 1\n");
        assertThat(run("--json", file.toString())).isEqualTo(1);
        assertThat(text(out))
                .isEqualTo("{\"file\":\"" + file + "\",\"valid\":false,\"errors\":[{\"line\":3,\"column\":1,"
                        + "\"message\":\"unknown key \\\"x\\\" in the policy; expected one of version, admins, tenants\"}],"
                        + "\"tenants\":[]}\n");
        assertThat(text(err)).isEmpty();
    }

    @Test
    void namesOfAnotherHostCanBeTakenForKnown() throws IOException {
        write("""
                version: 1
                tenants:
                  a: { identity: { user: no-such-user-1 }, grants: {} }
                  b: { identity: { user: no-such-user-2 }, grants: {} }
                  c: { identity: { group: no-such-user-1 }, grants: {} }
                """);
        assertThat(run(file.toString())).isEqualTo(1);
        assertThat(run("--resolve=no", file.toString())).isZero();
    }

    @Test
    void wrongArgumentsShowTheUsage() {
        for (List<String> args : List.of(List.<String>of(), List.of("a", "b"), List.of("--what"), List.of("--json"))) {
            err.reset();
            assertThat(run(args.toArray(String[]::new))).isEqualTo(2);
            assertThat(text(err)).startsWith("usage: policy check");
        }
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text);
    }

    private int run(String... args) {
        return PolicyCheck.run(List.of(args), print(out), print(err));
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
