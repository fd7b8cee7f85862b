package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import com.google.protobuf.TextFormat.ParseException;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.MessageTransport.InetDgram;
import io.sluice.worker.conductor.plan.MessageTransport.Inherited;
import io.sluice.worker.conductor.plan.MessageTransport.UnixDgram;
import io.sluice.worker.conductor.plan.MessageTransport.UnixSeqpacket;
import io.sluice.worker.conductor.plan.MessageTransport.Vde;
import io.sluice.worker.conductor.plan.Nsh;
import io.sluice.worker.conductor.plan.NshCarrier;
import io.sluice.worker.conductor.plan.StreamTransport;
import io.sluice.worker.conductor.plan.StreamTransport.Endpoint;
import io.sluice.worker.conductor.plan.TapTransport.Hybrid;
import io.sluice.worker.conductor.plan.TapTransport.Source;
import io.sluice.worker.conductor.plan.TapTransport.Tap;
import io.sluice.worker.conductor.plan.Transport;
import io.sluice.worker.conductor.plan.TunnelTransport.Cookie;
import io.sluice.worker.conductor.plan.TunnelTransport.Geneve;
import io.sluice.worker.conductor.plan.TunnelTransport.Gre;
import io.sluice.worker.conductor.plan.TunnelTransport.L2tpv3;
import io.sluice.worker.conductor.plan.TunnelTransport.Vxlan;
import io.sluice.worker.conductor.plan.TunnelTransport.VxlanGpe;
import io.sluice.worker.conductor.plan.TunnelTransport.VxlanGpe.Payload;
import io.sluice.worker.conductor.plan.UnderlayPlan;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.PortSpec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The messages of every transport, written as text, and the plans that they become. */
class TransportPlansTest {
    private static final Optional<GrantRef> WAN = Optional.of(new GrantRef.Named("wan"));

    private static Transport transport(String spec) throws ParseException {
        PortSpec parsed = TextFormat.parse("name: 'a' " + spec, PortSpec.class);
        return PortPlans.of(AddPortRequest.newBuilder().setSpec(parsed).build(), 2048)
                .transport();
    }

    private static InetAddress ip(String text) throws UnknownHostException {
        return InetAddress.getByName(text);
    }

    private static InetSocketAddress at(String host, int port) throws UnknownHostException {
        return new InetSocketAddress(ip(host), port);
    }

    private static UnderlayPlan udp(String local, String remote, int port) throws UnknownHostException {
        Optional<InetAddress> bound = local.isEmpty() ? Optional.empty() : Optional.of(ip(local));
        return new UnderlayPlan(bound, ip(remote), port, port, Optional.empty());
    }

    @Test
    void tapsComeFromAGrantOrADeviceOrDescriptors() throws Exception {
        assertThat(transport("grant: 'wan' tap {}")).isEqualTo(new Tap(new Source.Leased(WAN), 1, Optional.empty()));
        assertThat(transport("tap {}")).isEqualTo(new Tap(new Source.Leased(Optional.empty()), 1, Optional.empty()));
        assertThat(transport("tap { ifname: 't0' queues: 4 vnet_header: false }"))
                .isEqualTo(new Tap(new Source.Device("t0"), 4, Optional.of(false)));
        assertThat(transport("tap { fds: [5, 6] vnet_header: true }"))
                .isEqualTo(new Tap(new Source.Descriptors(List.of(5, 6)), 1, Optional.of(true)));
        assertThat(transport("hybrid { ifname: 't0' }"))
                .isEqualTo(new Hybrid(new Source.Device("t0"), Optional.empty()));
    }

