package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Topology;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Sockets of IP in a routed jail. The host forwards what the jail lets out, and does not check sources itself: so the
 * rules of the jail alone stand between the attacker and A's wire.
 */
@Tag("hostile")
final class RawCasesTest extends HostileCases {
    private static final int PACKETS = 10;
    private static final String HOST = Policies.HOST;
    private static final String PRETENDED = Policies.PRETENDED;
    private static final int TCP = 6;
    private static final int GRE = 47;

    @Override
    Ground makeGround() {
        Policies.assumeKnown("sockets of IP", Policies.routed());
        return Ground.open(Policies.routed(), Policies::route);
    }

    private void legalPacketsArrive(Tenant attacker, int socket) {
        assertThat(attacker.ask("raw-mark L")).isEqualTo("ok");
        assertThat(attacker.ask("raw-send " + socket + " " + Topology.ADDRESS_A))
                .isEqualTo("sent " + PACKETS);
        Ground.until("the legal ones arrive", () -> ground().left().count().legal() == PACKETS);
        assertThat(attacker.ask("raw-mark E")).isEqualTo("ok");
    }

    @Test
    void case09NobodyMarksPackets() {
        log.attack(9, "raw");
        Tenant attacker = ground().attacker();

        String answers = attacker.ask("mark " + attacker.acquire(0, "tunnel") + " " + Topology.ADDRESS_A);

        assertThat(answers).matches("EPERM EPERM EPERM (EPERM|no namespaces)");
        log.saw("set, clear, by cmsg, from a namespace of its own: " + answers);
    }

    @Test
    void case10ADeviceOfTheHostIsOutOfReach() {
        log.attack(10, "raw");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "tunnel");
        legalPacketsArrive(attacker, socket);

