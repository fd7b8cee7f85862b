package io.sluice.worker.conductor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.v1.GrantRequest;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VectorDeviceTest {
    @Test
    void aRawDeviceBecomesAPacketPortOnItsInterface() {
        PortPlan plan = VectorDevice.parse("vec0:transport=raw,ifname=eth1,depth=128,mtu=9000");
        assertThat(plan.name()).isEqualTo("vec0");
        assertThat(plan.target()).isEqualTo(new PortPlan.Target.Interface("packet", "eth1"));
        assertThat(plan.depth()).isEqualTo(128);
        assertThat(plan.mtu()).contains(9000);
        assertThat(plan.narrow().getNarrowCase()).isEqualTo(GrantRequest.NarrowCase.PACKET);
        assertThat(plan.narrow().getPacket().hasVnetHeader()).isFalse();
    }

    @Test
    void withoutOptionsItHasUmlsDepthAndTheDevicesMtu() {
        PortPlan plan = VectorDevice.parse("vec7:ifname=v1,transport=raw");
        assertThat(plan.depth()).isEqualTo(64);
        assertThat(plan.mtu()).isEqualTo(Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gro=1", "vec=0", "mac=02:00:00:00:00:01", "headroom=64"})
    void whatOnlyMattersInsideAGuestIsTakenAndIgnored(String option) {
        assertThat(VectorDevice.parse("vec0:transport=raw,ifname=v1," + option))
                .isEqualTo(VectorDevice.parse("vec0:transport=raw,ifname=v1"));
    }

    @Test
    void aDepthBeyondOurVectorsIsCutToThem() {
        assertThat(VectorDevice.parse("vec0:transport=raw,ifname=v1,depth=1024").depth())
                .isEqualTo(256);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            nonsense | "nonsense": a vector device is expected, for example vec0:transport=raw,ifname=eth1,depth=128
            :transport=raw | ":transport=raw": a vector device is expected, for example \
            vec0:transport=raw,ifname=eth1,depth=128
            vec0: | "": key=value is expected
            vec0:transport=raw, | "": key=value is expected
            vec0:transport | "transport": key=value is expected
            vec0:=raw | "=raw": key=value is expected
            vec0:transport=raw=x | "transport=raw=x": key=value is expected
            vec0:ifname=v1 | transport= is missing; [raw, null, generator] are known
            vec0:transport=tap,ifname=v1 | transport=tap is not supported yet; this version has [raw, null, generator]
            vec0:transport=gre | transport=gre is not supported yet; this version has [raw, null, generator]
            vec0:transport=pigeon | transport=pigeon is unknown; [raw, null, generator] are known
            vec0:transport=raw | transport=raw needs ifname=
            vec0:transport=raw,ifname=a,ifname=b | key ifname is given twice
            vec0:transport=raw,ifname=a,colour=red | key colour is unknown to transport=raw; it has \
            [depth, gro, headroom, ifname, mac, mtu, transport, vec]
            vec0:transport=raw,ifname=a,depth=many | depth=many: a number is expected
            vec0:transport=raw,ifname=a,depth=-1 | depth=-1: a number is expected
            vec0:transport=raw,ifname=a,depth=4294967295 | depth=4294967295: a number is expected
            vec0:transport=raw,ifname=a,depth= | depth=: a number is expected
            vec0:transport=raw,ifname=a,depth=0 | depth 0: 1 to 256 is expected
            vec0:transport=raw,ifname=a,mtu=67 | mtu 67: 68 to 65535 bytes are expected
            vec0:transport=raw,ifname=a,mtu=65536 | mtu 65536: 68 to 65535 bytes are expected
            -x:transport=raw,ifname=a | port name "-x": 1 to 32 letters, digits, '_', '.' or '-' are expected, \
            the first a letter or digit
            """)
    void mistakesAreNamed(String device, String message) {
        assertThatThrownBy(() -> VectorDevice.parse(device))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tap", "hybrid", "gre", "l2tpv3", "bess", "fd", "vde"})
    void everyOtherTransportOfUmlIsKnownByName(String transport) {
        assertThatThrownBy(() -> VectorDevice.parse("vec0:transport=" + transport))
                .hasMessage(
                        "transport=" + transport + " is not supported yet; this version has [raw, null, generator]");
    }

    @Test
    void whatIsTooLongIsNotRepeated() {
        assertThatThrownBy(() -> VectorDevice.parse("vec0:transport=" + "x".repeat(242)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a vector device of 257 characters; at most 256 are expected");
    }
}
