package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.Held.Kind;
import io.sluice.broker.testbed.RunningBroker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, sockets: 2 }
                  rings: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 64 }
                  queue: { kind: xdp, interface: dev0, queues: [0] }
                  fast: { kind: xdp, interface: dev0, queues: [0-1] }
            """;

    @TempDir
    Path directory;

    private final Set<Held.BpfObject> seen = new HashSet<>();
    private RunningBroker broker;

    @BeforeEach
    void start() throws Exception {
        broker = new RunningBroker(directory, POLICY);
    }

    @AfterEach
    void stop() throws Exception {
        if (broker != null) {
            broker.close();
        }
    }

    @Test
    void leasingAndReleasingLeavesNothing() throws Exception {
        List<String> before = Held.descriptors();
        Set<Held.BpfObject> objects = Held.bpf();
        try (Caller caller = Caller.greeted(broker.socket())) {
            caller.hold(Caller.acquire(POOL));
            caller.closeFds();
            for (int i = 0; i < WARM_UP; i++) {
                cycle(caller);
            }
            List<String> warm = Held.descriptors();
            long mapped = mappings();
            for (int i = 0; i < CYCLES; i++) {
                cycle(caller);
            }
            Held.nothingSince(warm);
            assertThat(mappings()).as("mappings of rings and pools").isEqualTo(mapped);
        }
        assertNothingIsLeft(before, objects);
    }

    @Test
    void connectingAcquiringAndLeavingLeavesNothing() throws Exception {
        List<String> before = Held.descriptors();
        Set<Held.BpfObject> objects = Held.bpf();
        for (int i = 0; i < CYCLES / 5; i++) {
            try (Caller caller = Caller.greeted(broker.socket())) {
                var acquire = Caller.acquire(POOL, "fast", "lan", "rings");
                switch (i % 3) {
                    case 0 -> caller.hold(acquire);
                    case 1 -> caller.acquired(acquire); // and never confirmed
                    default -> caller.send(Caller.acquire(POOL, "lan", "rings")); // nor read
                }
                seen.addAll(Held.bpf());
            }
            broker.audited("\"end\"", "\"grant\":\"rings\"");
        }
        assertNothingIsLeft(before, objects);
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
        assertThat(broker.netns().sockets("PACKET")).isZero();
        Eventually.holds("no XDP socket", () -> broker.netns().sockets("XDP") == 0);
        assertThat(broker.netns().ip("link", "show", "dev0")).doesNotContain("prog/xdp");
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
