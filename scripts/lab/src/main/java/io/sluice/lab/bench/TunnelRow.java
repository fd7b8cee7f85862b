package io.sluice.lab.bench;

import java.util.List;
import java.util.Optional;

/**
 * A transport as the contenders are told it. In all words {@code L} and {@code R} between braces stand for the addresses of
 * the end that is set up and of the other one, {@code {jail}} and {@code {rjail}} for those of raw IP sockets, {@code {me}}
 * and {@code {you}} for the numbers 1 and 2 of the ends.
 *
 * @param name as the table and --only have it
 * @param v6 whether the underlay is IPv6
 * @param ours the words after {@code sluice port add}; the port's name is tun
 * @param vswitch options of an Open vSwitch interface; empty: it has no such transport
 * @param serviceHeaders whether frames carry an NSH header inside the tunnel
 * @param kernel words after {@code ip link add peer}; empty: this benchmark has no kernel device for it
 */
record TunnelRow(
        String name,
        boolean v6,
        String ours,
        Optional<String> vswitch,
        boolean serviceHeaders,
        Optional<String> kernel) {
    private static final String ADDRESSES = " --local {L} --remote {R}";
    private static final String L2TPV3 = "-netdev l2tpv3,id=tun,rxsession=0x{me},txsession=0x{you}";

    /** All transports, in the order of the table. */
    static List<TunnelRow> all() {
        return List.of(
                vxlan("vxlan", false, " udpcsum"),
                vxlan("vxlan-v6", true, ""),
                peerless(
                        "vxlan-gpe",
                        false,
                        udp("vxlan-gpe", 42),
                        "type=vxlan options:exts=gpe options:dst_port=4790" + " options:key=42 options:remote_ip={R}"),
                peerless("geneve", false, udp("geneve", 7), "type=geneve options:key=7 options:remote_ip={R}"),
                peerless("geneve-v6", true, udp("geneve", 7), "type=geneve options:key=7 options:remote_ip={R}"),
                peerless("gre", false, "tun gre4 --kind gre --remote {rjail}", "type=gre options:remote_ip={R}"),
                peerless(
                        "gre-key-seq",
                        false,
                        "tun gre4 --kind gre --remote {rjail} --rx-key 5 --tx-key 5 --sequence",
                        "type=gre options:key=5 options:seq=true options:remote_ip={R}"),
                alone("l2tpv3-udp", L2TPV3 + ",src={L},dst={R},udp=on,srcport=17071,dstport=17071"),
                alone("l2tpv3-ip", L2TPV3 + ",src={jail},dst={rjail},grant=l2tp4"),
                new TunnelRow(
                        "nsh",
                        false,
                        "tun --kind nsh --over vxlan-gpe --vni 42 --spi 291" + ADDRESSES,
                        Optional.of("type=vxlan options:exts=gpe options:dst_port=4790 options:key=42"
                                + " options:remote_ip={R} options:packet_type=ptap"),
                        true,
                        Optional.empty()));
    }

    private static TunnelRow vxlan(String name, boolean v6, String more) {
        return new TunnelRow(
                name,
                v6,
                udp("vxlan", 42),
                Optional.of("type=vxlan options:key=42 options:remote_ip={R}"),
                false,
                Optional.of("type vxlan id 42 local {L} remote {R} dstport 4789 nolearning" + more));
    }

    private static TunnelRow peerless(String name, boolean v6, String ours, String vswitch) {
        return new TunnelRow(name, v6, ours, Optional.of(vswitch), false, Optional.empty());
    }

    private static TunnelRow alone(String name, String ours) {
        return new TunnelRow(name, false, ours, Optional.empty(), false, Optional.empty());
    }

    private static String udp(String kind, int vni) {
        return "tun --kind " + kind + " --vni " + vni + ADDRESSES;
    }

    /** The words for one end. */
    String at(TunnelNet.End end, String words) {
        return words.replace("{L}", end.address(v6))
                .replace("{R}", end.other().address(v6))
                .replace("{jail}", end.jail())
                .replace("{rjail}", end.other().jail())
                .replace("{me}", Integer.toString(end.number()))
                .replace("{you}", Integer.toString(end.other().number()));
    }
}
