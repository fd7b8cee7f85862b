package io.sluice.worker.conductor.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.worker.conductor.plan.MessageTransport.InetDgram;
import io.sluice.worker.conductor.plan.MessageTransport.Inherited;
import io.sluice.worker.conductor.plan.MessageTransport.UnixDgram;
import io.sluice.worker.conductor.plan.MessageTransport.Vde;
import io.sluice.worker.conductor.plan.StreamTransport.Endpoint;
import io.sluice.worker.conductor.plan.TapTransport.Source;
import io.sluice.worker.conductor.plan.TapTransport.Tap;
import io.sluice.worker.conductor.plan.TunnelTransport.Cookie;
import io.sluice.worker.conductor.plan.TunnelTransport.L2tpv3;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetdevTest {
    private static final String TUNNEL =
            "l2tpv3,id=l,src=127.0.0.1,dst=127.0.0.2,udp=on,srcport=17072,dstport=17071,txsession=7";

    private static Transport transport(String netdev) {
        return Netdev.parse(netdev).transport();
    }

    private static L2tpv3 l2tpv3(String keys) {
        return (L2tpv3) transport(TUNNEL + keys);
    }

    private static InetSocketAddress at(String host, int port) {
        return new InetSocketAddress(host, port);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-netdev ", "--netdev ", "-netdev=", "  -netdev   ", "type="})
    void theFirstWordMayBeThereOrNot(String word) {
        PortPlan plan = Netdev.parse(word + "dgram,id=n0,local.type=fd,local.str=5");
        assertThat(plan).isEqualTo(new PortPlan("n0", new Inherited(5), 256, Optional.empty()));
    }

    @Test
    void keysOfOursAreTakenEverywhere() {
        PortPlan plan = Netdev.parse(TUNNEL + ",grant=wan,depth=32,mtu=1400");
        assertThat(plan.name()).isEqualTo("l");
        assertThat(plan.depth()).isEqualTo(32);
        assertThat(plan.mtu()).contains(1400);
        assertThat(((L2tpv3) plan.transport()).underlay().grant()).contains(new GrantRef.Named("wan"));
    }

    @Test
    void theReceivingSessionIsTheSendingOneUnlessItIsSaid() {
        assertThat(l2tpv3("").rxSession()).isEqualTo(7);
        assertThat(l2tpv3(",rxsession=0xffffffff").rxSession()).isEqualTo(0xffffffffL);
        assertThat(l2tpv3(",rxsession=8").txSession()).isEqualTo(7);
        assertThat(l2tpv3("").underlay().localPort()).isEqualTo(17072);
        assertThat(l2tpv3("").underlay().remotePort()).isEqualTo(17071);
    }

    @Test
    void overIpThereAreNoPorts() {
        L2tpv3 tunnel = (L2tpv3) transport("l2tpv3,id=l,ipv6=on,src=2001:db8::1,dst=2001:db8::2,txsession=1,srcport=9");
        assertThat(tunnel.underlay().udp()).isFalse();
        assertThat(tunnel.underlay().v6()).isTrue();
    }

    @Test
    void aCookieHas32BitsUnlessCookie64IsThereWhateverItSays() {
        assertThat(l2tpv3(",rxcookie=1,txcookie=2").cookie()).isEqualTo(new Cookie(4, 1, 2));
        assertThat(l2tpv3(",rxcookie=1,txcookie=2,cookie64=on").cookie()).isEqualTo(new Cookie(8, 1, 2));
        PortPlan off = Netdev.parse(TUNNEL + ",rxcookie=1,txcookie=2,cookie64=off");
        assertThat(((L2tpv3) off.transport()).cookie()).isEqualTo(new Cookie(8, 1, 2));
        assertThat(off.notes()).singleElement().asString().startsWith("cookie64=off: to QEMU that is");
        assertThat(l2tpv3(",rxcookie=0x1112131415161718,txcookie=0xffffffffffffffff,cookie64")
                        .cookie())
                .isEqualTo(new Cookie(8, 0x1112131415161718L, -1));
        assertThat(l2tpv3(",cookie64=on").cookie()).isEqualTo(Cookie.NONE);
    }

    @Test
    void aPinnedCounterWithoutCounterIsNone() {
        PortPlan plan = Netdev.parse(TUNNEL + ",pincounter=on");
        assertThat(((L2tpv3) plan.transport()).counter()).isFalse();
        assertThat(((L2tpv3) plan.transport()).pinCounter()).isFalse();
        assertThat(plan.notes()).hasSize(1);
        assertThat(l2tpv3(",counter=on,pincounter=on").pinCounter()).isTrue();
        assertThat(l2tpv3(",counter=on,offset=256").offset()).isEqualTo(256);
    }

    @Test
    void aSwitchAloneIsOnAndTheLastOfAKeyCounts() {
        assertThat(l2tpv3(",counter").counter()).isTrue();
        assertThat(l2tpv3(",counter=on,counter=off").counter()).isFalse();
        assertThat(l2tpv3(",counter=yes").counter()).isTrue();
    }

    @Test
    void dgramIsAnInheritedSocketOrUnixOrUdp() {
        assertThat(transport("dgram,id=d,local.type=unix,local.path=/run/a,remote.type=unix,remote.path=/run/b"))
                .isEqualTo(new UnixDgram("/run/a", "/run/b"));
        assertThat(transport("dgram,id=d,local.type=inet,local.host=127.0.0.1,local.port=7,remote.type=inet,"
                        + "remote.host=localhost,remote.port=8,remote.ipv4=on"))
                .isEqualTo(new InetDgram(at("127.0.0.1", 7), at("127.0.0.1", 8), Optional.empty()));
    }

    @Test
    void twoCommasAreOneOfAValue() {
        assertThat(transport("dgram,id=d,local.type=unix,local.path=/run/a,,b,,,,c,remote.type=unix,remote.path=/b"))
                .isEqualTo(new UnixDgram("/run/a,b,,c", "/b"));
    }

    @Test
    void streamIsAnInheritedSocketOrUnixOrTcp() {
        assertThat(transport("stream,id=s,addr.type=fd,addr.str=6"))
                .isEqualTo(new StreamTransport(new Endpoint.Descriptor(6), false, 0));
        assertThat(transport("stream,id=s,server=on,addr.type=unix,addr.path=/run/s"))
                .isEqualTo(new StreamTransport(new Endpoint.UnixPath("/run/s"), true, 0));
        assertThat(transport("stream,id=s,addr.type=inet,addr.host=::1,addr.port=7000,reconnect=2"))
                .isEqualTo(new StreamTransport(new Endpoint.Inet(at("::1", 7000)), false, 2000));
        assertThat(transport("stream,id=s,addr.type=unix,addr.path=/s,reconnect-ms=50"))
                .isEqualTo(new StreamTransport(new Endpoint.UnixPath("/s"), false, 50));
    }

    @Test
    void socketIsWhatItsOneKeySays() {
        assertThat(transport("socket,id=s,fd=5")).isEqualTo(new Inherited(5));
        assertThat(transport("socket,id=s,listen=:7000"))
                .isEqualTo(new StreamTransport(new Endpoint.Inet(at("0.0.0.0", 7000)), true, 0));
        assertThat(transport("socket,id=s,connect=[::1]:7000"))
                .isEqualTo(new StreamTransport(new Endpoint.Inet(at("::1", 7000)), false, 0));
        assertThat(transport("socket,id=s,udp=127.0.0.1:7,localaddr=127.0.0.1:8"))
                .isEqualTo(new InetDgram(at("127.0.0.1", 8), at("127.0.0.1", 7), Optional.empty()));
    }

    @Test
    void tapIsADeviceOrDescriptorsOrAGrant() {
        assertThat(transport("tap,id=t,ifname=t0,queues=4,vnet_hdr=off,script=no,downscript=no"))
                .isEqualTo(new Tap(new Source.Device("t0"), 4, Optional.of(false)));
        assertThat(transport("tap,id=t,fd=5"))
                .isEqualTo(new Tap(new Source.Descriptors(List.of(5)), 1, Optional.empty()));
        assertThat(transport("tap,id=t,fds=5:6:7"))
                .isEqualTo(new Tap(new Source.Descriptors(List.of(5, 6, 7)), 1, Optional.empty()));
        assertThat(transport("tap,id=t,grant=guest"))
                .isEqualTo(new Tap(new Source.Leased(Optional.of(new GrantRef.Named("guest"))), 1, Optional.empty()));
    }

    @Test
    void whatHasNoEffectHereIsNoted() {
        assertThat(Netdev.parse("tap,id=t,ifname=t0,script=/etc/up,vhost=on").notes())
                .containsExactly("vhost= has no effect here", "script= is ignored: a worker starts no programs");
    }

    @Test
    void vdeIsASwitch() {
        assertThat(transport("vde,id=v,sock=/run/vde.ctl,port=3,group=net,mode=0660"))
                .isEqualTo(new Vde("/run/vde.ctl", 3, Optional.of("net"), Optional.of(0660), "QEMU"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            id=x | "id=x": a netdev is expected, for example dgram,id=n0,local.type=fd,local.str=5
            `` | "": a netdev is expected, for example dgram,id=n0,local.type=fd,local.str=5
            {"type":"dgram"} | a netdev in JSON is not understood; TYPE,id=NAME,key=value,... is expected
            user,id=x | netdev user is unknown here; l2tpv3, dgram, stream, socket, tap and vde are known
            vde,sock=/d | netdev vde needs id=
            vde,id=v | netdev vde needs sock=
            vde,id=v,sock=/d,mode=rwx | mode=rwx: an octal number such as 0700 is expected
            vde,id=v,,w,sock=/d | port name "v,w": 1 to 32 letters, digits, '_', '.' or '-' are expected, the first a \
            letter or digit
            vde,id=v,sock=/d,colour=red | netdev vde: key colour is unknown, or has no meaning beside the others; it has \
            [depth, group, id, mode, mtu, port, sock]
            l2tpv3,id=l,dst=127.0.0.1 | netdev l2tpv3 needs src=
            l2tpv3,id=l,src=127.0.0.1,dst=127.0.0.2 | netdev l2tpv3 needs txsession=
            l2tpv3,id=l,src=127.0.0.1,dst=127.0.0.2,udp=on | netdev l2tpv3 needs srcport=
            l2tpv3,id=l,src=127.0.0.1,dst=::1 | dst=::1: an IPv4 address, or ipv6=on as well, is expected
            l2tpv3,id=l,src=127.0.0.1,dst=127.0.0.2,txsession=-1 | txsession=-1: 0 to 4294967295 is expected
            l2tpv3,id=l,src=127.0.0.1,dst=127.0.0.2,txsession=1,offset=257 | offset=257: 0 to 256 is expected
            l2tpv3,id=l,src=127.0.0.1,dst=127.0.0.2,txsession=1,rxcookie=1 | netdev l2tpv3 needs both rxcookie= and \
            txcookie=, or neither
            l2tpv3,id=l,src=127.0.0.1,dst=127.0.0.2,txsession=1,rxcookie=1,txcookie=0x100000000 | rxcookie= and txcookie= \
            have 32 bits, at most 0xffffffff; with cookie64=on they have 64
            l2tpv3,id=l,src=127.0.0.1,dst=127.0.0.2,txsession=1,counter=1 | counter=1: on or off is expected
            dgram,id=d | netdev dgram needs local.type=
            dgram,id=d,local.type=fd,local.str=5,remote.type=unix | netdev dgram with local.type=fd has no remote: the \
            socket is connected
            dgram,id=d,local.type=unix,local.path=/a,remote.type=inet | local.type=unix, remote.type=inet: the same is \
            expected
            dgram,id=d,local.type=unix,local.path=/a,remote.type=unix,remote.path=/a | the local path and the remote path \
            are the same
            stream,id=s,addr.type=vsock | addr.type=vsock: fd, unix or inet is expected
            stream,id=s,addr.type=inet,addr.host=127.0.0.1,addr.port=0 | addr.port=0: 1 to 65535 is expected
            stream,id=s,addr.type=unix,addr.path=/s,server=on,reconnect=1 | reconnect is for who connects: a server waits \
            for its peer
            stream,id=s,addr.type=unix,addr.path=/s,reconnect=1,reconnect-ms=1 | reconnect= and reconnect-ms= say the same; \
            give one of them
            socket,id=s | netdev socket needs one of fd=, listen=, connect= and udp=
            socket,id=s,mcast=230.0.0.1:1 | netdev socket: mcast= is not supported; udp=, connect=, listen= and fd= are
            socket,id=s,connect=127.0.0.1 | connect "127.0.0.1": HOST:PORT is expected, such as 192.0.2.1:4789
            tap,id=t,helper=/h | netdev tap: helper= and br= start a privileged program, which a worker does not; use a \
            grant of kind tap, grant=NAME, or ifname= of a device that belongs to its user
            tap,id=t,fds=5:5 | fds [5, 5]: each may be named once only
            tap,id=t,fds=5:x | fds=5:x: A:B:..., at most 64 numbers, is expected
            tap,id=t,fd=5,vnet_hdr=on | netdev tap: key vnet_hdr is unknown, or has no meaning beside the others; it has \
            [depth, fd, fds, id, mtu, poll-us, sndbuf, vhost, vhostfd, vhostfds, vhostforce]
            tap,id=t,ifname=t0,queues=257 | queues=257: 1 to 256 is expected
            """)
    void mistakesAreNamed(String netdev, String message) {
        assertThatThrownBy(() -> Netdev.parse(netdev))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void whatIsTooLongIsNotRepeated() {
        assertThatThrownBy(() -> Netdev.parse("x".repeat(513)))
                .hasMessage("a netdev of 513 characters; at most 512 are expected");
        assertThatThrownBy(() -> Netdev.parse("x".repeat(400))).message().hasSizeLessThan(200);
    }
}
