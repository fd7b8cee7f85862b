package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the rules on a tenant's device are worth when the broker is gone that made them. */
@Tag("hostile")
final class KilledBrokerCasesTest {
    private static final int FRAMES = 20;
    private static final int ROUNDS = 20;
    private static final int VNET_HEADER = 10;
    private static final int POOL = 1 << 20;
    private static final int ENTRIES = 256;

    @RegisterExtension
    private final CaseLog log = new CaseLog();

    private Ground ground;

    @BeforeEach
    void openGround() {
        log.attack(22, "any");
        Policies.assumeKnown("jails", Policies.inJails());
    }

    private void open(String policy, Ground.Preparation preparation) {
        ground = Ground.shared(policy, preparation);
        ground.left().zero();
    }

    @AfterEach
    void closeGround() {
        if (ground != null) {
            ground.close();
        }
    }

    private void prepare(Tenant attacker, Sender sender) {
        assertThat(attacker.ask("frame " + sender.frame("evil"))).isEqualTo("ok");
    }

    /** Sends what is allowed, which shows that the device works, and returns how many arrive. */
    private long legalFrames(Tenant attacker, String send) {
        assertThat(attacker.ask("frame " + Ground.LEGAL.frame("legal"))).isEqualTo("ok");
        assertThat(attacker.ask(send)).isEqualTo("sent " + FRAMES);
        Ground.until("the legal ones arrive", () -> ground.left().count().legal() == FRAMES);
        return ground.left().count().legal();
    }

    @Test
    void case22APacketSocketPretendsNothingWhileTheBrokerIsDead() {
        log.attack(22, "packet");
        open(Policies.inJails(), Policies::bridge);
        String devices = ground.devices();
        ground.revoke("red");
        Tenant attacker = ground.attacker();
        int socket = attacker.acquire(0, "lan");
        prepare(attacker, Ground.LEGAL.withMac(Ground.RED_MAC));
        String device = attacker.ask("index " + socket + " eth0");
        assertThat(attacker.ask("spray " + socket + " " + device)).isEqualTo("ok");

        ground.stack().broker().kill();
        long legal = legalFrames(attacker, "send %d %s %d sendto".formatted(socket, device, FRAMES));
        attacker.count("read " + socket + " 2000");
        long dead = ground.left().count().evil();
        ground.stack().startBroker();
        Ground.until(
                "the new broker has removed what the killed one left",
                () -> ground.devices().lines().count() < devices.lines().count());
        long restarted = ground.left().count().evil();

        assertThat(dead).isZero();
        assertThat(restarted).isZero();
        log.saw("%d spoofed frames in 2 s without a broker, while %d of %d legal ones arrived; %d later"
                .formatted(dead, legal, FRAMES, restarted));
    }

    @Test
    void case22AnXdpSocketPretendsNothingWhileTheBrokerIsDead() {
        log.attack(22, "xdp");
        open(Policies.inJails(), Policies::bridge);
        Tenant attacker = ground.attacker();
        int pool = attacker.acquire(POOL, "fast");
        assertThat(attacker.ask("xsk-map " + (pool + 1) + " " + pool + " " + ENTRIES))
                .isEqualTo("ok");
        prepare(attacker, Ground.LEGAL.withMac(Ground.RED_MAC));
        attacker.ask("xsk-send " + FRAMES);

        ground.stack().broker().kill();
        for (int i = 0; i < ROUNDS; i++) {
            attacker.ask("xsk-send " + FRAMES);
        }

        long legal = legalFrames(attacker, "xsk-send " + FRAMES);

        long dead = ground.left().count().evil();
        assertThat(dead).isZero();
        log.saw("%d of %d spoofed frames without a broker, while %d of %d legal ones arrived"
                .formatted(dead, ROUNDS * FRAMES, legal, FRAMES));
    }

    @Test
    void case22ATapDevicePretendsNothingWhileTheBrokerIsDead() {
        log.attack(22, "tap");
        open(Policies.taps(), Policies::bridge);
        Tenant attacker = ground.attacker();
        int tap = attacker.acquire(0, "guest");
        String send = "tap-send " + tap + " " + FRAMES + " " + VNET_HEADER;

        ground.stack().broker().kill();
        long tried = 0;
        for (Sender pretended : Pretended.ALL) {
            prepare(attacker, pretended);
            assertThat(attacker.ask(send)).isEqualTo("sent " + FRAMES);
            tried += FRAMES;
        }
        long legal = legalFrames(attacker, send);

        assertThat(ground.left().count().evil()).isZero();
        log.saw("0 of %d spoofed frames without a broker, while %d of %d legal ones arrived"
                .formatted(tried, legal, FRAMES));
    }

    @Test
    void case22ARawSocketForgesNothingWhileTheBrokerIsDead() {
        log.attack(22, "raw");
        ground = Ground.open(Policies.routed(), Policies::route);
        ground.left().zero();
        Tenant attacker = ground.attacker();
        int socket = attacker.acquire(0, "tunnel");

        ground.stack().broker().kill();
        String forged =
                attacker.ask("raw-forge " + socket + " " + Policies.PRETENDED + " " + Topology.ADDRESS_A + " 47");
        assertThat(attacker.ask("raw-mark L")).isEqualTo("ok");
        attacker.ask("raw-send " + socket + " " + Topology.ADDRESS_A);
        Ground.until("the legal ones arrive", () -> ground.left().count().legal() > 0);

        assertThat(ground.left().count().evil()).isZero();
        log.saw("foreign source: %s, 0 arrived without a broker, while %d legal ones did"
                .formatted(forged, ground.left().count().legal()));
    }

    @Test
    void case22RulesThatGoWithTheirMakerLetEverythingPass() {
        log.attackWithout(22, "packet", "rules that outlive the broker");
        open(Policies.inJails(), Policies::bridge);
        Field field = Field.at(ground, Policies.BRIDGE);
        RunningProcess guard = ground.guard(Field.PEER);
        Tenant attacker = field.weak("packet", "eth0");
        prepare(attacker, Ground.LEGAL.withMac(Ground.RED_MAC));
        assertThat(attacker.ask("spray 0 " + attacker.ask("index 0 eth0"))).isEqualTo("ok");
        attacker.count("read 0 500");
        assertThat(ground.left().count().evil()).as("while the maker lives").isZero();

        guard.kill();

        Ground.until("they arrive", () -> ground.left().count().evil() > FRAMES);
        log.saw("spoofed frames arrive as soon as the maker is killed");
    }
}
