package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

final class ReportTest {
    private static final Options OPTIONS = Options.parse("l2fwd", "--runs", "3");

    @Test
    void theJsonObjectHasExactlyTheseMembers() {
        assertThat(report().json())
                .isEqualTo("{\"work\": \"l2fwd\", \"kind\": \"xdp\", \"frame\": 64, \"unit\": \"Mpps\", \"ours\": 2.0, "
                        + "\"peers\": {\"p&q\": 1.6}, \"ratios\": {\"p&q\": 1.25}, \"runs\": 3}");
    }

    @Test
    void withoutOursThereAreNoRatios() {
        Report report = new Report(OPTIONS, Optional.empty(), report().peers());

        assertThat(report.json()).contains("\"ours\": null").contains("\"ratios\": {}");
        assertThat(report.table()).doesNotContain("1.25");
    }

    @Test
    void theTableShowsMedianSpreadAndRatio() {
        assertThat(report().table())
                .containsPattern("sluice +2\\.00 +1\\.00 \\.\\. 3\\.00 +0\\.50")
                .containsPattern("p&q +1\\.60 +1\\.60 \\.\\. 1\\.60 +- +1\\.25");
    }

    @Test
    void aMedianOfTwoIsTheirMean() {
        assertThat(series("x", 1, 2).median()).isEqualTo(1.5);
    }

    @Test
    void thePlotIsXmlWithABarForEach() throws Exception {
        String svg = SvgPlot.draw(report());

        var document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
        assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(3);
        assertThat(svg).contains("p&amp;q").contains("2.00");
    }

    private static Report report() {
        Series ours = new Series("sluice");
        ours.add(3, 0.5);
        ours.add(1, 0.4);
        ours.add(2, 0.6);
        return new Report(OPTIONS, Optional.of(ours), List.of(series("p&q", 1.6)));
    }

    private static Series series(String name, double... figures) {
        Series series = new Series(name);
        for (double figure : figures) {
            series.add(figure, Double.NaN);
        }
        return series;
    }
}
