package io.sluice.broker.net;

import static io.sluice.broker.sys.BrokerCalls.LIBC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.Netns;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every method against the kernel, and what ip(8) then shows. */
@Tag("kernel")
class RtnetlinkTest {
    private static final byte[] MAC = {2, 0, 0, 0, 0, 1};
    private static final int GROUP = 0x51_000_007;

    private Netns host;
    private NetNamespace jail;
    private Rtnetlink rtnetlink;

    /** A job for the rtnetlink of the jail. */
    private interface Job<T> {
        T run(Rtnetlink inside) throws IOException;
    }

    @BeforeEach
    void open() throws Exception {
        host = new Netns();
        rtnetlink = host.call(Rtnetlink::open);
        jail = NetNamespace.create();
    }

    @AfterEach
    void close() throws IOException {
        if (jail != null) {
            jail.close();
        }
        if (rtnetlink != null) {
            rtnetlink.close();
        }
        if (host != null) {
            host.close();
        }
    }

    @Test
    void aVethPairIsMadeAsAskedAndDown() throws Exception {
        int ifindex = create("v0");
        assertThat(ifindex).isEqualTo(host.ifindex("v0"));
        assertThat(host.ip("-j", "-d", "link", "show", "v0"))
                .contains("\"mtu\":1400", "\"info_kind\":\"veth\"", "\"operstate\":\"DOWN\"")
                .contains("\"num_tx_queues\":3", "\"num_rx_queues\":3", "\"group\":\"" + GROUP + "\"");
        assertThat(shown("-j", "-d", "link", "show", "eth0"))
                .contains("\"mtu\":1400", "\"address\":\"02:00:00:00:00:01\"", "\"operstate\":\"DOWN\"")
                .contains("\"num_tx_queues\":3", "\"num_rx_queues\":3", "\"group\":\"default\"");
    }

    @Test
    void whatIsAskedOfADeviceIsWhatIpShows() throws Exception {
        int ifindex = create("v0");
        assertThat(rtnetlink.exists(ifindex)).isTrue();
        assertThat(rtnetlink.exists(9999)).isFalse();
        rtnetlink.mtu(ifindex, 1300);
        assertThat(host.ip("link", "show", "v0")).contains(" mtu 1300 ");
    }

