package io.sluice.worker.conductor.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.worker.conductor.plan.MessageTransport.Inherited;
import io.sluice.worker.conductor.plan.MessageTransport.UnixSeqpacket;
import io.sluice.worker.conductor.plan.MessageTransport.Vde;
import io.sluice.worker.conductor.plan.TapTransport.Hybrid;
import io.sluice.worker.conductor.plan.TapTransport.Source;
import io.sluice.worker.conductor.plan.TapTransport.Tap;
import io.sluice.worker.conductor.plan.TunnelTransport.Cookie;
import io.sluice.worker.conductor.plan.TunnelTransport.Gre;
import io.sluice.worker.conductor.plan.TunnelTransport.L2tpv3;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VectorDeviceTest {
    private static final String TUNNEL =
            "vec0:transport=l2tpv3,udp=1,src=127.0.0.1,dst=127.0.0.2,srcport=1707,dstport=1706";

    private static Gre gre(String keys) {
        return (Gre)
                VectorDevice.parse("vec0:transport=gre,dst=192.0.2.2" + keys).transport();
    }

    private static L2tpv3 l2tpv3(String keys) {
        return (L2tpv3) VectorDevice.parse(TUNNEL + keys).transport();
    }

    @Test
    void aRawDeviceBecomesAPacketPortOnItsInterface() {
        PortPlan plan = VectorDevice.parse("vec0:transport=raw,ifname=eth1,depth=128,mtu=9000");
        assertThat(plan.name()).isEqualTo("vec0");
        assertThat(plan.depth()).isEqualTo(128);
        assertThat(plan.mtu()).contains(9000);
        assertThat(plan.notes()).isEmpty();
        Granted granted = (Granted) plan.transport();
        assertThat(granted.grant()).isEqualTo(new GrantRef.OnInterface("packet", "eth1"));
        assertThat(granted.narrow().getNarrowCase()).isEqualTo(GrantRequest.NarrowCase.PACKET);
        assertThat(granted.narrow().getPacket().hasVnetHeader()).isFalse();
    }

    @Test
    void withoutOptionsItHasUmlsDepthAndTheDevicesMtu() {
        PortPlan plan = VectorDevice.parse("vec7:ifname=v1,transport=raw");
        assertThat(plan.depth()).isEqualTo(64);
        assertThat(plan.mtu()).isEqualTo(Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gro=1", "vec=0", "mac=02:00:00:00:00:01", "headroom=64", ""})
    void whatOnlyMattersInsideAGuestIsTakenAndIgnored(String option) {
        assertThat(VectorDevice.parse("vec0:transport=raw,ifname=v1," + option))
                .isEqualTo(VectorDevice.parse("vec0:transport=raw,ifname=v1"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            colour=red       | colour= is ignored: transport=raw has no such key
            src_port=3       | src_port= is ignored: transport=raw has no such key
            ifname=v2        | ifname= is given twice; the first one counts
            depth=1024       | depth=1024: a vector holds 256 packets here
            ifup=/bin/up     | ifup= is ignored: a worker starts no programs
            bpffile=/f       | bpffile= and bpfflash= are ignored: they filter what a guest receives
            bpfflash=1       | bpffile= and bpfflash= are ignored: they filter what a guest receives
            """)
    void whatIsIgnoredAsUmlDoesIsNoted(String option, String note) {
        PortPlan plan = VectorDevice.parse("vec0:transport=raw,ifname=v1," + option);
        assertThat(plan.notes()).containsExactly(note);
        assertThat(((Granted) plan.transport()).grant()).isEqualTo(new GrantRef.OnInterface("packet", "v1"));
        assertThat(plan.depth()).isIn(64, 256);
    }

    @Test
    void aTransportIsKnownByHowItBegins() {
        assertThat(VectorDevice.parse("vec0:transport=tapX,ifname=t0").transport())
                .isEqualTo(new Tap(new Source.Device("t0"), 1, Optional.empty()));
        assertThat(VectorDevice.parse("vec0:transport=rawhide,ifname=v1").transport())
                .isInstanceOf(Granted.class);
    }

    @Test
    void twentyPairsCountAsADeviceAndNoMore() {
        String nineteen = "vec0:transport=raw,ifname=v1"
                + IntStream.range(2, 19).mapToObj(i -> ",k" + i + "=1").reduce("", String::concat);
        assertThat(VectorDevice.parse(nineteen + ",depth=7").notes()).hasSize(17);
        assertThatThrownBy(() -> VectorDevice.parse(nineteen + ",a=1,depth=7,b=2"))
                .hasMessage("more than 20 pairs, which is all that User Mode Linux takes");
    }

    @Test
    void aTapIsADeviceOrAGrant() {
        assertThat(VectorDevice.parse("vec0:transport=tap").transport())
                .isEqualTo(new Tap(new Source.Leased(Optional.empty()), 1, Optional.empty()));
        assertThat(VectorDevice.parse("vec0:transport=tap,grant=guest").transport())
                .isEqualTo(new Tap(new Source.Leased(Optional.of(new GrantRef.Named("guest"))), 1, Optional.empty()));
        assertThat(VectorDevice.parse("vec0:transport=hybrid,ifname=t0").transport())
                .isEqualTo(new Hybrid(new Source.Device("t0"), Optional.empty()));
    }

    @Test
    void greHasItsKeysAndSequence() {
        Gre plain = gre("");
        assertThat(plain.underlay().local()).isEmpty();
        assertThat(plain.underlay().remote().getHostAddress()).isEqualTo("192.0.2.2");
        assertThat(plain.underlay().udp()).isFalse();
        assertThat(plain.rxKey()).isEmpty();
        assertThat(plain.sequence()).isFalse();
        Gre full = gre(",src=192.0.2.1,rx_key=0x55667788,tx_key=-1,sequence=1,pin_sequence=2,grant=wan");
        assertThat(full.underlay().local().orElseThrow().getHostAddress()).isEqualTo("192.0.2.1");
        assertThat(full.underlay().grant()).contains(new GrantRef.Named("wan"));
        assertThat(full.rxKey()).isEqualTo(OptionalLong.of(0x55667788L));
        assertThat(full.txKey()).isEqualTo(OptionalLong.of(0xffffffffL));
        assertThat(full.sequence()).isTrue();
        assertThat(full.pinSequence()).isTrue();
    }

    @Test
    void aSequenceIsPinnedOnlyIfThereIsOne() {
        PortPlan plan = VectorDevice.parse("vec0:transport=gre,dst=192.0.2.2,pin_sequence=1");
        assertThat(((Gre) plan.transport()).pinSequence()).isFalse();
        assertThat(plan.notes()).containsExactly("pin_sequence= has no effect without sequence=1");
    }

    @Test
    void theFamilyIsAsV6Says() {
        Gre gre = (Gre) VectorDevice.parse("vec0:transport=gre,v6=1,src=2001:db8::1,dst=2001:db8::2")
                .transport();
        assertThat(gre.underlay().v6()).isTrue();
        assertThatThrownBy(() -> VectorDevice.parse("vec0:transport=gre,dst=2001:db8::2"))
                .hasMessage("dst=2001:db8::2: an IPv4 address, or v6=1 as well, is expected");
        assertThatThrownBy(() -> VectorDevice.parse("vec0:transport=gre,v6=1,dst=192.0.2.2"))
                .hasMessage("dst=192.0.2.2: an IPv6 address, with v6=1, is expected");
    }

    @Test
    void l2tpv3OverUdpHasPortsAndSessions() {
        L2tpv3 tunnel = l2tpv3(",rx_session=1,tx_session=0xffffffff");
        assertThat(tunnel.underlay().localPort()).isEqualTo(1707);
        assertThat(tunnel.underlay().remotePort()).isEqualTo(1706);
        assertThat(tunnel.rxSession()).isEqualTo(1);
        assertThat(tunnel.txSession()).isEqualTo(0xffffffffL);
        assertThat(tunnel.cookie()).isEqualTo(Cookie.NONE);
        assertThat(tunnel.counter()).isFalse();
        assertThat(tunnel.offset()).isZero();
    }

    @Test
    void l2tpv3OverIpHasNoPorts() {
        PortPlan plan = VectorDevice.parse(
                "vec0:transport=l2tpv3,dst=192.0.2.2,rx_session=-2147483648,tx_session=7,srcport=9,dstport=9");
        L2tpv3 tunnel = (L2tpv3) plan.transport();
        assertThat(tunnel.underlay().udp()).isFalse();
        assertThat(tunnel.rxSession()).isEqualTo(0x80000000L);
        assertThat(plan.notes()).hasSize(2); // the ports
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ,rx_cookie=0x01020304,tx_cookie=5                                   | 4 | 1020304          | 5
            ,rx_cookie=0x1112131415161718,tx_cookie=18446744073709551615,cookie64=1 | 8 | 1112131415161718 | ffffffffffffffff
            ,rx_cookie=010,tx_cookie=0,cookie64=0                               | 4 | 8                | 0
            """)
    void cookiesAreOf32Or64Bits(String keys, int bytes, String rx, String tx) {
        assertThat(l2tpv3(",rx_session=1,tx_session=2" + keys).cookie())
                .isEqualTo(new Cookie(bytes, Long.parseUnsignedLong(rx, 16), Long.parseUnsignedLong(tx, 16)));
    }

    @Test
    void aCounterMayBePinned() {
        assertThat(l2tpv3(",rx_session=1,tx_session=2,counter=1").pinCounter()).isFalse();
        assertThat(l2tpv3(",rx_session=1,tx_session=2,counter=1,pin_counter=1").pinCounter())
                .isTrue();
        assertThat(l2tpv3(",rx_session=1,tx_session=2,pin_counter=1").counter()).isFalse();
    }

    @Test
    void bessConnectsToItsDestinationOrListensAtItsSource() {
        assertThat(VectorDevice.parse("vec0:transport=bess,dst=/run/w.seq,src=/run/me")
                        .transport())
                .isEqualTo(new UnixSeqpacket("/run/w.seq", false, Optional.of("/run/me")));
        assertThat(VectorDevice.parse("vec0:transport=bess,src=/run/w.seq").transport())
                .isEqualTo(new UnixSeqpacket("/run/w.seq", true, Optional.empty()));
    }

    @Test
    void fdIsANumber() {
        assertThat(VectorDevice.parse("vec0:transport=fd,fd=9,depth=64").transport())
                .isEqualTo(new Inherited(9));
    }

    @ParameterizedTest
    @CsvSource({"vde:///run/vde.ctl, 0", "/run/vde.ctl, 0", "vde:///run/vde.ctl[3], 3"})
    void vdeIsASwitchByItsLocator(String vnl, int port) {
        assertThat(VectorDevice.parse("vec0:transport=vde,vnl=" + vnl).transport())
                .isEqualTo(new Vde("/run/vde.ctl", port, Optional.empty(), Optional.empty(), "UML"));
    }

    @Test
    void vdeHasKeysOfItsOwn() {
        assertThat(VectorDevice.parse("vec0:transport=vde,vnl=/d,descr=one,port=5,mode=0660,group=net")
                        .transport())
                .isEqualTo(new Vde("/d", 5, Optional.of("net"), Optional.of(0660), "one"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            nonsense | "nonsense": a vector device is expected, for example vec0:transport=raw,ifname=eth1,depth=128
            :transport=raw | ":transport=raw": a vector device is expected, for example \
            vec0:transport=raw,ifname=eth1,depth=128
            vec0: | a vector device needs transport=
            vec0:transport | "transport": key=value is expected; no comma and no second '=' can be in a value
            vec0:=raw | "=raw": key=value is expected; no comma and no second '=' can be in a value
            vec0:transport=raw=x | "transport=raw=x": key=value is expected; no comma and no second '=' can be in a value
            vec0:transport=pigeon | transport=pigeon is unknown; [raw, hybrid, tap, gre, l2tpv3, bess, fd, vde] are \
            known, and null and generator
            vec0:transport=raw | transport=raw needs ifname=
            vec0:transport=raw,ifname=a,depth=many | depth=many: a number is expected
            vec0:transport=raw,ifname=a,depth=-1 | depth=-1: 1 to 2147483647 is expected
            vec0:transport=raw,ifname=a,depth=4294967295 | depth=4294967295: 1 to 2147483647 is expected
            vec0:transport=raw,ifname=a,depth= | depth=: a number is expected
            vec0:transport=raw,ifname=a,mtu=67 | mtu=67: 68 to 65535 is expected
            vec0:transport=raw,ifname=a,mtu=65536 | mtu=65536: 68 to 65535 is expected
            vec0:transport=raw,ifname=a/b | interface name "a/b": 1 to 15 printable characters without '/', ':', '%' and \
            blanks are expected
            vec0:transport=raw,ifname=a,gro=on | gro=on: a number is expected
            vec0:transport=raw,ifname=a,mac=2 | mac "2": a MAC address such as 02:00:00:00:00:01 is expected
            vec0:transport=hybrid | transport=hybrid needs ifname=
            vec0:transport=gre | transport=gre needs dst=
            vec0:transport=gre,dst=example.org | dst "example.org": an IPv4 or IPv6 address is expected, such as \
            192.0.2.1; names are not looked up
            vec0:transport=gre,dst=0.0.0.0 | peer 0.0.0.0: the address of one host is expected
            vec0:transport=gre,dst=1.2.3.4,rx_key=1 | transport=gre needs both rx_key= and tx_key=, or neither; tx_key= \
            is missing
            vec0:transport=gre,dst=1.2.3.4,rx_key=x,tx_key=1 | rx_key=x: a number is expected
            vec0:transport=gre,dst=1.2.3.4,rx_key=4294967296,tx_key=1 | rx_key=4294967296: -2147483648 to 4294967295 is \
            expected
            vec0:transport=l2tpv3,dst=1.2.3.4 | transport=l2tpv3 needs rx_session= and tx_session=
            vec0:transport=l2tpv3,dst=1.2.3.4,rx_session=1 | transport=l2tpv3 needs both rx_session= and tx_session=, or \
            neither; tx_session= is missing
            vec0:transport=l2tpv3,dst=1.2.3.4,rx_session=0,tx_session=1 | rx session 0: 1 to 4294967295 is expected
            vec0:transport=l2tpv3,udp=1,dst=1.2.3.4,rx_session=1,tx_session=1 | transport=l2tpv3 needs srcport=
            vec0:transport=l2tpv3,udp=1,dst=1.2.3.4,srcport=0,dstport=1,rx_session=1,tx_session=1 | srcport=0: 1 to 65535 \
            is expected
            vec0:transport=l2tpv3,dst=1.2.3.4,rx_session=1,tx_session=1,rx_cookie=1 | transport=l2tpv3 needs both \
            rx_cookie= and tx_cookie=, or neither; tx_cookie= is missing
            vec0:transport=l2tpv3,dst=1.2.3.4,rx_session=1,tx_session=1,rx_cookie=0x100000000,tx_cookie=1 | rx_cookie= and \
            tx_cookie= have 32 bits, at most 0xffffffff; with cookie64=1 they have 64
            vec0:transport=bess | transport=bess needs dst=, the path to connect to, or src= alone, the path to listen at
            vec0:transport=bess,dst=w.seq | path "w.seq": an absolute path is expected, such as /run/guest.sock
            vec0:transport=fd | transport=fd needs fd=
            vec0:transport=fd,fd=2 | fd 2: 3 to 1048576 is expected
            vec0:transport=vde | transport=vde needs vnl=
            vec0:transport=vde,vnl=vxvde://239.1.2.3 | vnl=vxvde://239.1.2.3: a switch's directory, such as \
            vde:///run/vde.ctl or vde:///run/vde.ctl[3], is expected
            vec0:transport=vde,vnl=/d,mode=rw | mode=rw: an octal number such as 0700 is expected
            vec0:transport=generator,frame=9 | frame=9: 42 to 1514 bytes without FCS are expected
            -x:transport=raw,ifname=a | port name "-x": 1 to 32 letters, digits, '_', '.' or '-' are expected, \
            the first a letter or digit
            """)
    void mistakesAreNamed(String device, String message) {
        assertThatThrownBy(() -> VectorDevice.parse(device))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void whatIsTooLongIsNotRepeated() {
        assertThatThrownBy(() -> VectorDevice.parse("vec0:transport=" + "x".repeat(498)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a vector device of 513 characters; at most 512 are expected");
        assertThatThrownBy(() -> VectorDevice.parse("vec0:transport=" + "x".repeat(400)))
                .message()
                .hasSizeLessThan(200);
    }
}
