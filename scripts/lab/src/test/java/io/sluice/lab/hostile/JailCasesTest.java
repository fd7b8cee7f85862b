package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Sockets in jails: attacker and victim are at one bridge, whose way out is A's wire. B's wire is on another device of
 * the host, which nobody of them has anything to do with.
 */
@Tag("hostile")
final class JailCasesTest extends HostileCases {
    private static final int FRAMES = 20;
    /** As the policy has them: 256 slots of 2048 bytes. */
    private static final int RING = 256 * 2048;

    private static final int VNET_HEADER = 10;
    private static final List<String> WAYS = List.of("sendto", "sendmmsg", "bypass");

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

    private int device(Tenant attacker, int socket) {
        return Integer.parseInt(attacker.ask("index " + socket + " eth0"));
    }

    @Test
    void case01NothingOfTheVictimIsReadWhateverTheSocketIsBoundTo() {
        log.attack(1, "packet");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "lan");
        StringBuilder answers = new StringBuilder();
        long read = attacker.count("read " + socket + " 300").victim();

        for (int index : new int[] {ground().ifindex("v1"), ground().ifindex("v2"), ground().ifindex("br-lan"), 0}) {
            answers.append(attacker.ask("bind " + socket + " " + index)).append(' ');
            read += attacker.count("read " + socket + " 300").victim();
        }