    @Test
    void greKeepsTheDifferenceBetweenNoKeyAndKey0() throws Exception {
        UnderlayPlan any = new UnderlayPlan(Optional.empty(), ip("192.0.2.2"), 0, 0, Optional.empty());
        assertThat(transport("gre { dst: '192.0.2.2' }"))
                .isEqualTo(new Gre(any, OptionalLong.empty(), OptionalLong.empty(), false, false));
        assertThat(transport("gre { dst: '192.0.2.2' rx_key: 0 tx_key: 4294967295 sequence: true pin_sequence: true }"))
                .isEqualTo(new Gre(any, OptionalLong.of(0), OptionalLong.of(0xffffffffL), true, true));
        assertThat(transport("grant: 'wan' gre { src: '2001:db8::1' dst: '2001:db8::2' }"))
                .isEqualTo(new Gre(
                        new UnderlayPlan(Optional.of(ip("2001:db8::1")), ip("2001:db8::2"), 0, 0, WAN),
                        OptionalLong.empty(),
                        OptionalLong.empty(),
                        false,
                        false));
    }

    @Test
    void l2tpv3HasEveryOption() throws Exception {
        assertThat(transport("l2tpv3 { udp: true src: '127.0.0.1' dst: '127.0.0.2' srcport: 1 dstport: 2 rx_session: 3"
                        + " tx_session: 4294967295 cookie_bits: 64 rx_cookie: 5 tx_cookie: 6 counter: true"
                        + " pin_counter: true offset: 8 }"))
                .isEqualTo(new L2tpv3(
                        new UnderlayPlan(Optional.of(ip("127.0.0.1")), ip("127.0.0.2"), 1, 2, Optional.empty()),
                        3,
                        0xffffffffL,
                        new Cookie(8, 5, 6),
                        true,
                        true,
                        8));
        L2tpv3 plain = (L2tpv3) transport("l2tpv3 { dst: '127.0.0.2' rx_session: 1 tx_session: 2 }");
        assertThat(plain.underlay().udp()).isFalse();
        assertThat(plain.cookie()).isEqualTo(Cookie.NONE);
    }

    @Test
    void overlaysHaveThePortsOfTheirStandards() throws Exception {
        assertThat(transport("vxlan { remote: '192.0.2.2' vni: 42 }"))
                .isEqualTo(new Vxlan(udp("", "192.0.2.2", 4789), 42));
        assertThat(transport("vxlan { local: '192.0.2.1' remote: '192.0.2.2' port: 8472 vni: 16777215 }"))
                .isEqualTo(new Vxlan(udp("192.0.2.1", "192.0.2.2", 8472), 0xffffff));
        assertThat(transport("vxlan_gpe { remote: '192.0.2.2' vni: 1 }"))
                .isEqualTo(new VxlanGpe(udp("", "192.0.2.2", 4790), 1, Payload.ETHERNET));
        assertThat(transport("geneve { remote: '::1' vni: 0 }")).isEqualTo(new Geneve(udp("", "::1", 6081), 0));
    }

    @Test
    void nshGoesOverItsCarrier() throws Exception {
        assertThat(transport("nsh { vxlan_gpe { remote: '192.0.2.2' vni: 1 } spi: 123 }"))
                .isEqualTo(new Nsh(
                        new VxlanGpe(udp("", "192.0.2.2", 4790), 1, Payload.NSH), 123, OptionalInt.empty(), 255, 1));
        assertThat(transport("grant: 'wan' nsh { ethernet {} spi: 1 si: 7 rx_si: 8 md_type: 2 }"))
                .isEqualTo(
                        new Nsh(new NshCarrier.Ethernet(WAN.get(), "ff:ff:ff:ff:ff:ff"), 1, OptionalInt.of(8), 7, 2));
        Nsh gre = (Nsh) transport("grant: 'wan' nsh { gre { dst: '192.0.2.2' } spi: 1 }");
        assertThat(((Gre) gre.carrier()).underlay().grant()).isEqualTo(WAN);
    }

