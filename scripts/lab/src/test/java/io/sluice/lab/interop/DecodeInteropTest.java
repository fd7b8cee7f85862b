package io.sluice.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What tshark reads in what is sent: A sends UDP of several lengths to an address that nothing answers at, and every packet of
 * it must be understood down to the inner UDP, with all checksums right.
 */
@Tag("interop")
final class DecodeInteropTest extends Peers {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int PACKETS = 60;

    /**
     * Sends superframes as well (UDP_SEGMENT is 103), which the worker has to cut. From a port that no dissector is registered for, which
     * one that the kernel chooses may be: 54328 is Zen Ping's.
     */
    private static final String SENDER = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("", 5001))
            for n in range(50):
                s.sendto(bytes(range(1, 1 + n * 4)), ("10.9.0.2", 5001))
            s.setsockopt(17, 103, 1200)
            s.sendto(b"sluice" * 2000, ("10.9.0.2", 5001))
            """;

    private Path captures;

    @Override
    void prepare() {
        ferry().farAddresses("v3");
        captures = ferry().lab().directory("captures");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            vxlan | IPv4 | vxlan | tun --kind vxlan --local 192.0.2.1 --remote 192.0.2.2 --vni 42 | -
            vxlan | IPv6 | vxlan | tun --kind vxlan --local fd00:2::1 --remote fd00:2::2 --vni 42 | -
            vxlan-gpe | port 4790 | vxlan | tun --kind vxlan-gpe --local 192.0.2.1 --remote 192.0.2.2 --vni 42 | -
            geneve | IPv4 | geneve | tun --kind geneve --local 192.0.2.1 --remote 192.0.2.2 --vni 7 | -
            geneve | IPv6 | geneve | tun --kind geneve --local fd00:2::1 --remote fd00:2::2 --vni 7 | -
            gre | plain | gre | vec0:transport=gre,src=198.51.100.10,dst=192.0.2.2,grant=gre4 | -
            gre | key, sequence | gre | vec0:transport=gre,src=198.51.100.10,dst=192.0.2.2,rx_key=1,tx_key=2,sequence=1,grant=gre4 | -
            gre | IPv6, key | gre | vec0:transport=gre,v6=1,src=fd00:7::10,dst=fd00:2::2,rx_key=1,tx_key=2,grant=gre6 | -
            nsh | over vxlan-gpe | nsh | tun --kind nsh --over vxlan-gpe --local 192.0.2.1 --remote 192.0.2.2 --vni 42 --spi 291 | -
            nsh | over gre | nsh | tun gre4 --kind nsh --over gre --remote 192.0.2.2 --spi 291 | -
            nsh | over gre, MD type 2 | nsh | tun gre4 --kind nsh --over gre --remote 192.0.2.2 --spi 291 --md-type 2 | -
            nsh | over ethernet | nsh | tun right --kind nsh --over ethernet --spi 291 | -
            l2tpv3 udp | no cookie | l2tp | vec0:transport=l2tpv3,udp=1,src=192.0.2.1,dst=192.0.2.2,srcport=1701,dstport=1701,rx_session=1,tx_session=2 | l2tp.cookie_size:None;l2tp.l2_specific:None
            l2tpv3 udp v6 | 64-bit cookie | l2tp | vec0:transport=l2tpv3,udp=1,v6=1,src=fd00:2::1,dst=fd00:2::2,srcport=1701,dstport=1701,rx_session=1,tx_session=2,cookie64=1,rx_cookie=3,tx_cookie=4 | l2tp.cookie_size:8 Byte Cookie;l2tp.l2_specific:None
            l2tpv3 ip | 32-bit cookie, counter | l2tp | vec0:transport=l2tpv3,src=198.51.100.20,dst=192.0.2.2,rx_session=1,tx_session=2,rx_cookie=3,tx_cookie=4,counter=1,grant=l2tp4 | l2tp.cookie_size:4 Byte Cookie;l2tp.l2_specific:Default L2-Specific
            l2tpv3 ip v6 | no cookie | l2tp | vec0:transport=l2tpv3,v6=1,src=fd00:7::20,dst=fd00:2::2,rx_session=1,tx_session=2,grant=l2tp6 | l2tp.cookie_size:None;l2tp.l2_specific:None
            """)
    void everyPacketIsUnderstood(String transport, String how, String layer, String port, String preferences) {
        log.speaks("tshark", transport, how);
        for (String program : List.of("tshark", "tcpdump", "python3")) {
            needs(program, program);
        }
        ferry().tunnel(port.startsWith("vec0:") ? "vec0" : "tun", port.split(" ", -1));
        ferry().run(ferry().net().a(), "ip neigh replace 10.9.0.2 lladdr 02:00:00:00:09:02 dev v0 nud permanent");
        String[] options = options(preferences);
        try (Tshark capture = Tshark.on(captures, ferry().net().v2(), "not arp and not icmp6 and not ip6 proto 0")) {
            RunningProcess.run(
                            Command.of("python3", "-c", SENDER).in(ferry().net().a()), LIMIT)
                    .orThrow();
            Tshark.Opinion opinion = capture.opinion(PACKETS, layer + " && udp.dstport == 5001", options);
            assertThat(opinion.suspicious()).isEmpty();
            assertThat(opinion.understood())
                    .as("packets decoded down to UDP for %s", Topology.ADDRESS_B)
                    .isEqualTo(PACKETS);
            log.saw(opinion.understood() + " packets decoded, all checksums right");
        }
    }

    /** L2TP has no field that says what a session carries, and how: tshark has to be told. */
    private static String[] options(String preferences) {
        List<String> options = new ArrayList<>();
        if (preferences != null) {
            options.addAll(List.of("-d", "l2tp.pw_type==0,eth"));
            for (String preference : preferences.split(";", -1)) {
                options.addAll(List.of("-o", preference));
            }
        }
        return options.toArray(String[]::new);
    }
}
