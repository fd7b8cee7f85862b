package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tap devices in jails. */
@Tag("hostile")
final class TapCasesTest extends HostileCases {
    private static final int FRAMES = 20;
    private static final int VNET_HEADER = 10;

    @Override
    Ground makeGround() {
        Policies.assumeKnown("tap grants", Policies.taps());
        return Ground.shared(Policies.taps(), Policies::bridge);
    }

    private static void prepare(Tenant attacker, String mark, Sender sender) {
        assertThat(attacker.ask("frame " + sender.frame(mark))).isEqualTo("ok");
    }

    private static String send(int socket) {
        return "tap-send " + socket + " " + FRAMES + " " + VNET_HEADER;
    }

    @Test
    void case19ADeviceThatIsToStayGoesWithItsLease() {
        log.attack(19, "tap");
        Tenant attacker = ground().attacker();
        int tap = attacker.acquire(0, "guest");
        prepare(attacker, "legal", Ground.LEGAL);
        assertThat(attacker.ask(send(tap))).isEqualTo("sent " + FRAMES);
        Ground.until("they arrive", () -> ground().left().count().legal() == FRAMES);

        String kept = attacker.ask("tap-keep " + tap + " " + Ground.BLUE.uid());
        String second = attacker.ask("tap-attach tap0");
        String others = ground().victim().ask("tap-attach tap0");
        assertThat(attacker.ask("hang-up")).isEqualTo("ok");
        Ground.until("the lease has ended", () -> ground().leases("blue").isEmpty());
        ground().left().zero();
        String after = sendUntilTheDeviceIsGone(attacker, tap);
        String again = attacker.ask("tap-attach tap0");

        assertThat(second).isEqualTo("EPERM");
        assertThat(others).isEqualTo("EPERM");
        assertThat(after).isIn("EBADFD", "EIO");
        assertThat(again).isEqualTo("EPERM");
        assertThat(ground().left().count().legal()).isZero();
        log.saw("persist, owner: %s; attach: %s, by another uid: %s; after the lease write: %s, attach: %s"
                .formatted(kept, second, others, after, again));
    }

    @Test
    void case19ADeviceInTheHostsNamespaceStaysAndIsTakenAgain() {
        log.attackWithout(19, "tap", "deleting the device");
        Tenant attacker = ground().weakBeside(Ground.BLUE, "tap", "keep0");
        assertThat(attacker.ask("tap-keep 0 " + Ground.BLUE.uid())).isEqualTo("ok ok");
        assertThat(attacker.ask("close-all")).isEqualTo("ok");

        String again = attacker.ask("tap-attach keep0");

        assertThat(again).isEqualTo("ok");
        Ground.end(attacker);
        ground().lab()
                .run(Command.of("ip", "link", "delete", "keep0")
                        .in(ground().net().dut()));
        log.saw("all descriptors closed, attached again: " + again);
    }

    @Test
    void case20NoPretendedFrameLeavesWhateverTheHolderSets() {
        log.attack(20, "tap");
        Tenant attacker = ground().attacker();
        int tap = attacker.acquire(0, "guest");

        String mac = attacker.ask("tap-mac " + tap);
        for (Sender pretended : Pretended.ALL) {
            prepare(attacker, "evil", pretended);
            attacker.ask(send(tap));
        }
        prepare(attacker, "legal", Ground.LEGAL);
        assertThat(attacker.ask(send(tap))).isEqualTo("sent " + FRAMES);
        Ground.until("the legal ones arrive", () -> ground().left().count().legal() == FRAMES);
        String settings = attacker.ask("tap-settings " + tap);

        assertThat(ground().left().count().evil()).isZero();
        assertThat(ground().victim().count("watched").evil()).isZero();
        log.saw("new MAC: %s, %s; 0 of %d spoofed frames arrived, %d of %d legal ones did"
                .formatted(mac, settings, Pretended.ALL.size() * FRAMES, FRAMES, FRAMES));
    }

    /** The gate is shut when the lease ends; the device goes some milliseconds later, in which it takes frames for nobody. */
    private static String sendUntilTheDeviceIsGone(Tenant attacker, int tap) {
        String[] answer = new String[1];
        Ground.until("the device has gone", () -> {
            answer[0] = attacker.ask(send(tap));
            return !answer[0].startsWith("sent");
        });
        return answer[0];
    }

    @Test
    void case21NothingIsSentWhenTheClientIsDeadWhoeverHoldsTheDescriptor() {
        log.attack(21, "tap");
        Tenant attacker = ground().stranger();
        int tap = attacker.held("acquire-by-child " + ground().socket() + " 0 guest");
        prepare(attacker, "legal", Ground.LEGAL);
        assertThat(attacker.ask(send(tap))).isEqualTo("sent " + FRAMES);
        Ground.until("they arrive", () -> ground().left().count().legal() == FRAMES);
        assertThat(attacker.ask("kill-client")).isEqualTo("ok");
        Ground.until("the lease has ended", () -> ground().leases("blue").isEmpty());
        ground().left().zero();

        String answer = sendUntilTheDeviceIsGone(attacker, tap);

        assertThat(answer).isIn("EBADFD", "EIO");
        assertThat(ground().left().count().legal()).isZero();
        log.saw("write: %s; 0 of %d arrived".formatted(answer, FRAMES));
    }

    @Test
    void case20ADeviceAtTheBridgeSendsAnything() {
        log.attackWithout(20, "tap", "rules");
        Tenant attacker = ground().weak("tap", "free0");
        for (String command : List.of(
                "ip link set free0 master " + Policies.BRIDGE,
                "ip link set free0 type bridge_slave learning off",
                "ip link set free0 up")) {
            ground().lab()
                    .run(Command.of(List.of(command.split(" ", -1)))
                            .in(ground().net().dut()));
        }
        prepare(attacker, "evil", Ground.LEGAL.withMac(Ground.RED_MAC));

        assertThat(attacker.ask(send(0))).isEqualTo("sent " + FRAMES);

        Ground.until("they arrive", () -> ground().left().count().evil() == FRAMES);
        log.saw("%d of %d spoofed frames arrived".formatted(FRAMES, FRAMES));
    }
}
