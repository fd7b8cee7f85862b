package io.sluice.lab.interop;

import io.sluice.lab.Command;
import io.sluice.lab.RunningProcess;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel's own tunnel devices. One that this kernel does not have is named, and is not a peer that is missing. */
@Tag("interop")
final class KernelInteropTest extends Peers {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @Override
    void prepare() {
        ferry().farAddresses("v3");
    }

    @AfterEach
    void deleteDevice() {
        RunningProcess.run(
                Command.of("ip", "link", "delete", "peer").in(ferry().net().b()), LIMIT);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(quoteCharacter = '"', textBlock = """
            vxlan,  IPv4,                type vxlan id 42 local 192.0.2.2 remote 192.0.2.1 dstport 4789 nolearning,                  --kind vxlan --local 192.0.2.1 --remote 192.0.2.2 --vni 42
            vxlan,  IPv6,                type vxlan id 43 local fd00:2::2 remote fd00:2::1 dstport 4789 nolearning,                  --kind vxlan --local fd00:2::1 --remote fd00:2::2 --vni 43
            vxlan,  port 8472,           type vxlan id 44 local 192.0.2.2 remote 192.0.2.1 dstport 8472 nolearning,                  --kind vxlan --local 192.0.2.1 --remote 192.0.2.2 --vni 44 --port 8472
            vxlan,  no outer checksum,   type vxlan id 45 local 192.0.2.2 remote 192.0.2.1 dstport 4789 nolearning noudpcsum,        --kind vxlan --local 192.0.2.1 --remote 192.0.2.2 --vni 45
            vxlan,  udp grant,           type vxlan id 46 local 192.0.2.2 remote 198.51.100.30 dstport 4789 nolearning,              tun udp4 --kind vxlan --remote 192.0.2.2 --vni 46
            geneve, IPv4,                type geneve id 7 remote 192.0.2.1,                                                          --kind geneve --local 192.0.2.1 --remote 192.0.2.2 --vni 7
            gre,    gretap with key,     type gretap local 192.0.2.2 remote 198.51.100.10 key 7,                                     tun gre4 --kind gre --remote 192.0.2.2 --rx-key 7 --tx-key 7
            """)
    void tcpCrossesTheKernelsDevice(String transport, String how, String device, String port) {
        log.speaks("Linux", transport, how);
        if (!exists(device)) {
            log.absent("this kernel");
            return;
        }
        ferry().run(ferry().net().b(), "ip link add peer " + device);
        ferry().inner("peer");
        String words = port.startsWith("tun ") ? port : "tun " + port;
        ferry().tunnel("tun", words.split(" ", -1));
        log.saw(Exchange.pings(ferry()));
        log.saw(Exchange.tcp(ferry()));
    }

    private boolean exists(String device) {
        return RunningProcess.run(
                        Command.of(("ip link add probe " + device).split(" ", -1))
                                .inEmptyNetwork(),
                        LIMIT)
                .succeeded();
    }
}
