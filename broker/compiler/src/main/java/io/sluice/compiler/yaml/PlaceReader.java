package io.sluice.compiler.yaml;

import com.google.protobuf.ByteString;
import io.sluice.broker.policy.PolicyDecoder;
import io.sluice.broker.policy.Prefix;
import io.sluice.broker.policy.Require;
import io.sluice.compiler.bpf.Assembler;
import io.sluice.compiler.bpf.Programs;
import io.sluice.compiler.police.PoliceProgram;
import io.sluice.compiler.police.Rules;
import io.sluice.policy.v1.JailMessage;
import io.sluice.policy.v1.PlaceMessage;
import io.sluice.policy.v1.PrefixMessage;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads where the device of a grant is: on the host, or in a jail, whose rules become programs here. */
final class PlaceReader {
    private static final Pattern ADDRESS = Pattern.compile("[0-9a-fA-F.:]+");
    private static final String PREFIXES = "addresses or prefixes, without bits behind a prefix, such as ";

    private PlaceReader() {}

    /** Of a grant: a device of the host, or a jail. */
    static Optional<PlaceMessage> read(Section section) {
        if (section.value("jail").isPresent()) {
            if (section.value("interface").isPresent()) {
                section.problem("it has an interface and a jail; expected one of them");
            }
            return section.section("jail").flatMap(PlaceReader::jail);
        }
        String device = section.device();
        return section.make(() -> checked(PlaceMessage.newBuilder().setDevice(device)));
    }

    /** A jail, of its own section. */
    static Optional<PlaceMessage> jail(Section section) {
        section.allow("bridge gateway mac ipv4 ipv6 vlan remotes").require("mac", "a unicast MAC address, in quotes");
        String bridge = section.text("bridge", "a device's name", Require.INTERFACE.asMatchPredicate())
                .orElse("");
        List<InetAddress> gateways = section.items("gateway", "addresses such as [10.1.0.1]", PlaceReader::address);
        List<Prefix> macs = section.items("mac", "MAC addresses such as \"02:00:00:00:01:10\"", PlaceReader::mac);
        List<Prefix> ipv4 = section.items("ipv4", PREFIXES + "[10.1.0.10, 10.2.0.0/24]", text -> prefix(text, 4));
        List<Prefix> ipv6 = section.items("ipv6", PREFIXES + "[\"fd00::10\"]", text -> prefix(text, 16));
        List<Integer> vlans = section.items("vlan", "VLAN ids such as [100, 200]", Integer::valueOf);
        List<Prefix> remotes = section.items("remotes", PREFIXES + "[198.51.100.0/24]", PlaceReader::prefix);
        return section.make(() ->
                jail(bridge, gateways, new Rules(macs, ipv4, ipv6, new TreeSet<>(vlans), vlans.isEmpty(), remotes)));
    }

    private static PlaceMessage jail(String bridge, List<InetAddress> gateways, Rules rules) {
        JailMessage.Builder jail = JailMessage.newBuilder()
                .setBridge(bridge)
                .setMac(ByteString.copyFrom(rules.macs().get(0).network()))
                .setFromTenant(Assembler.assemble(PoliceProgram.fromTenant(rules)))
                .setToTenant(Assembler.assemble(PoliceProgram.toTenant(rules)))
                .setSilence(Assembler.assemble(Programs.drop()));
        gateways.forEach(gateway -> jail.addGateways(ByteString.copyFrom(gateway.getAddress())));
        Stream.concat(rules.ipv4().stream(), rules.ipv6().stream())
                .forEach(prefix -> jail.addAddresses(PrefixMessage.newBuilder()
                        .setNetwork(ByteString.copyFrom(prefix.network()))
                        .setLength(prefix.length())));
        return checked(PlaceMessage.newBuilder().setJail(jail));
    }

    /** As the broker will, so that what it would refuse is refused here. */
    private static PlaceMessage checked(PlaceMessage.Builder place) {
        PlaceMessage made = place.build();
        PolicyDecoder.place(made);
        return made;
    }

    private static Prefix mac(String text) {
        byte[] address = HexFormat.ofDelimiter(":").parseHex(text);
        Require.that(address.length == 6, text);
        return Prefix.of(address);
    }

    /** Numbers only: no name is ever looked up. */
    private static InetAddress address(String text) {
        boolean v6 = text.contains(":");
        Require.that(ADDRESS.matcher(text).matches() && (v6 || text.split("\\.", -1).length == 4), text);
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Prefix prefix(String text, int bytes) {
        Prefix prefix = prefix(text);
        Require.that(prefix.network().length == bytes, text);
        return prefix;
    }

    private static Prefix prefix(String text) {
        int slash = text.indexOf('/');
        byte[] network = address(slash < 0 ? text : text.substring(0, slash)).getAddress();
        return slash < 0 ? Prefix.of(network) : new Prefix(network, Integer.parseInt(text.substring(slash + 1)));
    }
}
