package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** AF_PACKET sockets on devices of the broker's namespace: what holds there without a jail. */
@Tag("hostile")
final class PacketCasesTest extends HostileCases {
    private static final int FRAMES = 20;
    private static final int GIBIBYTE = 1024;
    /** KiB that other programs on the machine may take or give back meanwhile. */
    private static final long NOISE = 512 * 1024;

    private static final String MEMORY = "/proc/meminfo";

    @Override
    Ground makeGround() {
        return Ground.open(Policies.onDevices(), net -> {});
    }

    @Test
    void case06TheFilterCannotBeTakenOff() {
        log.attack(6, "packet");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "lan");

        String answers = attacker.ask("unfilter " + socket);
        assertThat(answers).isEqualTo("EPERM EPERM EPERM");
        assertThat(attacker.ask("fanout-program " + socket)).isNotEqualTo("ok");
        ground().left().burst(FRAMES, "foreign", Ground.FOREIGN);
        Counts read = attacker.count("read " + socket + " 300");

        assertThat(read.victim()).isZero();
        assertThat(read.foreign()).as("frames of its own device").isEqualTo(FRAMES);
        log.saw("detach, replace, unlock: %s; %d frames of the victim's device read".formatted(answers, read.victim()));
    }

    @Test
    void case06AFilterThatIsNotLockedIsTakenOff() {
        log.attackWithout(6, "packet", "SO_LOCK_FILTER");
        Tenant attacker = ground().weak("packet-unlocked", "v1");
        assertThat(attacker.count("read 0 300").victim()).isZero();

        assertThat(attacker.ask("unfilter 0")).contains("ok");

        Counts read = attacker.count("read 0 300");
        assertThat(read.victim()).isPositive();
        log.saw("%d frames of the victim's device read".formatted(read.victim()));
    }

    @Test
    void case07RingsOfOneGibibyteAreRefused() {
        log.attack(7, "packet");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "ringed:rings=256");
        long before = Ground.kibibytes(MEMORY, "MemAvailable");

        String answers = attacker.ask("ring " + socket + " " + GIBIBYTE);
        String old = attacker.ask("ring32 " + socket + " " + GIBIBYTE);

        assertThat(answers).isEqualTo("EBUSY EBUSY");
        assertThat(old).isIn("EBUSY", "no 32-bit calls");
        assertThat(attacker.ask("queue-sizes " + socket + " " + (1 << 30))).isEqualTo("EPERM");
        assertThat(Ground.kibibytes(MEMORY, "MemAvailable")).isGreaterThan(before - NOISE);
        log.saw("1 GiB rings: %s, by int 0x80: %s; MemAvailable unchanged".formatted(answers, old));
    }

    @Test
    void case07AJailedSocketHasRingsOrThePolicySaysThatItsMemoryIsUnbounded() {
        log.attack(7, "packet without rings");
        String said = Policies.problems(Policies.inJails().replace("unbounded: true", "ring-frames: 0"));
        assertThat(said).contains("has no unbounded", "4 GiB");
        log.saw("no jail for it in a policy that does not say \"unbounded: true\"");
    }

    @Test
    void case07RingsOfOneGibibyteAreMadeOfASocketWithoutRings() {
        log.attackWithout(7, "packet without rings", "the policy's rule");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "lan");
        long before = Ground.kibibytes(MEMORY, "MemAvailable");

        String answers = attacker.ask("ring " + socket + " " + GIBIBYTE);
        long taken = before - Ground.kibibytes(MEMORY, "MemAvailable");
        Ground.end(attacker);

        // The kernel has no way to keep rings from a socket that has none mapped (packet_set_ring).
        assertThat(answers).contains("ok");
        assertThat(taken).isGreaterThan(NOISE);
        log.saw("1 GiB rings: %s; MemAvailable down by %d MiB".formatted(answers, taken / 1024));
    }

    @Test
    void case07RingsThatNobodyKeepsMappedGrow() {
        log.attackWithout(7, "packet", "the ring pin");
        Tenant attacker = ground().weak("packet-unpinned", "v1");
        long before = Ground.kibibytes(MEMORY, "MemAvailable");

        assertThat(attacker.ask("ring 0 " + GIBIBYTE)).startsWith("ok");

        long taken = before - Ground.kibibytes(MEMORY, "MemAvailable");
        Ground.end(attacker);
        assertThat(taken).isGreaterThan(NOISE);
        log.saw("1 GiB ring made, MemAvailable down by %d MiB".formatted(taken / 1024));
    }

    @Test
    void case08NothingForeignIsQueuedWhileASocketIsMade() {
        log.attack(8, "packet");
        ground().stream(10_000);
        long foreign = 0;
        int rounds = 20;
        for (int i = 0; i < rounds; i++) {
            Tenant attacker = ground().attacker();
            foreign +=
                    attacker.count("read " + attacker.acquire(0, "lan") + " 0").victim();
            Ground.end(attacker);
        }

        assertThat(foreign).isZero();
        log.saw("%d frames of the victim's stream in the queues of %d sockets".formatted(foreign, rounds));
    }

    @Test
    void case08ASocketThatIsFilteredLaterHasForeignFrames() {
        log.attackWithout(8, "packet", "protocol 0 until the bind");
        Tenant attacker = ground().weak("packet-early", "v1");

        Counts queued = attacker.count("read 0 0");

        assertThat(queued.victim()).isPositive();
        log.saw("%d frames of the victim's stream in the queue".formatted(queued.victim()));
    }

    @Test
    void case09NobodyMarksPacketsWithoutACapability() {
        log.attack(9, "packet");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "lan");
        assertThat(attacker.ask("frame " + Ground.LEGAL.frame("legal"))).isEqualTo("ok");

        String answers = attacker.ask("mark " + socket);

        assertThat(answers).matches("EPERM EPERM EPERM (EPERM|no namespaces)");
        assertThat(ground().left().count().legal()).isZero();
        log.saw("set, clear, by cmsg, from a namespace of its own: %s".formatted(answers));
    }

    @Test
    void case09AHolderWithCapabilitiesMarksThem() {
        log.attackWithout(9, "packet", "dropped capabilities");
        Tenant attacker = ground().weakRoot("packet", "v1");
        assertThat(attacker.ask("frame " + Ground.LEGAL.frame("legal"))).isEqualTo("ok");

        String answers = attacker.ask("mark 0");

        assertThat(answers).startsWith("ok ok ok");
        log.saw("set, clear, by cmsg: %s".formatted(answers));
    }
}