        String by = attacker.ask("raw-send " + socket + " " + Topology.ADDRESS_B + " " + ground().ifindex("v2"));
        assertThat(by).isNotEqualTo("sent " + PACKETS);
        assertThat(ground().right().count().evil()).isZero();
        log.saw("by way of the victim's device: %s; 0 on its wire".formatted(by));
    }

    @Test
    void case10ASocketOfTheHostSendsByAnyDevice() {
        log.attackWithout(10, "raw", "a jail");
        ground().lab().address(ground().net().v2(), "10.8.0.254/24");
        Tenant attacker = ground().weak("raw", Integer.toString(GRE));

        // Nobody has the address, so the device sends it to all.
        String by = attacker.ask("raw-send 0 255.255.255.255 " + ground().ifindex("v2"));
        if (!by.startsWith("sent")) {
            by = attacker.ask("raw-send 0 224.0.0.99 " + ground().ifindex("v2"));
        }

        Ground.until("they arrive", () -> ground().right().count().evil() > 0);
        log.saw("by way of the victim's device: %s; %d on its wire"
                .formatted(by, ground().right().count().evil()));
    }

    @Test
    void case11NoForgedHeaderLeavesTheJail() {
        log.attack(11, "raw");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "tunnel");
        legalPacketsArrive(attacker, socket);

        String source = attacker.ask("raw-forge %d %s %s %d".formatted(socket, PRETENDED, Topology.ADDRESS_A, GRE));
        String protocol = attacker.ask("raw-forge %d %s %s %d".formatted(socket, PRETENDED, Topology.ADDRESS_A, TCP));
        String host = attacker.ask("raw-forge %d %s %s %d".formatted(socket, HOST, Topology.ADDRESS_A, GRE));

        assertThat(ground().left().count().evil()).isZero();
        assertThat(ground().right().count().evil()).isZero();
        log.saw("foreign source: %s, and protocol: %s, the host's address: %s; 0 on the wire, %d of %d legal ones"
                .formatted(source, protocol, host, PACKETS, PACKETS));
    }

    @Test
    void case11ASocketOfTheHostForgesAnyHeader() {
        log.attackWithout(11, "raw", "a jail");
        Tenant attacker = ground().weak("raw", Integer.toString(GRE));

        attacker.ask("raw-forge 0 %s %s %d".formatted(PRETENDED, Topology.ADDRESS_A, TCP));

        Ground.until("they arrive", () -> ground().left().count().evil() == PACKETS);
        log.saw("%d packets of another source and protocol on the wire".formatted(PACKETS));
    }

    private Sender tunnel() {
        String mac = ground().lab().mac(ground().net().v1());
        return new Sender("gre", Ground.HOST_MAC, mac, Topology.ADDRESS_A, HOST, 0);
    }

    @Test
    void case12NothingOfOthersIsReadHoweverTheSocketIsFreed() {
        log.attack(12, "raw");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "tunnel");

        String freed = attacker.ask("raw-free %d v2 %s".formatted(socket, HOST));
        String joined = attacker.ask("raw-join %d 224.0.0.99 %d".formatted(socket, ground().ifindex("v2")));
        ground().left().burst(PACKETS, "foreign", tunnel());
        Counts read = attacker.count("read " + socket + " 300");
        String sent = attacker.ask("raw-send " + socket + " " + Topology.ADDRESS_A);

        assertThat(freed.split(" ", -1)[1]).as("bind to another device").isNotEqualTo("ok");
        assertThat(freed.split(" ", -1)[2]).as("bind to another address").isEqualTo("EADDRNOTAVAIL");
        assertThat(joined).isNotEqualTo("ok");
        assertThat(read.foreign()).isZero();
        assertThat(ground().right().count().evil()).isZero();
        log.saw(("unconnect, other device, other address, with FREEBIND: %s; multicast on the victim's device: %s;"
                        + " %d foreign packets read; then sent as the host: %s, %d arrived")
                .formatted(
                        freed,
                        joined,
                        read.foreign(),
                        sent,
                        ground().left().count().evil()));
        assertThat(ground().left().count().evil()).isZero();
    }

    @Test
    void case12AUdpSocketCannotBeFreedEither() {
        log.attack(12, "udp");
        Tenant attacker = ground().attacker();
        int socket = attacker.acquire(0, "underlay");

        String freed = attacker.ask("raw-free %d v2 %s".formatted(socket, HOST));
        attacker.ask("raw-send " + socket + " " + Topology.ADDRESS_B + " " + ground().ifindex("v2"));

        assertThat(freed.split(" ", -1)[1]).as("bind to another device").isNotEqualTo("ok");
        assertThat(ground().right().count().evil()).isZero();
        log.saw("unconnect, other device, other address, with FREEBIND: %s; 0 on the victim's wire".formatted(freed));
    }

    @Test
    void case21NothingIsSentWhenTheClientIsDeadWhoeverHoldsTheSocket() {
        log.attack(21, "raw");
        Tenant attacker = ground().stranger();
        int socket = attacker.held("acquire-by-child " + ground().socket() + " 0 tunnel");
        legalPacketsArrive(attacker, socket);
        assertThat(attacker.ask("kill-client")).isEqualTo("ok");
        Ground.until("the lease has ended", () -> ground().leases("blue").isEmpty());

        String answer = attacker.ask("raw-send " + socket + " " + Topology.ADDRESS_A);

        assertThat(answer).isNotEqualTo("sent " + PACKETS);
        assertThat(ground().left().count().evil()).isZero();
        log.saw("send: %s; 0 of %d arrived".formatted(answer, PACKETS));
    }

    @Test
    void case12ASocketOfTheHostReadsOthersPackets() {
        log.attackWithout(12, "raw", "a jail");
        Tenant attacker = ground().weak("raw", Integer.toString(GRE));

        ground().left().burst(PACKETS, "foreign", tunnel());

        Counts read = attacker.count("read 0 300");
        assertThat(read.foreign()).isEqualTo(PACKETS);
        log.saw("%d of %d foreign packets read".formatted(read.foreign(), PACKETS));
    }
}
