package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TunnelOptionsTest {
    @Test
    void fiveRunsOfEverythingUnlessToldOtherwise() {
        TunnelOptions options = TunnelOptions.parse(List.of());

        assertThat(options.runs()).isEqualTo(5);
        assertThat(options.loads()).containsExactly(TunnelOptions.Load.FRAMES, TunnelOptions.Load.TCP);
        assertThat(options.rows()).hasSameSizeAs(TunnelRow.all());
    }

    @Test
    void transportsAndLoadsAreChosenByName() {
        TunnelOptions options = TunnelOptions.parse(
                List.of("--only", "gre,nsh", "--load", "tcp", "--contenders", "sluice", "--out", "x.json"));

        assertThat(options.rows()).extracting(TunnelRow::name).containsExactly("gre", "nsh");
        assertThat(options.loads()).containsExactly(TunnelOptions.Load.TCP);
        assertThat(options.contenders()).containsExactly("sluice");
        assertThat(options.out()).contains(Path.of("x.json"));
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TunnelOptions.parse(List.of("--only", "ipip")))
                .withMessageContaining("ipip")
                .withMessageContaining("vxlan-gpe");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TunnelOptions.parse(List.of("--contenders", "vpp")))
                .withMessageContaining("openvswitch");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TunnelOptions.parse(List.of("--load", "udp")))
                .withMessageContaining("frames or tcp");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TunnelOptions.parse(List.of("--rate", "5")))
                .withMessageContaining("--rate is 100000");
    }

    @Test
    void wordsOfARowHaveTheAddressesOfTheirEnd() {
        TunnelRow vxlan6 = TunnelRow.all().get(1);

        assertThat(vxlan6.at(TunnelNet.End.FAR, vxlan6.ours()))
                .isEqualTo("tun --kind vxlan --vni 42 --local fd00:2::2 --remote fd00:2::1");
    }
}