    @Test
    void socketsHavePathsAddressesOrNumbers() throws Exception {
        assertThat(transport("seqpacket { path: '/run/w' listen: true }"))
                .isEqualTo(new UnixSeqpacket("/run/w", true, Optional.empty()));
        assertThat(transport("seqpacket { path: '/run/w' local: '/run/me' }"))
                .isEqualTo(new UnixSeqpacket("/run/w", false, Optional.of("/run/me")));
        assertThat(transport("unix_dgram { local: '/a' remote: '/b' }")).isEqualTo(new UnixDgram("/a", "/b"));
        assertThat(transport("grant: 'wan' inet_dgram { local: '[::1]:7' remote: '[::1]:8' }"))
                .isEqualTo(new InetDgram(at("::1", 7), at("::1", 8), WAN));
        assertThat(transport("fd { fd: 9 }")).isEqualTo(new Inherited(9));
        assertThat(transport("stream { path: '/s' reconnect_ms: 50 }"))
                .isEqualTo(new StreamTransport(new Endpoint.UnixPath("/s"), false, 50));
        assertThat(transport("stream { address: '127.0.0.1:7' server: true }"))
                .isEqualTo(new StreamTransport(new Endpoint.Inet(at("127.0.0.1", 7)), true, 0));
        assertThat(transport("stream { fd: 5 }")).isEqualTo(new StreamTransport(new Endpoint.Descriptor(5), false, 0));
        assertThat(transport("vde { sock: '/d' }"))
                .isEqualTo(new Vde("/d", 0, Optional.empty(), Optional.empty(), "sluice"));
        assertThat(transport("vde { sock: '/d' port: 3 group: 'net' mode: 0660 description: 'x' }"))
                .isEqualTo(new Vde("/d", 3, Optional.of("net"), Optional.of(0660), "x"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            grant: 'g' tap { ifname: 't' } | a tap has a grant, or an ifname, or fds; only one of them is expected
            tap { fds: 5 queues: 2 } | queues 2: a tap has as many as its grant or its fds; only with ifname it can be said
            tap { fds: 2 } | fd 2: 3 to 1048576 is expected
            tap { ifname: 't' queues: 257 } | queues 257: 1 to 256 is expected
            tap { ifname: '0123456789abcdef' } | interface name "0123456789abcdef": 1 to 15 printable characters without \
            '/', ':', '%' and blanks are expected
            hybrid {} | interface name "": 1 to 15 printable characters without '/', ':', '%' and blanks are expected
            gre {} | dst "": an IPv4 or IPv6 address is expected, such as 192.0.2.1; names are not looked up
            gre { src: '::1' dst: '127.0.0.1' } | 0:0:0:0:0:0:0:1 and 127.0.0.1 are of different families; both IPv4 or \
            both IPv6 is expected
            gre { dst: '127.0.0.1' rx_key: 1 } | gre has an rx key and a tx key, or neither
            gre { dst: '127.0.0.1' pin_sequence: true } | a pinned sequence is one: it needs sequence, too
            gre { dst: '224.0.0.1' } | peer 224.0.0.1: the address of one host is expected
            l2tpv3 { dst: '127.0.0.1' udp: true srcport: 1 } | l2tpv3 over UDP needs both srcport and dstport, over IP \
            neither; here udp is true, srcport 1, dstport 0
            l2tpv3 { dst: '127.0.0.1' srcport: 1 dstport: 2 } | l2tpv3 over UDP needs both srcport and dstport, over IP \
            neither; here udp is false, srcport 1, dstport 2
            l2tpv3 { dst: '127.0.0.1' rx_session: 1 } | tx session 0: 1 to 4294967295 is expected
            l2tpv3 { dst: '127.0.0.1' rx_session: 1 tx_session: 1 cookie_bits: 16 } | a cookie of 16 bits: 0, 32 or 64 are \
            expected
            l2tpv3 { dst: '127.0.0.1' rx_session: 1 tx_session: 1 rx_cookie: 1 } | a cookie is longer than 0 bits; ask for \
            one of 32 or 64 bits
            l2tpv3 { dst: '127.0.0.1' rx_session: 1 tx_session: 1 cookie_bits: 32 rx_cookie: 4294967296 } | a cookie is \
            longer than 32 bits; ask for one of 64 bits
            l2tpv3 { dst: '127.0.0.1' rx_session: 1 tx_session: 1 offset: 257 } | offset 257: 0 to 256 is expected
            l2tpv3 { dst: '127.0.0.1' rx_session: 1 tx_session: 1 pin_counter: true } | a pinned counter is one: it needs \
            counter, too
            vxlan { remote: '127.0.0.1' vni: 16777216 } | vni 16777216: 0 to 16777215 is expected
            vxlan { remote: '127.0.0.1' port: 65536 } | local port 65536: 0 to 65535 is expected
            vxlan_gpe { remote: '127.0.0.1' payload: NSH } | payload nsh: what is behind that header has to be said, too; \
            ask for nsh with vxlan-gpe as its carrier
            vxlan_gpe { remote: '127.0.0.1' payload: 7 } | unknown payload of vxlan-gpe
            nsh { spi: 1 } | nsh: a carrier is expected, ethernet, vxlan_gpe or gre
            nsh { ethernet {} } | nsh over Ethernet: the name of a packet grant is expected
            grant: 'g' nsh { ethernet { destination: 'x' } } | destination "x": a MAC address such as 02:00:00:00:00:01 is \
            expected
            nsh { gre { dst: '127.0.0.1' } spi: 16777216 } | spi 16777216: 0 to 16777215 is expected
            nsh { gre { dst: '127.0.0.1' } si: 256 } | si 256: 1 to 255 is expected
            nsh { gre { dst: '127.0.0.1' } rx_si: 256 } | rx si 256: 1 to 255 is expected
            nsh { gre { dst: '127.0.0.1' } md_type: 3 } | md type 3: 1 to 2 is expected
            seqpacket { path: 'w' } | path "w": an absolute path is expected, such as /run/guest.sock
            seqpacket { path: '/w' listen: true local: '/l' } | who listens has one path; a local one is for who connects
            grant: 'g' hybrid { ifname: 't0' } | port a of kind hybrid comes from no grant; leave it out
            grant: 'g' seqpacket { path: '/w' } | port a of kind seqpacket comes from no grant; leave it out
            grant: 'g' unix_dgram {} | port a of kind unix_dgram comes from no grant; leave it out
            unix_dgram { local: '/a' } | remote path "": an absolute path is expected, such as /run/guest.sock
            inet_dgram { local: '127.0.0.1:7' } | remote "": HOST:PORT is expected, such as 192.0.2.1:4789
            inet_dgram { local: '127.0.0.1:0' remote: '127.0.0.1:1' } | local port 0: 1 to 65535 is expected
            stream {} | stream: a path, an address or an fd is expected
            stream { path: '/s' reconnect_ms: 3600001 } | reconnect ms 3600001: 0 to 3600000 is expected
            stream { fd: 5 server: true } | an inherited stream is connected; it can't be a server
            stream { fd: 5 reconnect_ms: 5 } | reconnect is for who connects: an inherited socket is connected once
            vde {} | vde directory "": an absolute path is expected, such as /run/vde.ctl
            vde { sock: '/d' mode: 512 } | mode 01000: 0 to 0777, octal, is expected
            vde { sock: '/d' group: 'a b' } | group "a b" is no name of a group
            fd {} | fd 0: 3 to 1048576 is expected
            """)
    void mistakesAreNamed(String spec, String message) {
        assertThatThrownBy(() -> transport(spec))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void aPathIsAsLongAsAnAddressHasRoomFor() throws Exception {
        assertThat(transport("seqpacket { path: '/" + "x".repeat(106) + "' }")).isInstanceOf(UnixSeqpacket.class);
        assertThatThrownBy(() -> transport("seqpacket { path: '/" + "x".repeat(107) + "' }"))
                .hasMessageEndingWith(" has 108 bytes; the address of a unix socket has room for 107");
    }
}
