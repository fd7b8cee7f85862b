package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.lab.bench.result.Check;
import io.sluice.lab.bench.result.Checks;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SuiteOptionsTest {
    @Test
    void allStepsRunUnlessToldOtherwise() {
        assertThat(names(SuiteOptions.parse()))
                .isEqualTo(Steps.all().stream().map(Step::name).toList());
        assertThat(SuiteOptions.parse().effort().runs()).isEqualTo(5);
    }

    @Test
    void stepsAreNamedByTheirFirstWords() {
        assertThat(names(SuiteOptions.parse("--only", "nodrop.xdp,idle")))
                .containsExactly("nodrop.xdp.64", "nodrop.xdp.256", "nodrop.xdp.1514", "idle");
    }

    @Test
    void whatIsAskedForIsTakenWithTheShortFormToo() {
        SuiteOptions options = SuiteOptions.parse(
                "--quick", "--runs", "3", "--loss", "0", "--endurance", "60", "--out", "d", "--from", "f.json");

        assertThat(options.effort().runs()).isEqualTo(3);
        assertThat(options.effort().seconds()).isEqualTo(Effort.QUICK.seconds());
        assertThat(options.effort().lossPpm()).isZero();
        assertThat(options.effort().endurance()).isEqualTo(60);
        assertThat(options.output()).contains(Path.of("d"));
        assertThat(options.from()).contains(Path.of("f.json"));
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SuiteOptions.parse("--only", "l2"))
                .withMessageContaining("\"l2\"")
                .withMessageContaining("l2fwd.xdp.64");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SuiteOptions.parse("--runs", "0"))
                .withMessageContaining("1 to 99");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SuiteOptions.parse("--fast"))
                .withMessageContaining("--fast");
    }

    @Test
    void everyCheckHasAStepThatMeasuresItInTheShortFormToo() {
        for (SuiteOptions options : List.of(SuiteOptions.parse(), SuiteOptions.parse("--quick"))) {
            List<String> given = options.steps().stream()
                    .flatMap(step -> step.gives().stream())
                    .toList();
            assertThat(given).doesNotHaveDuplicates();
            assertThat(given).containsAll(Checks.ALL.stream().map(Check::result).toList());
        }
    }

    private static List<String> names(SuiteOptions options) {
        return options.steps().stream().map(Step::name).toList();
    }
}
