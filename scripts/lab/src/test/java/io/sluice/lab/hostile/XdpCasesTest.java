package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** AF_XDP sockets: what holds without a jail. */
@Tag("hostile")
final class XdpCasesTest extends HostileCases {
    private static final int FRAMES = 10;
    private static final int POOL = 1 << 20;
    private static final int ENTRIES = 256;
    private static final int GIANT = 1 << 26;
    private static final int COPY = 2;

    @Override
    Ground makeGround() {
        // x1 is there to be deleted.
        return Ground.open(
                Policies.onDevices(),
                net -> net.lab().veth(net.dut().device("x1"), net.a().device("x0")));
    }

    private void sends(Tenant attacker) {
        assertThat(attacker.ask("frame " + Ground.LEGAL.frame("evil"))).isEqualTo("ok");
        attacker.ask("xsk-send " + FRAMES);
    }

    @Test
    void case13ABoundSocketStaysWhereItIs() {
        log.attack(13, "xdp");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(POOL, "fast") + 1;
        int own = ground().ifindex("v1");
        int other = ground().ifindex("v2");

        String device = attacker.ask("xsk-bind " + socket + " " + other + " 0 " + COPY);
        String queue = attacker.ask("xsk-bind " + socket + " " + own + " 1 " + COPY);
        String unpinned = attacker.ask("xsk-unpin " + socket);

        assertThat(device).isIn("EBUSY", "EINVAL");
        assertThat(queue).isIn("EBUSY", "EINVAL");
        assertThat(unpinned).isEqualTo("EPERM");
        log.saw("other device: %s, other queue: %s, unpinned: %s".formatted(device, queue, unpinned));
    }

    @Test
    void case13TheSocketOfADeviceThatIsGoneStaysDead() {
        log.attack(13, "xdp, device gone");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(POOL, "spare") + 1;
        int other = ground().ifindex("v2");
        ground().lab()
                .run(Command.of("ip", "link", "delete", "x1").in(ground().net().dut()));

        String device = attacker.ask("xsk-bind " + socket + " " + other + " 0 " + COPY);
        String sent = attacker.ask("xsk-kick " + socket);

        assertThat(device).isNotEqualTo("ok");
        assertThat(sent).isNotEqualTo("ok");
        log.saw("other device: %s, send: %s".formatted(device, sent));
    }

    @Test
    void case13AnUnboundSocketBindsAnyDevice() {
        log.attackWithout(13, "xdp", "a bind before passing");
        Tenant attacker = ground().weak("xsk-unbound");
        assertThat(attacker.ask("xsk-umem 0 " + POOL)).isEqualTo("ok");
        assertThat(attacker.ask("xsk-rings 0 " + ENTRIES)).isEqualTo("ok ok ok ok");

        String bound = attacker.ask("xsk-bind 0 " + ground().ifindex("v2") + " 0 " + COPY);

        assertThat(bound).isEqualTo("ok");
        assertThat(attacker.ask("xsk-map 0 - " + ENTRIES)).isEqualTo("ok");
        sends(attacker);
        Ground.until(
                "the victim's wire has them", () -> ground().right().count().evil() == FRAMES);
        log.saw("bound to the victim's device, %d frames on its wire".formatted(FRAMES));
    }

    @Test
    void case14NoMemoryAndNoRingsCanBeAdded() {
        log.attack(14, "xdp");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(POOL, "fast") + 1;

        String umem = attacker.ask("xsk-umem " + socket + " " + POOL);
        String rings = attacker.ask("xsk-rings " + socket + " " + ENTRIES);
        String giant = attacker.ask("xsk-ring " + socket + " rx " + GIANT);

        assertThat(umem).isEqualTo("EBUSY");
        assertThat(rings).isEqualTo("EBUSY EBUSY EBUSY EBUSY");
        assertThat(giant).isEqualTo("EBUSY");
        log.saw("UMEM: %s, rings: %s, 2^26 entries: %s".formatted(umem, rings, giant));
    }

