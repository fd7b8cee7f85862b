package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
final class LabKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void theTwoHostsOfTheTopologyAreNotJoinedByAnything() {
        try (Lab lab = Lab.open()) {
            Topology net = Topology.make(lab);

            Finished ping = RunningProcess.run(
                    Command.of("ping", "-c", "1", "-W", "1", Topology.ADDRESS_B).in(net.a()), LIMIT);

            assertThat(ping.succeeded()).isFalse();
            assertThat(lab.mac(net.v1())).matches("([0-9a-f]{2}:){5}[0-9a-f]{2}");
        }
    }

    @Test
    @Tag("smoke")
    void aBridgeInTheMiddleJoinsThem() {
        try (Lab lab = Lab.open()) {
            Topology net = Topology.make(lab);
            lab.run(Command.of("ip", "link", "add", "br0", "up", "type", "bridge")
                    .in(net.dut()));
            lab.run(Command.of("ip", "link", "set", "v1", "master", "br0").in(net.dut()));
            lab.run(Command.of("ip", "link", "set", "v2", "master", "br0").in(net.dut()));

            lab.run(Command.of("ping", "-c", "1", "-w", "10", Topology.ADDRESS_B)
                    .in(net.a()));
        }
    }

    @Test
    void theHostsBeginTheirConnectionsWithTheKernelsDefaultWhateverThisMachinesIs() throws IOException {
        Path choice = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");
        String before = Files.readString(choice);
        try (Lab lab = Lab.open()) {
            Topology net = Topology.make(lab);

            for (Namespace host : List.of(net.a(), net.b())) {
                assertThat(lab.run(Command.of("cat", choice.toString()).in(host))
                                .output())
                        .isEqualToIgnoringNewLines("cubic");
            }
            assertThat(Files.readString(choice)).isEqualTo(before);
        }
    }

    @Test
    void anUnprivilegedCommandHasNoCapabilityAndSeesNoDevice() {
        try (Lab lab = Lab.open()) {
            String status = lab.run(Command.of("sh", "-c", "cat /proc/self/status; ip -o link")
                            .inEmptyNetwork()
                            .as(Identity.TENANT))
                    .output();

            assertThat(status)
                    .containsPattern("Uid:\\s+61001\\s+61001\\s+61001\\s+61001")
                    .containsPattern("CapEff:\\s+0{16}")
                    .containsPattern("CapBnd:\\s+0{16}")
                    .containsPattern("NoNewPrivs:\\s+1")
                    .containsPattern("1: lo:")
                    .doesNotContain("2: ");
        }
    }

    @Test
    void everythingIsGoneAfterTheBodyHasThrown() {
        List<Namespace> namespaces = new ArrayList<>();
        List<RunningProcess> processes = new ArrayList<>();
        List<Path> directories = new ArrayList<>();

        assertThatThrownBy(() -> {
                    try (Lab lab = Lab.open()) {
                        namespaces.add(lab.namespace("a"));
                        directories.add(lab.directory("d", Identity.TENANT));
                        Files.writeString(directories.get(0).resolve("f"), "x");
                        processes.add(lab.start(Command.of("sleep", "60").in(namespaces.get(0))));
                        throw new IllegalStateException("on purpose");
                    }
                })
                .hasMessage("on purpose");

        assertThat(Path.of(namespaces.get(0).path())).doesNotExist();
        assertThat(directories.get(0)).doesNotExist();
        assertThat(processes.get(0).isAlive()).isFalse();
    }

    @Test
    void aStepOfCleaningUpThatFailsDoesNotKeepTheOthersFromBeingDone() {
        List<String> done = new ArrayList<>();
        Lab lab = Lab.open();
        lab.onClose(() -> done.add("first made"));
        lab.onClose(() -> {
            throw new IOException("on purpose");
        });
        lab.onClose(() -> done.add("last made"));
        lab.close();
        lab.close();

        assertThat(done).containsExactly("last made", "first made");
    }

    @Test
    void aClosedLabMakesNothingMore() {
        Lab lab = Lab.open();
        lab.close();

        assertThatThrownBy(() -> lab.start(Command.of("sleep", "60"))).hasMessageContaining("closed");
    }

    @Test
    void whatAKilledMakerLeftIsRemovedAndWhatALivingOneHasIsNot() throws Exception {
        try (Lab lab = Lab.open()) {
            Namespace mine = lab.namespace("mine");
            RunningProcess other = lab.start(Command.of(
                    ProcessHandle.current().info().command().orElseThrow(),
                    "-Djnr.ffi.x86asm.enabled=false",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Abandoner.class.getName()));
            String[] made = other.awaitLine("made: ", LIMIT)
                    .substring("made: ".length())
                    .split(" ", -1);
            long child = Long.parseLong(made[2]);

            Leftovers.remove();
            assertThat(Path.of(made[0])).as("while its maker runs").exists();

            other.kill();
            ProcessHandle.of(child).ifPresent(handle -> handle.onExit().join());
            Leftovers.remove();

            assertThat(Path.of(made[0])).doesNotExist();
            assertThat(Path.of(made[1])).doesNotExist();
            assertThat(Path.of(mine.path())).exists();
        }
    }

    @Test
    void endingTheJvmCleansUp() {
        try (Lab lab = Lab.open()) {
            RunningProcess other = lab.start(Command.of(
                    ProcessHandle.current().info().command().orElseThrow(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    Abandoner.class.getName()));
            String[] made = other.awaitLine("made: ", LIMIT)
                    .substring("made: ".length())
                    .split(" ", -1);

            other.close();

            assertThat(Path.of(made[0])).doesNotExist();
            assertThat(Path.of(made[1])).doesNotExist();
            assertThat(ProcessHandle.of(Long.parseLong(made[2]))).isEmpty();
        }
    }

    /** A program that makes a lab and does not close it. */
    static final class Abandoner {
        private Abandoner() {}

        public static void main(String[] args) throws InterruptedException {
            Lab lab = Lab.open();
            Namespace namespace = lab.namespace("left");
            Path directory = lab.directory("left");
            RunningProcess process = lab.start(Command.of("sleep", "600").in(namespace));
            System.out.println("made: " + namespace.path() + " " + directory + " " + process.pid());
            new CountDownLatch(1).await();
        }
    }
}
