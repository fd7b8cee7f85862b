package io.sluice.lab.bench.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sluice.lab.LabException;
import io.sluice.lab.bench.result.Check.Finding;
import io.sluice.lab.bench.result.Check.Verdict;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

final class SuiteReportTest {
    private static final Result FORWARDED = rates("l2fwd.xdp.64", 2.0, 1.0);

    @Test
    void aRatioOfMediansIsJudgedByItsBound() {
        assertThat(finding(report(rates("l2fwd.xdp.64", 1.7, 1.0)), "l2fwd.xdp.64")
                        .verdict())
                .isEqualTo(Verdict.OK);
        assertThat(finding(report(rates("l2fwd.xdp.64", 1.6, 1.0)), "l2fwd.xdp.64")
                        .verdict())
                .isEqualTo(Verdict.FAILED);
        assertThat(finding(report(FORWARDED), "l2fwd.xdp.64").seen().orElseThrow())
                .isCloseTo(2.0, within(1e-9));
    }

    @Test
    void lessIsBetterWhereTheBoundSaysSo() {
        assertThat(finding(report(result("restart.gap", Figures.of("sluice", List.of(1.5)))), "restart.gap")
                        .verdict())
                .isEqualTo(Verdict.OK);
        assertThat(finding(report(result("restart.gap", Figures.of("sluice", List.of(1.51)))), "restart.gap")
                        .verdict())
                .isEqualTo(Verdict.FAILED);
    }

    @Test
    void aMissThatRoundingWouldHideIsShown() {
        assertThat(report(rates("l2fwd.xdp.64", 1.696, 1.0)).table(false)).contains(" 1.696 ");
        assertThat(report(rates("l2fwd.xdp.64", 1.704, 1.0)).table(false)).contains(" 1.70 ");
        assertThat(report(rates("l2fwd.xdp.64", 1.604, 1.0)).table(false)).contains(" 1.60 ");
    }

    @Test
    void aPeerThatIsMissingMakesNoFailure() {
        Finding finding = finding(report(result("l2fwd.xdp.64", Figures.of("sluice", List.of(2.0)))), "l2fwd.xdp.64");

        assertThat(finding.verdict()).isEqualTo(Verdict.NOT_MEASURED);
        assertThat(finding.why()).contains("testpmd-af_xdp");
    }

    @Test
    void aPeerThatDidNothingMakesOne() {
        assertThat(finding(report(rates("l2fwd.xdp.64", 2.0, 0.0)), "l2fwd.xdp.64")
                        .verdict())
                .isEqualTo(Verdict.FAILED);
    }

    @Test
    void aMeasurementThatFailedFailsItsChecks() {
        SuiteReport report =
                new SuiteReport(Map.of(), "1 run", List.of(), Map.of("restart.gap", "nothing came\nfor 60 s"));

        assertThat(report.failed()).isTrue();
        assertThat(report.table(false)).contains("FAILED (nothing came)").endsWith("0 ok, 1 FAILED, 0 not measured\n");
    }

    @Test
    void nothingMeasuredIsNoFailure() {
        SuiteReport report = new SuiteReport(Map.of(), "1 run", List.of(), Map.of());

        assertThat(report.failed()).isFalse();
        assertThat(report.table(true)).contains("not measured (left out)");
        assertThat(report.table(false)).isEqualTo("0 ok, 0 FAILED, 0 not measured\n");
    }

    @Test
    void theSameReportComesOutOfItsJson() {
        SuiteReport report = new SuiteReport(
                Map.of("Linux", "6.18"), "5 runs of 5 s", List.of(FORWARDED), Map.of("tcp.xdp", "\"why\""));

        SuiteReport again = SuiteReport.parse(report.json());

        assertThat(again.json()).isEqualTo(report.json());
        assertThat(again.findings()).isEqualTo(report.findings());
        assertThat(again.results().get(0).lines().get(0).cpuNs()).isEqualTo(500);
        assertThat(again.results().get(0).lines().get(1).cpuNs()).isNaN();
    }

    @Test
    void theFiguresAreShownWithSpreadAndRatio() {
        assertThat(report(FORWARDED).figures())
                .containsPattern("sluice +2\\.00 +1\\.00 \\.\\. 3\\.00 +500 ns CPU")
                .containsPattern("testpmd-af_xdp +1\\.00 +1\\.00 \\.\\. 1\\.00 +2\\.00");
    }

    @Test
    void theSectionReplacesWhatIsBetweenTheMarkers() {
        String page = "before\n" + Markdown.BEGIN + "\nold\n" + Markdown.END + "\nafter\n";

        String written = Markdown.replaced(page, Markdown.section(report(FORWARDED), "plots/"));

        assertThat(written)
                .startsWith("before\n" + Markdown.BEGIN + "\n")
                .endsWith(Markdown.END + "\nafter\n")
                .doesNotContain("old")
                .contains("| l2fwd flooded, af_xdp, 64 B, against testpmd | 2.00 | >= 1.70 | ok |")
                .contains("](plots/l2fwd.xdp.64.svg)");
        assertThat(Markdown.replaced(written, "new")).contains("new").doesNotContain("2.00");
    }

    @Test
    void aPageWithoutMarkersIsNotTouched() {
        assertThatThrownBy(() -> Markdown.replaced("page", "new"))
                .isInstanceOf(LabException.class)
                .hasMessageContaining(Markdown.BEGIN);
    }

    @Test
    void aPlotOfZerosIsXmlAllTheSame() throws Exception {
        String svg = Bars.draw(result("restart.reordered", Figures.of("a&b", List.of(0.0))), "1 run");

        var document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
        assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(2);
        assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
    }

    @Test
    void figuresThatAreNoneAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Figures.of("x", List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> Figures.of("x", List.of(Double.NaN)));
        assertThatIllegalArgumentException().isThrownBy(() -> result("../x", Figures.of("x", List.of(1.0))));
    }

    private static SuiteReport report(Result result) {
        return new SuiteReport(Map.of(), "3 runs", List.of(result), Map.of());
    }

    private static Finding finding(SuiteReport report, String result) {
        return report.findings().stream()
                .filter(finding -> finding.check().result().equals(result))
                .findFirst()
                .orElseThrow();
    }

    private static Result rates(String id, double ours, double theirs) {
        return new Result(
                id,
                "l2fwd",
                "Mpps",
                Result.Better.MORE,
                List.of(
                        new Figures("sluice", List.of(ours, 1.0, 3.0), 500),
                        Figures.of("testpmd-af_xdp", List.of(theirs))));
    }

    private static Result result(String id, Figures line) {
        return new Result(id, "title", "s", Result.Better.LESS, List.of(line));
    }
}
