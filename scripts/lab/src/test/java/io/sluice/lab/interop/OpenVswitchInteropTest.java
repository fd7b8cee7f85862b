package io.sluice.lab.interop;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Open vSwitch's data path in user space. */
@Tag("interop")
final class OpenVswitchInteropTest extends Peers {
    private static final String PROGRAM = "ovs-vswitchd";
    private static final String PLAIN = "priority=0,actions=NORMAL";
    private static final String DECAP = "packet_type=(1,0x894f),actions=decap(),resubmit(,1)";
    private static final String ENCAP = "encap(nsh(md_type=1)),set_field:291->nsh_spi,set_field:255->nsh_si";

    private OpenVswitch ovs;

    @Override
    void prepare() {
        if (Ferry.has(PROGRAM)) {
            ovs = OpenVswitch.in(ferry());
        }
    }

    @AfterEach
    void removePort() {
        if (ovs != null) {
            ovs.vsctl("--if-exists del-port br-int peer -- --if-exists del-port br-phy inner");
            ovs.flows("br-int", PLAIN);
            ovs.flows("br-phy", PLAIN);
        }
    }

    /** Values with colons need double quotes, which are the table's own. */
    private static String quoted(String words) {
        return words.replace('\'', '"');
    }

    private void crosses() {
        log.saw(Exchange.pings(ferry()));
        log.saw(Exchange.tcp(ferry()));
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(quoteCharacter = '"', textBlock = """
            vxlan,     IPv4,                            type=vxlan options:remote_ip=192.0.2.1 options:key=42,                                         tun --kind vxlan --local 192.0.2.1 --remote 192.0.2.2 --vni 42
            vxlan,     IPv6,                            type=vxlan options:remote_ip='fd00:2::1' options:key=42,                                   tun --kind vxlan --local fd00:2::1 --remote fd00:2::2 --vni 42
            vxlan,     outer checksum,                  type=vxlan options:remote_ip=192.0.2.1 options:key=43 options:csum=true,                       tun --kind vxlan --local 192.0.2.1 --remote 192.0.2.2 --vni 43
            vxlan-gpe, port 4790,                       type=vxlan options:remote_ip=192.0.2.1 options:key=42 options:exts=gpe options:dst_port=4790,  tun --kind vxlan-gpe --local 192.0.2.1 --remote 192.0.2.2 --vni 42
            vxlan-gpe, "port 4789, its default",        type=vxlan options:remote_ip=192.0.2.1 options:key=42 options:exts=gpe,                        tun --kind vxlan-gpe --local 192.0.2.1 --remote 192.0.2.2 --vni 42 --port 4789
            geneve,    IPv4,                            type=geneve options:remote_ip=192.0.2.1 options:key=7,                                         tun --kind geneve --local 192.0.2.1 --remote 192.0.2.2 --vni 7
            geneve,    IPv6,                            type=geneve options:remote_ip='fd00:2::1' options:key=7,                                   tun --kind geneve --local fd00:2::1 --remote fd00:2::2 --vni 7
            gre,       plain,                           type=gre options:remote_ip=198.51.100.10,                                                      vec0:transport=gre;src=198.51.100.10;dst=192.0.2.2;grant=gre4
            gre,       key,                             type=gre options:remote_ip=198.51.100.10 options:key=0x11223344,                               vec0:transport=gre;src=198.51.100.10;dst=192.0.2.2;rx_key=0x11223344;tx_key=0x11223344;grant=gre4
            gre,       sequence,                        type=gre options:remote_ip=198.51.100.10 options:seq=true,                                     vec0:transport=gre;src=198.51.100.10;dst=192.0.2.2;sequence=1;grant=gre4
            gre,       "key, sequence",                 type=gre options:remote_ip=198.51.100.10 options:key=5 options:seq=true,                       vec0:transport=gre;src=198.51.100.10;dst=192.0.2.2;rx_key=5;tx_key=5;sequence=1;grant=gre4
            gre,       "key, pinned sequence",          type=gre options:remote_ip=198.51.100.10 options:key=5 options:seq=true,                       vec0:transport=gre;src=198.51.100.10;dst=192.0.2.2;rx_key=5;tx_key=5;sequence=1;pin_sequence=1;grant=gre4
            gre,       checksum from the peer,          type=gre options:remote_ip=198.51.100.10 options:csum=true,                                    vec0:transport=gre;src=198.51.100.10;dst=192.0.2.2;grant=gre4
            gre,       "IPv6, key",                     type=gre options:remote_ip='fd00:7::10' options:key=6,                                     vec0:transport=gre;v6=1;src=fd00:7::10;dst=fd00:2::2;rx_key=6;tx_key=6;grant=gre6
            """)
    void tcpCrossesATunnelPort(String transport, String how, String theirs, String ours) {
        log.speaks("Open vSwitch", transport, how);
        needs(PROGRAM, "openvswitch-switch");
        ovs.vsctl("add-port br-int peer -- set interface peer " + quoted(theirs));
        if (ours.startsWith("vec0:")) {
            ferry().tunnel("vec0", ours.replace(';', ','));
        } else {
            ferry().tunnel("tun", ours.split(" ", -1));
        }
        crosses();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(quoteCharacter = '"', textBlock = """
            over vxlan-gpe, type=vxlan options:exts=gpe options:dst_port=4790 options:remote_ip=192.0.2.1 options:key=42,  tun --kind nsh --over vxlan-gpe --local 192.0.2.1 --remote 192.0.2.2 --vni 42 --spi 291
            over gre,       type=gre options:remote_ip=198.51.100.10,                                                     tun gre4 --kind nsh --over gre --remote 192.0.2.2 --spi 291
            """)
    void serviceHeadersCrossATunnelPort(String how, String theirs, String ours) {
        log.speaks("Open vSwitch", "nsh", how);
        needs(PROGRAM, "openvswitch-switch");
        ovs.vsctl("add-port br-int peer -- set interface peer " + theirs + " options:packet_type=ptap");
        ovs.flows(
                "br-int",
                "in_port=peer," + DECAP,
                "in_port=LOCAL,actions=" + ENCAP + ",output:peer",
                "table=1,actions=LOCAL");
        ferry().tunnel("tun", ours.split(" ", -1));
        crosses();
    }

    @Test
    void serviceHeadersCrossInEthernet() {
        log.speaks("Open vSwitch", "nsh", "over ethernet");
        needs(PROGRAM, "openvswitch-switch");
        ovs.vsctl("add-port br-phy inner -- set interface inner type=patch options:peer=peer"
                + " -- add-port br-int peer -- set interface peer type=patch options:peer=inner");
        String next = ferry().lab().mac(ferry().net().v2());
        ovs.flows(
                "br-phy",
                PLAIN,
                "priority=2,in_port=v3,dl_type=0x894f,actions=decap(),decap(),resubmit(,1)",
                "priority=1,in_port=inner,actions=" + ENCAP + ",encap(ethernet),set_field:" + next
                        + "->eth_dst,output:v3",
                "table=1,actions=output:inner");
        ferry().tunnel("tun", "tun right --kind nsh --over ethernet --spi 291".split(" ", -1));
        crosses();
    }
}
