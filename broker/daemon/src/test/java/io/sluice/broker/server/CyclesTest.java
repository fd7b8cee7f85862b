package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.Held.Kind;
import io.sluice.broker.testbed.RunningBroker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thousand leases leave what none leaves. Broker and client are this process, so what either keeps shows. */
@Tag("kernel")
class CyclesTest {
    private static final int CYCLES = 1000;

    private static final int WARM_UP = 5;
    private static final long POOL = 256 * 1024;
    private static final String POLICY = """
            version: 1
            tenants:
              root:
                identity: { uid: 0 }
                quota: { leases: 3, memory: 3MiB }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0, sockets: 2 }
                  rings: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 64 }
                  queue: { kind: xdp, interface: dev0, queues: [0] }
                  fast: { kind: xdp, interface: dev0, queues: [0-1] }
            """;

    /** What a cycle takes is the kernel's waiting for its readers (RCU), which several can wait for at once. */
    private static final int BROKERS = 10;

    @TempDir
    Path directory;

    private final Set<Held.BpfObject> seen = ConcurrentHashMap.newKeySet();
    private final List<RunningBroker> brokers = new ArrayList<>();

    /** What is done to one of the brokers, beside the others. */
    private interface Work {
        void at(int broker) throws Exception;
    }

    @BeforeEach
    void start() throws Exception {
        for (int i = 0; i < BROKERS; i++) {
            brokers.add(new RunningBroker(Files.createDirectory(directory.resolve("broker-" + i)), POLICY));
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (RunningBroker broker : brokers) {
            broker.close();
        }
    }

    @Test
    void leasingAndReleasingLeavesNothing() throws Exception {
        List<String> before = Held.descriptors();
        Set<Held.BpfObject> objects = Held.bpf();
        List<Caller> callers = new ArrayList<>();
        try {
            for (RunningBroker broker : brokers) {
                Caller caller = Caller.greeted(broker.socket());
                callers.add(caller);
                caller.hold(Caller.acquire(POOL));
                caller.closeFds();
            }
            everywhere(broker -> cycles(callers.get(broker), WARM_UP));
            List<String> warm = Held.descriptors();
            long mapped = mappings();
            everywhere(broker -> cycles(callers.get(broker), CYCLES / BROKERS));
            Held.nothingSince(warm);
            assertThat(mappings()).as("mappings of rings and pools").isEqualTo(mapped);
        } finally {
            for (Caller caller : callers) {
                caller.close();
            }
        }
        assertNothingIsLeft(before, objects);
    }

    @Test
    void connectingAcquiringAndLeavingLeavesNothing() throws Exception {
        List<String> before = Held.descriptors();
        Set<Held.BpfObject> objects = Held.bpf();
        everywhere(broker -> {
            for (int i = 0; i < CYCLES / BROKERS / 5; i++) {
                connectAcquireAndLeave(brokers.get(broker), i % 3);
            }
        });
        assertNothingIsLeft(before, objects);
    }

    private void connectAcquireAndLeave(RunningBroker broker, int how) throws Exception {
        try (Caller caller = Caller.greeted(broker.socket())) {
            var acquire = Caller.acquire(POOL, "fast", "lan", "rings");
            switch (how) {
                case 0 -> caller.hold(acquire);
                case 1 -> caller.acquired(acquire); // and never confirmed
                default -> caller.send(Caller.acquire(POOL, "lan", "rings")); // nor read
            }
            seen.addAll(Held.bpf());
        }
        broker.audited("\"end\"", "\"grant\":\"rings\"");
    }

    private static void everywhere(Work work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(BROKERS);
        try {
            List<Callable<Void>> all = new ArrayList<>();
            for (int i = 0; i < BROKERS; i++) {
                int broker = i;
                all.add(() -> {
                    work.at(broker);
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(all)) {
                done.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    private void cycles(Caller caller, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            cycle(caller);
        }
    }

    private void cycle(Caller caller) throws Exception {
        var held = caller.hold(Caller.acquire(0, "queue", "rings"));
        seen.addAll(Held.bpf());
        // The queues are free once the last descriptor of their socket is closed, so ours go first.
        caller.closeFds();
        for (var lease : held.getLeasesList()) {
            caller.release(lease.getId());
        }
    }

    private void assertNothingIsLeft(List<String> before, Set<Held.BpfObject> objects) throws Exception {
        Held.nothingSince(before);
        for (RunningBroker broker : brokers) {
            assertThat(broker.netns().sockets("PACKET")).isZero();
            Eventually.holds("no XDP socket", () -> broker.netns().sockets("XDP") == 0);
            assertThat(broker.netns().ip("link", "show", "dev0")).doesNotContain("prog/xdp");
        }
        seen.removeAll(objects);
        assertThat(seen).extracting(Held.BpfObject::kind).contains(Kind.MAP, Kind.PROG, Kind.LINK);
        Eventually.holds("no BPF object is left", () -> seen.stream().noneMatch(Held.BpfObject::exists));
    }

    /** Mappings of this process that are a memfd or a socket's ring. */
    private static long mappings() throws Exception {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("/memfd:sluice") || line.contains("socket:"))
                    .count();
        }
    }
}
