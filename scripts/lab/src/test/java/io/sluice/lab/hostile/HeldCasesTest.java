package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is passed, and what it is worth when the client that it was passed to is gone. */
@Tag("hostile")
final class HeldCasesTest extends HostileCases {
    private static final int FRAMES = 20;
    private static final int POOL = 1 << 20;
    private static final int ENTRIES = 256;
    private static final long SOON_MS = 3000;

    @Override
    Ground makeGround() {
        return Ground.open(Policies.onDevices(), net -> {});
    }

    @Test
    void case18NoDescriptorIsOfBpf() {
        log.attack(18, "any");
        Tenant attacker = ground().attacker();
        attacker.acquire(POOL, "lan", "ringed:rings=256", "fast");

        String found = attacker.ask("fdinfo");

        assertThat(found).isEqualTo("held 5 bpf 0");
        log.saw("descriptors that are maps, programs or links: " + found);
    }

    @Test
    void case18AMapThatIsPassedIsItsHoldersToRuin() {
        log.attackWithout(18, "any", "keeping the map back");
        Tenant attacker = ground().weak("map");
        assertThat(attacker.ask("fdinfo")).isEqualTo("held 1 bpf 1");

        String frozen = attacker.ask("freeze 0");

        assertThat(frozen).isEqualTo("ok");
        log.saw("BPF_MAP_FREEZE by its holder: " + frozen);
    }

    @Test
    void case09NobodyMarksPacketsOfAnXdpSocket() {
        log.attack(9, "xdp");
        Tenant attacker = ground().attacker();

        String answers = attacker.ask("mark " + (attacker.acquire(POOL, "fast") + 1));

        // A send of such a socket has nothing that could be marked: it says that the ring is to be looked at.
        assertThat(answers).matches("EPERM EPERM \\w+ (EPERM|no namespaces)");
        log.saw("set, clear, (send), from a namespace of its own: " + answers);
    }

    private long killed(Tenant attacker) {
        long start = System.nanoTime();
        assertThat(attacker.ask("kill-client")).isEqualTo("ok");
        Ground.until("the lease has ended", () -> ground().leases("blue").isEmpty());
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertThat(millis).as("milliseconds until the lease had ended").isLessThan(SOON_MS);
        return millis;
    }

    @Test
    void case21NothingIsReceivedWhenTheClientIsDeadWhoeverHoldsThePacketSocket() {
        log.attack(21, "packet, receiving");
        int before = ground().descriptors();
        Tenant attacker = ground().stranger();
        int socket = attacker.held("acquire-by-child " + ground().socket() + " 0 lan");
        ground().left().burst(FRAMES, "foreign", Ground.FOREIGN);
        assertThat(attacker.count("read " + socket + " 300").foreign()).isEqualTo(FRAMES);

        long millis = killed(attacker);
        ground().left().burst(FRAMES, "foreign", Ground.FOREIGN);
        long received = attacker.count("read " + socket + " 300").foreign();

        assertThat(received).isZero();
        Ground.until("the broker has closed what it opened", () -> ground().descriptors() <= before);
        assertThat(ground().attacker().acquire(0, "lan")).isZero();
        log.saw("%d of %d frames received %d ms after the kill; descriptors and quota are free again"
                .formatted(received, FRAMES, millis));
    }

    @Test
    void case21NothingIsReceivedWhenTheClientIsDeadWhoeverHoldsTheXdpSocket() {
        log.attack(21, "xdp, receiving");
        int before = ground().descriptors();
        Tenant attacker = ground().stranger();
        int pool = attacker.held("acquire-by-child " + ground().socket() + " " + POOL + " fast");
        assertThat(attacker.ask("xsk-map " + (pool + 1) + " " + pool + " " + ENTRIES))
                .isEqualTo("ok");
        ground().left().burst(FRAMES, "foreign", Ground.FOREIGN);
        // The fill ring was empty until now, so the kernel is told again to look at it.
        assertThat(attacker.count("xsk-read 300").foreign()).isEqualTo(FRAMES);

        long millis = killed(attacker);
        ground().left().burst(FRAMES, "foreign", Ground.FOREIGN);
        long received = attacker.count("xsk-read 300").foreign();

        assertThat(received).isZero();
        assertThat(ground().devices()).doesNotContain("xdp");
        Ground.until("the broker has closed what it opened", () -> ground().descriptors() <= before);
        log.saw("%d of %d frames received %d ms after the kill; program and descriptors are gone"
                .formatted(received, FRAMES, millis));
    }

    @Test
    void case21ASocketThatIsOnlyClosedGoesOnReceiving() {
        log.attackWithout(21, "packet, receiving", "the filter's map");
        // Its maker has closed its copy by becoming another program.
        Tenant attacker = ground().weak("packet", "v1");

        ground().left().burst(FRAMES, "foreign", Ground.FOREIGN);

        assertThat(attacker.count("read 0 300").foreign()).isEqualTo(FRAMES);
        log.saw("%d of %d frames received".formatted(FRAMES, FRAMES));
    }
}
