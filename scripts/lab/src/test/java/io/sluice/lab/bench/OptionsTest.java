package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.lab.Kind;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class OptionsTest {
    @Test
    void smallFramesAreForwardedUnlessToldOtherwise() {
        assertThat(Options.parse("l2fwd").frame()).isEqualTo(64);
        assertThat(Options.parse("tcp").frame()).isEqualTo(1514);
        assertThat(Options.parse("rx", "--frame", "128").frame()).isEqualTo(128);
    }

    @Test
    void everyOptionIsTaken() {
        Options options = Options.parse(
                "rx",
                "--kind",
                "packet",
                "--mode",
                "skb",
                "--runs",
                "5",
                "--seconds",
                "7",
                "--warmup",
                "0",
                "--rate",
                "1000000",
                "--sink",
                "xdp",
                "--only",
                "sluice,c-mmsg",
                "--json",
                "--plot",
                "x.svg");

        assertThat(options.kind()).isEqualTo(Kind.PACKET);
        assertThat(options.runs()).isEqualTo(5);
        assertThat(options.rate()).isEqualTo(1_000_000);
        assertThat(options.only()).containsExactly("sluice", "c-mmsg");
        assertThat(options.plot()).contains(Path.of("x.svg"));
        assertThat(options.json()).isTrue();
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatIllegalArgumentException().isThrownBy(Options::parse).withMessageContaining("l2fwd");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse("fly"))
                .withMessageContaining("\"fly\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse("rx", "--runs"))
                .withMessageContaining("--runs needs a value");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse("rx", "--runs", "0"))
                .withMessageContaining("1 to 99");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse("rx", "--frame", "99999999999"))
                .withMessageContaining("\"99999999999\"");
    }
}
