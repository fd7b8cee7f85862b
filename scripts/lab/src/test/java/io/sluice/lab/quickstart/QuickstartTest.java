package io.sluice.lab.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.lab.Json;
import io.sluice.lab.Kind;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class QuickstartTest {
    @Test
    void packetPortsAreShownUnlessToldOtherwise() {
        assertThat(Options.parse().kind()).isEqualTo(Kind.PACKET);
        assertThat(Options.parse("--kind", "xdp", "--keep", "/f", "--json").keep())
                .contains(Path.of("/f"));
    }

    @Test
    void aWrongOptionIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse("--fast"))
                .withMessageContaining("--fast");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse("--seconds", "0"))
                .withMessageContaining("1 to 600");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse("--kind", "tap"))
                .withMessageContaining("packet or xdp");
    }

    @Test
    void aProcessWithoutCapabilitiesAndNewPrivilegesHasNone() {
        assertThat(Privileges.parse(status(61001, "0000000000000000", 1)).none())
                .isTrue();
        assertThat(Privileges.parse(status(0, "0000000000000000", 1)).none()).isFalse();
        assertThat(Privileges.parse(status(61001, "0000000000002000", 1)).none())
                .isFalse();
        assertThat(Privileges.parse(status(61001, "0000000000000000", 0)).none())
                .isFalse();
    }

    @Test
    void aReportHoldsOnlyIfEverythingInItDoes() {
        Report report = new Report();
        assertThat(report.held()).isFalse();
        report.add("a", "first", 1, "1", true);
        assertThat(report.held()).isTrue();
        report.add("b", "second", List.of("x"), "x\ny", false);

        assertThat(report.held()).isFalse();
        assertThat(report.text()).containsPattern("FAIL second +x\n +y").doesNotContain("FAIL first");
        assertThat(Json.at(Json.parse(report.json()), "failed", 0)).contains("b");
        assertThat(Json.at(Json.parse(report.json()), "ok")).contains(false);
    }

    private static String status(int uid, String caps, int noNewPrivs) {
        return String.format(
                "Name:\tjava\nUid:\t7\t%d\t7\t7\nCapEff:\t%s\nCapBnd:\t%s\nNoNewPrivs:\t%d\n",
                uid, caps, caps, noNewPrivs);
    }
}
