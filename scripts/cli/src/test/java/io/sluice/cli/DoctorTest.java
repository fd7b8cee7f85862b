package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DoctorTest extends CommandTest {
    /** A machine that has everything; tests take away. */
    private static final class FakeHost implements Host {
        private final Map<String, String> files = new HashMap<>(Map.of(
                "/proc/sys/kernel/osrelease", "6.12.5-amd64",
                "/proc/sys/net/core/bpf_jit_enable", "1",
                "/proc/sys/kernel/unprivileged_bpf_disabled", "2",
                "/proc/sys/user/max_user_namespaces", "1000",
                "/proc/meminfo", "MemTotal: 1 kB\nHugePages_Total:       0",
                "/proc/self/limits", "Max locked memory         8388608              8388608              bytes",
                "/proc/self/cmdline", "java\0-XX:SharedArchiveFile=/a/cli.jsa\0-cp\0x",
                "/proc/self/status",
                        "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t27 990 \n"
                                + "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff"));
        private final Set<String> existing = new HashSet<>(Set.of("/dev/net/tun", "/a/cli.jsa"));
        private String xdp = "EPERM";
        private String packet = "EPERM";
        private OptionalInt group = OptionalInt.of(990);
        private String broker = "";
        private String architecture = "amd64";
        private int java = 17;

        @Override
        public Optional<String> read(String path) {
            return Optional.ofNullable(files.get(path));
        }

        @Override
        public boolean exists(String path) {
            return existing.contains(path) || files.containsKey(path);
        }

        @Override
        public String socket(int family, int type, int protocol) {
            return family == 44 ? xdp : packet;
        }

        @Override
        public OptionalInt group(String name) {
            return group;
        }

        @Override
        public String connect(Path socket) {
            return broker;
        }

        @Override
        public String architecture() {
            return architecture;
        }

        @Override
        public int java() {
            return java;
        }
    }

    private final FakeHost host = new FakeHost();

    @Test
    void healthyHostIsAllOk() {
        assertThat(lines())
                .containsExactly(
                        "ok    kernel: Linux 6.12.5-amd64",
                        "ok    architecture: amd64",
                        "ok    packet sockets: the kernel has them; this user needs the broker",
                        "ok    xdp sockets: the kernel has them; this user needs the broker",
                        "ok    bpf jit: on",
                        "ok    unprivileged bpf: off, as it should be",
                        "ok    /dev/net/tun: there",
                        "ok    user namespaces: for every user",
                        "ok    hugepages: 0 reserved, none needed",
                        "ok    capabilities: uid 1000 lacks NET_ADMIN, NET_RAW, IPC_LOCK, BPF, which the broker alone"
                                + " needs",
                        "ok    jails: the broker can have SYS_ADMIN, which makes them",
                        "ok    memlock: 8 MiB, enough: the broker's IPC_LOCK lifts it",
                        "ok    group sluice-admin: this user may operate",
                        "ok    java: 17",
                        "ok    start-up archive: /a/cli.jsa",
                        "ok    broker: answers at /run/sluice/broker.sock",
                        "ok    gateway: answers",
                        "ok    worker: answers");
    }

    @Test
    void kernelsAreJudgedByTheirVersion() {
        host.files.put("/proc/sys/kernel/osrelease", "6.6.0");
        assertThat(line("kernel")).isEqualTo("ok    kernel: Linux 6.6.0");
        host.files.put("/proc/sys/kernel/osrelease", "6.1.0-28-amd64");
        assertThat(line("kernel")).startsWith("warn  kernel: Linux 6.1.0-28-amd64 has packet and tap ports, but xdp");
        host.files.put("/proc/sys/kernel/osrelease", "5.10.0");
        assertThat(line("kernel"))
                .isEqualTo("FAIL  kernel: Linux 5.10.0 is older than 6.1; boot a kernel of 6.6 or newer");
        host.files.put("/proc/sys/kernel/osrelease", "10.0");
        assertThat(line("kernel")).startsWith("ok");
    }

    @Test
    void whatIsMissingIsNamedWithWhatToDo() {
        host.files.keySet().removeIf(path -> path.contains("bpf_jit") || path.endsWith("cmdline"));
        host.files.put("/proc/sys/kernel/unprivileged_bpf_disabled", "0");
        host.files.put("/proc/sys/user/max_user_namespaces", "0");
        host.existing.remove("/dev/net/tun");
        host.xdp = "EAFNOSUPPORT";
        host.packet = "";
        host.group = OptionalInt.empty();
        host.broker = "there is no socket at /run/sluice/broker.sock";
        assertThat(lines())
                .contains(
                        "ok    bpf jit: the setting can't be seen from here",
                        "warn  /dev/net/tun: missing, so neither tap ports nor tap grants will work; run: modprobe tun",
                        "warn  xdp sockets: socket(AF_XDP): EAFNOSUPPORT, so xdp ports will not work; use a kernel with"
                                + " CONFIG_XDP_SOCKETS, or packet ports",
                        "ok    packet sockets: this user may make them without the broker",
                        "warn  start-up archive: none, so commands start slowly; run: sluice prepare",
                        "warn  broker: there is no socket at /run/sluice/broker.sock; start it as root with `sluice"
                                + " broker`");
        assertThat(line("unprivileged bpf")).startsWith("warn").endsWith("bpf_disabled=2");
        assertThat(line("user namespaces")).startsWith("warn");
        assertThat(line("group")).startsWith("warn").endsWith("run: groupadd --system sluice-admin");
    }

    @Test
    void containerWithoutTheCapabilitiesIsNamed() {
        host.files.put(
                "/proc/self/status",
                host.files.get("/proc/self/status").replace("000001ffffffffff", "00000000a80425fb"));
        assertThat(line("capabilities"))
                .isEqualTo("warn  capabilities: no process here can have NET_ADMIN, IPC_LOCK, BPF, so the broker can't"
                        + " run here; in a container add them, for example with --cap-add");
        assertThat(line("jails"))
                .isEqualTo(
                        "warn  jails: no process here can have SYS_ADMIN, so the broker refuses every grant in a jail;"
                                + " in a container add it, or grant devices of the host with `unconfined: true`");
    }

    @Test
    void userOutsideTheGroupIsToldSo() {
        host.group = OptionalInt.of(99);
        assertThat(line("group")).isEqualTo("ok    group sluice-admin: this user is not in it");
    }

    @Test
    void gatewayWithoutABrokerIsAWarning() {
        server.health(false);
        assertThat(line("gateway"))
                .isEqualTo("warn  gateway: it runs, but has no connection to the broker; start `sluice broker`");
    }

    @Test
    void absentWorkerIsAWarningWithItsPath() {
        cli.environment.put("SLUICE_WORKER", directory.resolve("none").toString());
        assertThat(line("worker"))
                .isEqualTo("warn  worker: there is no worker at " + directory.resolve("none")
                        + "; start one with `sluice worker`, or name its socket with --worker");
    }

    @Test
    void onlyFailuresMakeItFail() {
        assertThat(doctor(false).code()).isZero();
        host.architecture = "riscv64";
        assertThat(doctor(false).code()).isEqualTo(1);
        host.architecture = "aarch64";
        host.java = 16;
        assertThat(line("java")).startsWith("FAIL");
    }

    @Test
    void jsonHasAnObjectForEachCheck() {
        Cli.Result result = doctor(true);
        assertThat(result.out())
                .startsWith("{\"ok\":true,\"checks\":[{\"check\":\"kernel\",\"verdict\":\"ok\",\"finding\":\"Linux"
                        + " 6.12.5-amd64\",\"advice\":\"\"},")
                .endsWith("]}\n");
    }

    @Test
    void thisHostHasALineForEveryCheck() {
        Cli.Result result = cli.line("doctor");
        assertThat(result.out().lines()).hasSize(18).allMatch(line -> line.matches("(ok  |warn|FAIL)  \\S.*: .*"));
    }

    private List<String> lines() {
        return doctor(false).out().lines().toList();
    }

    private String line(String check) {
        return lines().stream()
                .filter(text -> text.substring(6).startsWith(check))
                .findFirst()
                .orElseThrow();
    }

    private Cli.Result doctor(boolean json) {
        return cli.with(terminal -> {
            Globals globals = new Globals();
            globals.json = json;
            return new DoctorCommand(globals, terminal, host).call();
        });
    }
}