    @Test
    void anExistingNameIsNeverTakenOver() throws Exception {
        int first = create("v0");
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> create("v0"))
                .matches(e -> e.is(Errno.EEXIST), "EEXIST")
                .withMessageStartingWith("rtnetlink(create veth v0 with peer eth0)");
        assertThatExceptionOfType(SyscallException.class).isThrownBy(() -> create("v1"));
        assertThat(host.ifindex("v0")).isEqualTo(first);
        assertThat(host.ifindex("v1")).as("as the jail has an eth0").isZero();
    }

    @Test
    void devicesThatAreUpHaveNoAddressOfTheirOwn() throws Exception {
        Netns.command(nsenter("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0"));
        host.exec("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0");
        int ifindex = create("v0");
        rtnetlink.up(ifindex, false);
        inJail(inside -> up(inside, true));
        Eventually.holds("carrier", () -> host.ip("link", "show", "v0").contains("LOWER_UP"));
        assertThat(host.ip("-j", "-d", "link", "show", "v0"))
                .contains("\"inet6_addr_gen_mode\":\"none\"", "\"UP\"")
                .doesNotContain("NOARP");
        assertThat(shown("-j", "-d", "link", "show", "eth0"))
                .contains("\"inet6_addr_gen_mode\":\"none\"", "\"UP\"", "\"NOARP\"");
        assertThat(shown("-6", "addr")).isEmpty();
        rtnetlink.up(ifindex, true);
        assertThat(host.ip("link", "show", "v0")).contains("NOARP");
        rtnetlink.up(ifindex, false);
        assertThat(host.ip("link", "show", "v0")).doesNotContain("NOARP");
    }

    @Test
    void aGuardedBridgePortTakesNoBpdu() throws Exception {
        host.ip("link", "add", "br0", "type", "bridge");
        int ifindex = create("v0");
        rtnetlink.master(ifindex, host.ifindex("br0"));
        assertThat(host.ip("-j", "-d", "link", "show", "v0")).contains("\"master\":\"br0\"", "\"guard\":false");
        rtnetlink.guard(ifindex);
        assertThat(host.ip("-j", "-d", "link", "show", "v0")).contains("\"guard\":true");
    }

    @Test
    void aDeviceThatIsMovedToAGroupGoesWithIt() throws Exception {
        int ifindex = create("v0");
        assertThat(rtnetlink.deleteGroup(GROUP + 1)).isFalse();
        rtnetlink.group(ifindex, GROUP + 1);
        assertThat(host.ip("-j", "link", "show", "v0")).contains("\"group\":\"" + (GROUP + 1) + "\"");
        assertThat(rtnetlink.deleteGroup(GROUP)).isFalse();
        assertThat(rtnetlink.exists(ifindex)).isTrue();
        assertThat(rtnetlink.deleteGroup(GROUP + 1)).isTrue();
        assertThat(rtnetlink.exists(ifindex)).isFalse();
        rtnetlink.group(ifindex, GROUP + 1);
    }

    @Test
    void deletingTakesBothEndsAndMayBeRepeated() throws Exception {
        int ifindex = create("v0");
        rtnetlink.delete(ifindex);
        assertThat(rtnetlink.exists(ifindex)).isFalse();
        int peer = inJail(inside -> LIBC.if_nametoindex("eth0"));
        assertThat(peer).isZero();
        rtnetlink.delete(ifindex);
    }

    @Test
    void aGroupIsDeletedWithAllItsDevicesAndNoOthers() throws Exception {
        for (int i = 0; i < 60; i++) {
            rtnetlink.createVeth("v" + i, "eth" + i, jail.fd(), MAC, 1500, i % 3 == 0 ? GROUP + 1 : GROUP, 1);
        }
        boolean peers = inJail(inside -> inside.deleteGroup(GROUP));
        assertThat(peers).isFalse();
        assertThat(rtnetlink.deleteGroup(GROUP)).isTrue();
        assertThat(host.ip("-br", "link").lines()).as("lo and the other group").hasSize(1 + 20);
        assertThat(host.ip("-br", "link", "show", "group", "" + (GROUP + 1)).lines())
                .hasSize(20);
    }

    @Test
    void addressesAndRoutesAreThoseThatIpShows() throws Exception {
        rtnetlink.up(create("v0"), false);
        inJail(inside -> {
            int eth0 = up(inside, false);
            inside.address(eth0, InetAddress.getByName("192.0.2.1"), 32);
            inside.route(eth0, InetAddress.getByName("192.0.2.254"), 32);
            inside.defaultRoute(InetAddress.getByName("192.0.2.254"), eth0);
            inside.address(eth0, InetAddress.getByName("2001:db8::1"), 64);
            inside.route(eth0, InetAddress.getByName("2001:db8:1::"), 64);
            inside.defaultRoute(InetAddress.getByName("2001:db8::9"), eth0);
            return eth0;
        });
        assertThat(shown("addr", "show", "eth0"))
                .contains("inet 192.0.2.1/32 ", "inet6 2001:db8::1/64 ", "nodad")
                .doesNotContain("tentative", "fe80");
        assertThat(shown("route").lines().map(String::strip))
                .containsExactlyInAnyOrder(
                        "default via 192.0.2.254 dev eth0 proto static",
                        "192.0.2.254 dev eth0 proto static scope link");
        assertThat(shown("-6", "route"))
                .contains("2001:db8:1::/64 dev eth0 proto static", "default via 2001:db8::9 dev eth0 proto static");
    }

    @Test
    void errorsCarryTheKernelsExplanation() throws Exception {
        int ifindex = create("v0");
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> rtnetlink.address(ifindex, InetAddress.getByName("192.0.2.1"), 40))
                .matches(e -> e.is(Errno.EINVAL), "EINVAL")
                .withMessageContaining("give device " + ifindex + " 192.0.2.1/40), \"")
                .withMessageContaining("refix length");
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> rtnetlink.up(9999, false))
                .matches(e -> e.is(Errno.ENODEV), "ENODEV");
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> rtnetlink.master(ifindex, 1))
                .withMessageStartingWith("rtnetlink(add device " + ifindex + " to bridge 1)");
        assertThatExceptionOfType(SyscallException.class).isThrownBy(() -> rtnetlink.mtu(9999, 1400));
        assertThat(rtnetlink.exists(ifindex)).as("usable after errors").isTrue();
    }

    @Test
    void twoHundredCyclesLeaveNothing() throws Exception {
        cycle(0);
        List<String> before = Held.descriptors();
        for (int i = 0; i < 200; i++) {
            cycle(i);
        }
        Held.nothingSince(before);
        // A namespace that ends takes its devices and their peers with it: none of the 100 is held by anything.
        Eventually.holds(
                "no device but lo is left", () -> host.ip("-o", "link").lines().count() == 1);
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().equals("netns"));
    }

    private void cycle(int i) throws Exception {
        try (NetNamespace namespace = NetNamespace.create();
                Rtnetlink own = host.call(Rtnetlink::open)) {
            own.createVeth("c" + i, "eth0", namespace.fd(), MAC, 1500, GROUP, 1);
            int ifindex = host.ifindex("c" + i);
            own.up(ifindex, false);
            namespace.call(() -> {
                try (Rtnetlink inside = Rtnetlink.open()) {
                    return up(inside, true);
                }
            });
            if (i % 2 == 0) {
                own.delete(ifindex);
                assertThat(own.exists(ifindex)).isFalse();
            }
        }
    }

    private int create(String name) throws Exception {
        rtnetlink.createVeth(name, "eth0", jail.fd(), MAC, 1400, GROUP, 3);
        return host.ifindex(name);
    }

    private static int up(Rtnetlink inside, boolean noArp) throws IOException {
        int eth0 = LIBC.if_nametoindex("eth0");
        inside.up(eth0, noArp);
        return eth0;
    }

    private <T> T inJail(Job<T> job) throws IOException {
        Path namespace = Path.of("/proc/thread-self/ns/net");
        Path here = Files.readSymbolicLink(namespace);
        return jail.call(() -> {
            // A broken way in must not cost the machine its own eth0.
            assertThat(Files.readSymbolicLink(namespace)).isNotEqualTo(here);
            try (Rtnetlink inside = Rtnetlink.open()) {
                return job.run(inside);
            }
        });
    }

    private String shown(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        return Netns.command(nsenter(command.toArray(String[]::new)));
    }

    private String[] nsenter(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "nsenter",
                "--net=/proc/" + ProcessHandle.current().pid() + "/fd/"
                        + jail.fd().number()));
        command.addAll(List.of(arguments));
        return command.toArray(String[]::new);
    }
}