        assertThat(read).isZero();
        log.saw("bind to three devices of the host and to all: %s; %d frames of the victim read"
                .formatted(answers.toString().strip(), read));
    }

    @Test
    void case01ASocketInTheHostsNamespaceReadsEverything() {
        log.attackWithout(1, "packet", "a jail");
        Tenant attacker = ground().weak("packet", "v2");
        assertThat(attacker.ask("bind 0 0")).isEqualTo("ok");

        long read = attacker.count("read 0 300").victim();

        assertThat(read).isPositive();
        log.saw("%d frames of the victim read".formatted(read));
    }

    @Test
    void case01AJailWithoutRulesReadsWhatTheBridgeFloods() {
        log.attackWithout(1, "packet", "rules towards the jail");
        Tenant attacker = field.weak("packet", "eth0");

        long read = attacker.count("read 0 300").victim();

        assertThat(read).isPositive();
        log.saw("%d frames of the victim read".formatted(read));
    }

    @Test
    void case02FramesGoToTheOwnDeviceOnly() {
        log.attack(2, "packet");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "lan");
        prepare(attacker, "evil", Ground.LEGAL);

        String sent = attacker.ask("send-everywhere " + socket);

        String own = Integer.toString(device(attacker, socket));
        assertThat(sent.replaceFirst("sent \\d+:", "").strip().split(" ", -1)).isSubsetOf("1", own);
        Ground.until("its own wire has it", () -> ground().left().count().evil() == 1);
        assertThat(ground().right().count().evil()).isZero();
        log.saw("interfaces 1 to 4095: %s, which is its own device; 0 on the victim's wire".formatted(sent));
    }

    @Test
    void case02ASocketInTheHostsNamespaceSendsEverywhere() {
        log.attackWithout(2, "packet", "a jail");
        Tenant attacker = ground().weak("packet", "v1");
        prepare(attacker, "evil", Ground.LEGAL);

        String sent = attacker.ask("send-everywhere 0");

        Ground.until("the other wire has it", () -> ground().right().count().evil() > 0);
        log.saw("%s; %d on another wire"
                .formatted(sent, ground().right().count().evil()));
    }

    @Test
    void case03NoPretendedFrameLeavesTheJailAndEveryLegalOneDoes() {
        log.attack(3, "packet");
        Tenant attacker = ground().attacker();
        int plain = attacker.acquire(0, "lan");
        int ringed = attacker.acquire(0, "ringed:rings=256") + 1; // behind the one that receives, the one that sends
        int device = device(attacker, plain);
        long tried = 0;

        for (Sender pretended : Pretended.ALL) {
            prepare(attacker, "evil", pretended);
            for (String way : WAYS) {
                attacker.ask("send " + plain + " " + device + " " + FRAMES + " " + way);
                tried += FRAMES;
            }
            sendByRing(attacker, ringed);
            tried += FRAMES;
        }
        prepare(attacker, "legal", Ground.LEGAL);
        for (String way : WAYS) {
            assertThat(attacker.ask("send " + plain + " " + device + " " + FRAMES + " " + way))
                    .isEqualTo("sent " + FRAMES);
        }
        assertThat(sendByRing(attacker, ringed)).isEqualTo("sent " + FRAMES);
        long legal = (WAYS.size() + 1L) * FRAMES;
        Ground.until("the legal ones arrive", () -> ground().left().count().legal() >= legal);

        assertThat(ground().left().count().evil()).isZero();
        assertThat(ground().victim().count("watched").evil()).isZero();
        log.saw("0 of %d frames with another MAC, address, ARP claim, protocol or VLAN arrived, %d of %d legal ones did"
                .formatted(tried, ground().left().count().legal(), legal));
    }

    private String sendByRing(Tenant attacker, int socket) {
        attacker.ask("prefix " + VNET_HEADER);
        String sent = attacker.ask("send %d %d %d ring %d".formatted(socket, device(attacker, socket), FRAMES, RING));
        attacker.ask("prefix 0");
        return sent;
    }

    @Test
    void case03FramesBehindAVnetHeaderAreNoException() {
        log.attack(3, "packet with offloads");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "offloaded");
        int device = device(attacker, socket);
        assertThat(attacker.ask("prefix " + VNET_HEADER)).isEqualTo("ok");

        for (Sender pretended : Pretended.ALL) {
            prepare(attacker, "evil", pretended);
            attacker.ask("send " + socket + " " + device + " " + FRAMES + " sendto");
        }
        prepare(attacker, "legal", Ground.LEGAL);
        assertThat(attacker.ask("send " + socket + " " + device + " " + FRAMES + " sendto"))
                .isEqualTo("sent " + FRAMES);
        Ground.until("the legal ones arrive", () -> ground().left().count().legal() >= FRAMES);

        assertThat(ground().left().count().evil()).isZero();
        log.saw("0 of %d arrived, %d of %d legal ones did"
                .formatted(
                        Pretended.ALL.size() * FRAMES, ground().left().count().legal(), FRAMES));
    }

    @Test
    void case03WithoutRulesEveryPretendedFrameLeaves() {
        log.attackWithout(3, "packet", "rules on the veth peer");
        Tenant attacker = field.weak("packet", "eth0");
        for (Sender pretended : Pretended.ALL) {
            prepare(attacker, "evil", pretended);
            attacker.ask("send 0 " + device(attacker, 0) + " " + FRAMES + " sendto");
        }

        // The one that is addressed to the victim may go to its port only.
        Ground.until("they arrive", () -> ground().left().count().evil() >= (Pretended.ALL.size() - 1L) * FRAMES);
        log.saw("%d of %d arrived".formatted(ground().left().count().evil(), Pretended.ALL.size() * FRAMES));
    }

    @Test
    void case04NoFanoutGroupOfTheVictimCanBeJoined() {
        log.attack(4, "packet");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "lan");

        String every = attacker.ask("join-any " + socket);
        String modes = attacker.ask("join " + socket + " 1");
        long sent = ground().unharmed();
        ground().stream();

        assertThat((every + " " + modes).split(" ", -1)).doesNotContain("ok");
        log.saw("65536 groups: %s, 8 modes of one: %s; the victim had %d of %d frames"
                .formatted(every, modes.split(" ", -1)[0], sent, sent));
    }

    @Test
    void case04AFanoutGroupInOneNamespaceCanBeJoined() {
        log.attackWithout(4, "packet", "a jail or a fanout pin");
        Tenant other = ground().weak("packet-fanout", "v2", "7");
        Tenant attacker = ground().weak("packet", "v2");

        assertThat(attacker.ask("join 0 7")).endsWith("ok");
        ground().right().burst(FRAMES, "foreign", Ground.FOREIGN);

        long stolen = attacker.count("read 0 300").foreign();
        long left = other.count("read 0 0").foreign();
        assertThat(stolen).isPositive();
        assertThat(left + stolen).isEqualTo(FRAMES);
        log.saw("%d of %d frames stolen".formatted(stolen, FRAMES));
    }

    @Test
    void case05TheJailHasTheOwnDeviceAndNothingElse() {
        log.attack(5, "packet");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "lan");

        String promiscuous = attacker.ask("promiscuous " + socket + " " + ground().ifindex("v2"));
        String names = attacker.ask("names " + socket);
        String changed = attacker.ask("reconfigure " + socket + " eth0");

        assertThat(promiscuous).isEqualTo("ENODEV ENODEV");
        assertThat(names).isEqualTo("names lo eth0");
        assertThat(changed).isEqualTo("EPERM EPERM EPERM EPERM");
        log.saw("promiscuous on the victim's device: %s; %s; down, MAC, MTU, namespace: %s"
                .formatted(promiscuous, names, changed));
    }

    @Test
    void case05TheHostsNamespaceHasEverything() {
        log.attackWithout(5, "packet", "a jail");
        Tenant attacker = ground().weak("packet", "v1");

        String promiscuous = attacker.ask("promiscuous 0 " + ground().ifindex("v2"));
        String names = attacker.ask("names 0");

        assertThat(promiscuous).isEqualTo("ok ok");
        assertThat(names).contains(" v1").contains(" v2");
        log.saw("promiscuous on the victim's device: %s; %s".formatted(promiscuous, names));
    }
}