    @Test
    void case14AnUnboundSocketTakesAnyRing() {
        log.attackWithout(14, "xdp", "rings set before passing");
        Tenant attacker = ground().weak("xsk-unbound");
        long before = Ground.kibibytes("/proc/meminfo", "MemAvailable");

        assertThat(attacker.ask("xsk-ring 0 rx " + GIANT)).isEqualTo("ok");

        long taken = before - Ground.kibibytes("/proc/meminfo", "MemAvailable");
        Ground.end(attacker);
        assertThat(taken).isGreaterThan(512 * 1024);
        log.saw("a ring of 2^26 entries: MemAvailable down by %d MiB".formatted(taken / 1024));
    }

    @Test
    void case15ASocketForReceptionCannotSend() {
        log.attack(15, "xdp rx-only");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(POOL, "deaf") + 1;

        String ring = attacker.ask("xsk-ring " + socket + " tx " + ENTRIES);
        String sent = attacker.ask("xsk-kick " + socket);
        String own = attacker.ask("xsk-new");
        String shared = attacker.ask("xsk-share-from-namespace " + socket);

        assertThat(ring).isEqualTo("EBUSY");
        assertThat(sent).isEqualTo("ENOBUFS");
        assertThat(own).isEqualTo("EPERM");
        assertThat(shared).isNotEqualTo("ok");
        assertThat(ground().left().count().evil()).isZero();
        log.saw("TX ring: %s, send: %s, socket of its own: %s, one sharing the memory: %s"
                .formatted(ring, sent, own, shared));
    }

    @Test
    void case15ASocketWithATransmitRingSends() {
        log.attackWithout(15, "xdp rx-only", "omitting the TX ring");
        Tenant attacker = ground().weak("xsk", "v1", "0");
        assertThat(attacker.ask("xsk-map 1 0 " + ENTRIES)).isEqualTo("ok");

        sends(attacker);

        Ground.until("they arrive", () -> ground().left().count().evil() == FRAMES);
        Ground.end(attacker);
        log.saw("%d frames sent".formatted(FRAMES));
    }

    @Test
    void case17GarbageInRingsAndMemoryHurtsNobodyElse() {
        log.attack(17, "xdp");
        Tenant attacker = ground().attacker();
        int pool = attacker.acquire(POOL, "fast");
        int socket = pool + 1;
        assertThat(attacker.ask("xsk-map " + socket + " " + pool + " " + ENTRIES))
                .isEqualTo("ok");
        assertThat(attacker.ask("frame " + Ground.LEGAL.frame("legal"))).isEqualTo("ok");

        ground().left().burst(1000, "foreign", Ground.FOREIGN);
        assertThat(attacker.ask("xsk-garble 5000 " + System.nanoTime() % 100000))
                .isEqualTo("ok");
        String statistics = attacker.ask("xsk-statistics " + socket);
        String resized = attacker.ask("resize " + pool);
        String punched = attacker.ask("punch " + pool);

        assertThat(statistics).doesNotStartWith("invalid 0 ");
        assertThat(resized).isEqualTo("EPERM EPERM EPERM");
        assertThat(ground().victim().ask("serve")).startsWith("served");
        assertThat(ground().victim().acquire(POOL, "fast")).isPositive();
        log.saw("%s descriptors; truncate, grow, unseal: %s; punch: %s".formatted(statistics, resized, punched));
    }

    @Test
    void case17AMemoryThatIsNotSealedTakesItsMakerAlong() {
        log.attackWithout(17, "xdp", "the seals");
        Tenant attacker = ground().weak("pool-read");

        assertThat(attacker.ask("resize 0")).startsWith("ok");

        attacker.process().awaitError("the careless broker is gone: SIGBUS", Ground.LIMIT);
        log.saw("truncated: a broker that reads it dies of SIGBUS");
    }
}
