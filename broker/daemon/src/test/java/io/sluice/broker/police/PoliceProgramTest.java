package io.sluice.broker.police;

import static io.sluice.broker.police.Frame.*;
import static io.sluice.broker.policy.DropReason.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.policy.DropReason;
import io.sluice.broker.policy.Prefix;
import io.sluice.compiler.police.Rules;
import io.sluice.grant.sys.Closer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Legal frames of each kind, and each way of pretending, with the kernel's verdict. */
@Tag("kernel")
class PoliceProgramTest {
    private static final List<Prefix> MACS = List.of(Prefix.of(bytes(TENANT)), Prefix.of(bytes(SECOND)));
    private static final List<Prefix> IPV4S = List.of(new Prefix(bytes("0a010000"), 24));
    private static final List<Prefix> IPV6S = List.of(new Prefix(bytes("20010db8 00000001", "00".repeat(8)), 64));
    private static final Rules IP = new Rules(MACS, IPV4S, IPV6S, Set.of(100, 4094), true);
    private static final Rules LAYER2 = new Rules(MACS, List.of(), List.of(), Set.of(100, 4094), false);
    private static final String ICMP_ECHO = "8000 0000 0000 0000";

    static Stream<Arguments> legal() {
        return Stream.of(
                frame("IPv4", ipv4(OWN_IPV4)),
                frame("IPv4 with options", ipv4(OWN_IPV4).replaceFirst("4500", "4600")),
                frame("an ARP request", arp(1, TENANT, OWN_IPV4)),
                frame("an ARP reply", arp(2, TENANT, OWN_IPV4)),
                frame("IPv6", ipv6(OWN_IPV6, 17, "00".repeat(8))),
                frame("IPv6 from the link-local address", ipv6(LINK_LOCAL, 17, "00".repeat(8))),
                frame("IPv6 with options", ipv6(OWN_IPV6, 0, extension(60) + extension(17) + "00".repeat(8))),
                frame("a fragment of UDP", ipv6(OWN_IPV6, 44, "1100 0001 0000 0001")),
                frame("ESP", ipv6(OWN_IPV6, 50, "00".repeat(8))),
                frame("no next header", ipv6(OWN_IPV6, 59, "")),
                frame("ICMPv6 echo", ipv6(OWN_IPV6, 58, ICMP_ECHO)),
                frame("a router solicitation", ipv6(LINK_LOCAL, 58, icmpv6(133, ""))),
                frame("a neighbour solicitation", ipv6(LINK_LOCAL, 58, icmpv6(135, OTHER_IPV6))),
                frame("a neighbour advertisement", ipv6(OWN_IPV6, 58, icmpv6(136, OWN_IPV6))),
                frame("an advertisement of the link-local address", ipv6(LINK_LOCAL, 58, icmpv6(136, LINK_LOCAL))),
                frame("duplicate address detection", ipv6(UNSPECIFIED, 58, icmpv6(135, OWN_IPV6))),
                frame("a multicast report", ipv6(UNSPECIFIED, 0, extension(58) + icmpv6(143, ""))),
                frame("a tag", tag(100) + ipv4(OWN_IPV4)),
                frame("a tag with priority and DEI", tag(0xf064) + ipv6(OWN_IPV6, 58, ICMP_ECHO)),
                frame("the highest tag", tag(4094) + arp(1, TENANT, OWN_IPV4)),
                frame("a priority tag", tag(0xe000) + ipv4(OWN_IPV4)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("legal")
    void whatTheTenantMaySendPasses(String name, String rest) throws IOException {
        assertThat(fromTenant(IP, TENANT, rest)).isEmpty();
    }

    static Stream<Arguments> illegal() {
        return Stream.of(
                dropped(VLAN, "a tag that is not the tenant's", tag(101) + ipv4(OWN_IPV4)),
                dropped(VLAN, "tag 4095", tag(4095) + ipv4(OWN_IPV4)),
                dropped(VLAN, "a second tag", tag(100) + tag(100) + ipv4(OWN_IPV4)),
                dropped(VLAN, "a tag behind a priority tag", tag(0) + tag(200) + ipv4(OWN_IPV4)),
                dropped(VLAN, "a service tag", "88a8 0064" + ipv4(OWN_IPV4)),
                dropped(VLAN, "a service tag behind a tag", tag(100) + "88a8 0064" + ipv4(OWN_IPV4)),
                dropped(MALFORMED, "half a tag", "8100 00"),
                dropped(ETHERTYPE, "another EtherType", "88b5 0000"),
                dropped(ETHERTYPE, "a length", "0026 4242 03" + "00".repeat(35)),
                dropped(IPV4, "another's IPv4 address", ipv4(OTHER_IPV4)),
                dropped(IPV4, "another's IPv4 address in the VLAN", tag(100) + ipv4(OTHER_IPV4)),
                dropped(
                        MALFORMED,
                        "IPv6 that calls itself IPv4",
                        "0800" + ipv6(OWN_IPV6, 17, "").substring(4)),
                dropped(
                        MALFORMED,
                        "a header shorter than headers are",
                        ipv4(OWN_IPV4).replaceFirst("4500", "4400")),
                dropped(MALFORMED, "options that are not there", ipv4(OWN_IPV4).replaceFirst("4500", "4f00")),
                dropped(MALFORMED, "half an IPv4 header", tag(100) + "0800 4500 0024 0000"),
                dropped(ARP, "ARP with another's IP address", arp(1, TENANT, OTHER_IPV4)),
                dropped(ARP, "ARP with another's MAC address", arp(2, OTHER, OWN_IPV4)),
                dropped(ARP, "an ARP probe", arp(1, TENANT, "00000000")),
                dropped(ARP, "RARP in ARP", arp(3, TENANT, OWN_IPV4)),
                dropped(ARP, "ARP for another network", arp(1, TENANT, OWN_IPV4).replace("0800 0604", "0801 0604")),
                dropped(ARP, "ARP with long addresses", arp(1, TENANT, OWN_IPV4).replace("0800 0604", "0800 0810")),
                dropped(MALFORMED, "ARP cut short", arp(1, TENANT, OWN_IPV4).replace(OTHER_IPV4, "")),
                dropped(IPV6, "another's IPv6 address", ipv6(OTHER_IPV6, 17, "00".repeat(8))),
                dropped(IPV6, "another's link-local address", ipv6(OTHER_LINK_LOCAL, 58, ICMP_ECHO)),
                dropped(IPV6, "no address, and UDP", ipv6(UNSPECIFIED, 17, "00".repeat(8))),
                dropped(MALFORMED, "IPv4 that calls itself IPv6", "86dd" + "45".repeat(40)),
                dropped(ICMPV6, "no address, and echo", ipv6(UNSPECIFIED, 58, ICMP_ECHO)),
                dropped(ICMPV6, "a detection of another's", ipv6(UNSPECIFIED, 58, icmpv6(135, OTHER_IPV6))),
                dropped(ICMPV6, "a router advertisement", ipv6(LINK_LOCAL, 58, icmpv6(134, ""))),
                dropped(ICMPV6, "a redirect", ipv6(LINK_LOCAL, 58, icmpv6(137, OWN_IPV6))),
                dropped(ICMPV6, "an advertisement of another's", ipv6(OWN_IPV6, 58, icmpv6(136, OTHER_IPV6))),
                dropped(MALFORMED, "an advertisement cut short", ipv6(OWN_IPV6, 58, "8800 0000 0000 0000")),
                dropped(MALFORMED, "ICMPv6 without type", ipv6(OWN_IPV6, 58, "")),
                dropped(ICMPV6, "an advertisement behind options", hiddenBehind(0)),
                dropped(ICMPV6, "an advertisement behind a routing header", hiddenBehind(43)),
                dropped(ICMPV6, "an advertisement behind more options", hiddenBehind(60)),
                dropped(ICMPV6, "an advertisement behind a long header", behindLong()),
                dropped(ICMPV6, "an advertisement in a fragment", ipv6(OWN_IPV6, 44, "3a00 0001 0000 0001 8600")),
                dropped(ICMPV6, "one in an atomic fragment", ipv6(OWN_IPV6, 44, "3a00 0000 0000 0001 8600")),
                dropped(IPV6, "options in a fragment", ipv6(OWN_IPV6, 44, "3c00 0001 0000 0001" + extension(58))),
                dropped(IPV6, "fragments of fragments", ipv6(OWN_IPV6, 44, "2c00 0001 0000 0001" + extension(58))),
                dropped(IPV6, "a header that hides what follows", ipv6(OWN_IPV6, 51, extension(58) + icmpv6(134, ""))),
                dropped(
                        IPV6,
                        "more headers than anybody needs",
                        ipv6(OWN_IPV6, 0, extension(60).repeat(7))),
                dropped(MALFORMED, "headers that lead out of the frame", ipv6(OWN_IPV6, 60, "3cff")));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("illegal")
    void whatTheTenantMayNotSendIsDroppedWithItsReason(DropReason reason, String name, String rest) throws IOException {
        assertThat(fromTenant(IP, TENANT, rest)).contains(reason);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("legal")
    void whatIsLegalIsDroppedFromAnotherMacAddress(String name, String rest) throws IOException {
        assertThat(fromTenant(IP, OTHER, rest)).contains(MAC);
        assertThat(fromTenant(IP, MULTICAST_V6, rest)).contains(MAC);
    }

    @Test
    void everyMacAddressOfTheTenantIsItsOwn() throws IOException {
        assertThat(fromTenant(IP, SECOND, ipv4(OWN_IPV4))).isEmpty();
        assertThat(fromTenant(IP, SECOND, arp(1, TENANT, OWN_IPV4))).isEmpty();
    }

    @Test
    void withoutAddressesOfAFamilyItIsDropped() throws IOException {
        Rules only4 = new Rules(MACS, IPV4S, List.of(), Set.of(), true);
        assertThat(fromTenant(only4, TENANT, ipv4(OWN_IPV4))).isEmpty();
        assertThat(fromTenant(only4, TENANT, ipv6(LINK_LOCAL, 17, ""))).contains(ETHERTYPE);
        Rules only6 = new Rules(MACS, List.of(), IPV6S, Set.of(), true);
        assertThat(fromTenant(only6, TENANT, ipv6(OWN_IPV6, 17, ""))).isEmpty();
        assertThat(fromTenant(only6, TENANT, ipv4(OWN_IPV4))).contains(ETHERTYPE);
        assertThat(fromTenant(only6, TENANT, arp(1, TENANT, OWN_IPV4))).contains(ETHERTYPE);
    }

    @Test
    void layer2RulesLetEveryEtherTypeThroughInTheirVlans() throws IOException {
        assertThat(fromTenant(LAYER2, TENANT, tag(100) + ipv4(OTHER_IPV4))).isEmpty();
        assertThat(fromTenant(LAYER2, TENANT, tag(4094) + "88b5")).isEmpty();
        assertThat(fromTenant(LAYER2, TENANT, "88b5")).contains(VLAN);
        assertThat(fromTenant(LAYER2, TENANT, tag(0) + "88b5")).contains(VLAN);
        assertThat(fromTenant(LAYER2, TENANT, tag(100) + tag(200) + "88b5")).contains(VLAN);
        assertThat(fromTenant(LAYER2, OTHER, tag(100) + "88b5")).contains(MAC);
    }

    @Test
    void aTagBesideTheFrameCountsAsOneInIt() throws IOException {
        assertThat(beside(0x81000064, ipv4(OWN_IPV4))).isEmpty();
        assertThat(beside(0x8100f064, ipv4(OWN_IPV4))).isEmpty();
        assertThat(beside(0x8100e000, ipv4(OWN_IPV4))).isEmpty();
        assertThat(beside(0x81000064, ipv4(OTHER_IPV4))).contains(IPV4);
        assertThat(beside(0x81000065, ipv4(OWN_IPV4))).contains(VLAN);
        assertThat(beside(0x88a80064, ipv4(OWN_IPV4))).contains(VLAN);
        assertThat(beside(0x81000064, tag(100) + ipv4(OWN_IPV4))).contains(VLAN);
        assertThat(beside(0x81000000, tag(100) + ipv4(OWN_IPV4))).contains(VLAN);
    }

    @Test
    void onlyWhatIsForTheTenantReachesIt() throws IOException {
        String anything = ipv4(OTHER_IPV4);
        for (String to : List.of(TENANT, SECOND, BROADCAST, MULTICAST_V6)) {
            assertThat(toTenant(IP, to, anything)).isEmpty();
            assertThat(toTenant(IP, to, tag(100) + anything)).isEmpty();
            assertThat(toTenant(IP, to, tag(101) + anything)).contains(NOT_FOR_TENANT);
            assertThat(toTenant(LAYER2, to, anything)).contains(NOT_FOR_TENANT);
        }
        assertThat(toTenant(IP, OTHER, anything)).contains(NOT_FOR_TENANT);
        assertThat(toTenant(LAYER2, OTHER, tag(100) + anything)).contains(NOT_FOR_TENANT);
        try (Rig rig = new Rig(IP, OptionalInt.of(0x81000065))) {
            assertThat(rig.toTenant(bytes(TENANT, OTHER, anything))).contains(NOT_FOR_TENANT);
        }
    }

    @Test
    void theGateStartsClosedAndClosesAgain() throws IOException {
        byte[] frame = bytes(TENANT, TENANT, ipv4(OWN_IPV4));
        try (Rig rig = new Rig(IP)) {
            assertThat(rig.fromTenant(frame)).isEmpty();
            rig.state.gate().shut();
            assertThat(rig.fromTenant(frame)).contains(CLOSED);
            assertThat(rig.toTenant(frame)).contains(CLOSED);
            rig.state.gate().open();
            assertThat(rig.toTenant(frame)).isEmpty();
            assertThat(rig.state.read())
                    .containsEntry("from_tenant_bytes", (long) frame.length)
                    .containsEntry("from_tenant_drop_closed", 1L);
        }
        try (Closer maps = new Closer()) {
            PoliceState fresh = PoliceState.create(maps);
            assertThat(fresh.gate().lookup(0).getLong(0)).isZero();
        }
    }

    @Test
    void packetsGoToTheRemotesOnlyAndNeighbourDiscoveryGoesOn() throws IOException {
        Rules there = new Rules(MACS, IPV4S, IPV6S, Set.of(), true, List.of(Prefix.of(bytes(OTHER_IPV4))));
        assertThat(fromTenant(there, TENANT, ipv4(OWN_IPV4))).isEmpty();
        assertThat(fromTenant(there, TENANT, arp(1, TENANT, OWN_IPV4))).isEmpty();
        assertThat(fromTenant(there, TENANT, ipv6(OWN_IPV6, 17, ""))).contains(REMOTE);
        assertThat(fromTenant(there, TENANT, ipv6(OWN_IPV6, 58, ICMP_ECHO))).contains(REMOTE);
        assertThat(fromTenant(there, TENANT, ipv6(OWN_IPV6, 58, icmpv6(135, OTHER_IPV6))))
                .isEmpty();
        assertThat(fromTenant(there, TENANT, ipv6(OWN_IPV6, 58, icmpv6(136, OWN_IPV6))))
                .isEmpty();
        Rules elsewhere = new Rules(MACS, IPV4S, IPV6S, Set.of(), true, List.of(Prefix.of(bytes(ALL_NODES))));
        assertThat(fromTenant(elsewhere, TENANT, ipv4(OWN_IPV4))).contains(REMOTE);
        assertThat(fromTenant(elsewhere, TENANT, ipv6(OWN_IPV6, 17, ""))).isEmpty();
        assertThat(fromTenant(elsewhere, TENANT, ipv6(OWN_IPV6, 58, ICMP_ECHO))).isEmpty();
    }

    @Test
    void theVerifierAcceptsTheLargestRules() throws IOException {
        List<Prefix> macs = IntStream.range(0, 4)
                .mapToObj(i -> Prefix.of(bytes("0200000001", u8(i))))
                .toList();
        List<Prefix> ipv4 = IntStream.range(0, 64)
                .mapToObj(i -> new Prefix(bytes("0a", u8(i), "80 00"), 17))
                .toList();
        List<Prefix> ipv6 = IntStream.range(0, 64)
                .mapToObj(i -> new Prefix(bytes("20010db8 000000", u8(i), "00".repeat(7), "80"), 121))
                .toList();
        Set<Integer> vlans = Set.copyOf(IntStream.rangeClosed(1, 16).boxed().toList());
        List<Prefix> remotes = new ArrayList<>(ipv4.subList(0, 31));
        remotes.addAll(ipv6.subList(0, 31));
        remotes.addAll(List.of(Prefix.of(bytes(OTHER_IPV4)), Prefix.of(bytes(ALL_NODES))));
        try (Rig rig = new Rig(new Rules(macs, ipv4, ipv6, vlans, true, remotes))) {
            assertThat(rig.fromTenant(bytes(OTHER, "020000000103", tag(16), ipv4("0a3f80ff"))))
                    .isEmpty();
            String last = "20010db8 0000003f 00000000 000000ff";
            assertThat(rig.fromTenant(bytes(OTHER, "020000000103", tag(16), ipv6(last, 58, icmpv6(136, last)))))
                    .isEmpty();
        }
    }

    private static Optional<DropReason> beside(int tag, String rest) throws IOException {
        try (Rig rig = new Rig(IP, OptionalInt.of(tag))) {
            return rig.fromTenant(bytes(OTHER, TENANT, rest));
        }
    }

    private static Optional<DropReason> fromTenant(Rules rules, String from, String rest) throws IOException {
        try (Rig rig = new Rig(rules)) {
            return rig.fromTenant(bytes(OTHER, from, rest));
        }
    }

    private static Optional<DropReason> toTenant(Rules rules, String to, String rest) throws IOException {
        try (Rig rig = new Rig(rules)) {
            return rig.toTenant(bytes(to, OTHER, rest));
        }
    }

    private static String hiddenBehind(int header) {
        return ipv6(OWN_IPV6, header, extension(58) + icmpv6(134, ""));
    }

    private static String behindLong() {
        return ipv6(OWN_IPV6, 60, "3a02" + "00".repeat(22) + icmpv6(134, ""));
    }

    private static Arguments frame(String name, String rest) {
        return Arguments.of(name, rest);
    }

    private static Arguments dropped(DropReason reason, String name, String rest) {
        return Arguments.of(reason, name, rest);
    }
}
