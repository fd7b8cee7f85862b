package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sending from a jail: what AF_XDP sends, which no hook on the device itself sees, and what is left when a lease ends. */
@Tag("hostile")
final class JailedSendingCasesTest extends HostileCases {
    private static final int FRAMES = 20;
    private static final int POOL = 1 << 20;
    private static final int ENTRIES = 256;

    private Field field;

    @Override
    Ground makeGround() {
        Policies.assumeKnown("jails", Policies.inJails());
        Ground ground = Ground.shared(Policies.inJails(), Policies::bridge);
        field = Field.at(ground, Policies.BRIDGE);
        return ground;
    }

    private static void prepare(Tenant attacker, String mark, Sender sender) {
        assertThat(attacker.ask("frame " + sender.frame(mark))).isEqualTo("ok");
    }

    private static int device(Tenant attacker, int socket) {
        return Integer.parseInt(attacker.ask("index " + socket + " eth0"));
    }

    @Test
    void case16NoPretendedFrameOfAnXdpSocketLeavesTheJail() {
        log.attack(16, "xdp");
        Tenant attacker = ground().attacker();
        int pool = attacker.acquire(POOL, "fast");
        assertThat(attacker.ask("xsk-map " + (pool + 1) + " " + pool + " " + ENTRIES))
                .isEqualTo("ok");

        for (Sender pretended : Pretended.ALL) {
            prepare(attacker, "evil", pretended);
            attacker.ask("xsk-send " + FRAMES);
        }
        prepare(attacker, "legal", Ground.LEGAL);
        assertThat(attacker.ask("xsk-send " + FRAMES)).isEqualTo("sent " + FRAMES);
        Ground.until("the legal ones arrive", () -> ground().left().count().legal() >= FRAMES);

        assertThat(ground().left().count().evil()).isZero();
        log.saw("0 of %d arrived, %d of %d legal ones did"
                .formatted(
                        Pretended.ALL.size() * FRAMES, ground().left().count().legal(), FRAMES));
    }

    @Test
    void case16WithoutRulesAtThePeerTheyLeave() {
        log.attackWithout(16, "xdp", "rules on the veth peer");
        Tenant attacker = field.weak("xsk", "eth0", "0");
        assertThat(attacker.ask("xsk-map 1 0 " + ENTRIES)).isEqualTo("ok");

        prepare(attacker, "evil", Ground.LEGAL.withMac(Ground.RED_MAC));
        attacker.ask("xsk-send " + FRAMES);

        Ground.until("they arrive", () -> ground().left().count().evil() == FRAMES);
        log.saw("%d of %d arrived".formatted(FRAMES, FRAMES));
    }

    @Test
    void case21NothingIsSentWhenTheClientIsDeadWhoeverHoldsThePacketSocket() {
        log.attack(21, "packet, sending");
        String devices = ground().devices();
        Tenant attacker = ground().stranger();
        int socket = attacker.held("acquire-by-child " + ground().socket() + " 0 lan");
        int device = device(attacker, socket);
        prepare(attacker, "legal", Ground.LEGAL);
        assertThat(attacker.ask("send " + socket + " " + device + " " + FRAMES + " sendto"))
                .isEqualTo("sent " + FRAMES);
        Ground.until("they arrive", () -> ground().left().count().legal() == FRAMES);

        String answer = afterTheKill(attacker, "send " + socket + " " + device + " " + FRAMES + " sendto", devices);

        log.saw("send: %s; 0 of %d frames arrived; the device is gone".formatted(answer, FRAMES));
    }

    @Test
    void case21NothingIsSentWhenTheClientIsDeadWhoeverHoldsTheXdpSocket() {
        log.attack(21, "xdp, sending");
        String devices = ground().devices();
        Tenant attacker = ground().stranger();
        int pool = attacker.held("acquire-by-child " + ground().socket() + " " + POOL + " fast");
        assertThat(attacker.ask("xsk-map " + (pool + 1) + " " + pool + " " + ENTRIES))
                .isEqualTo("ok");
        prepare(attacker, "legal", Ground.LEGAL);
        assertThat(attacker.ask("xsk-send " + FRAMES)).isEqualTo("sent " + FRAMES);
        Ground.until("they arrive", () -> ground().left().count().legal() == FRAMES);

        String answer = afterTheKill(attacker, "xsk-send " + FRAMES, devices);

        log.saw("send: %s; 0 of %d frames arrived; the device is gone".formatted(answer, FRAMES));
    }

    private String afterTheKill(Tenant attacker, String send, String devices) {
        assertThat(attacker.ask("kill-client")).isEqualTo("ok");
        Ground.until("the lease has ended", () -> ground().leases("blue").isEmpty());
        ground().left().zero();

        String answer = attacker.ask(send);

        assertThat(ground().left().count().legal()).isZero();
        assertThat(answer).isNotEqualTo("sent " + FRAMES);
        assertThat(ground().devices().lines().count())
                .as("devices of the host")
                .isEqualTo(devices.lines().count());
        return answer;
    }

    @Test
    void case21ASocketThatIsOnlyClosedGoesOnSending() {
        log.attackWithout(21, "packet, sending", "deleting the device");
        Tenant attacker = field.weak("packet", "eth0");
        prepare(attacker, "legal", Ground.LEGAL);

        assertThat(attacker.ask("send 0 " + device(attacker, 0) + " " + FRAMES + " sendto"))
                .isEqualTo("sent " + FRAMES);

        Ground.until("they arrive", () -> ground().left().count().legal() == FRAMES);
        log.saw("%d of %d frames arrived".formatted(FRAMES, FRAMES));
    }
}
