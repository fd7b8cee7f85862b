package io.sluice.lab.bench;

import io.sluice.lab.bench.result.Bars;
import io.sluice.lab.bench.result.Figures;
import java.util.ArrayList;
import java.util.List;

/** Draws a report as bars. */
final class SvgPlot {
    private SvgPlot() {}

    /** The SVG document. */
    static String draw(Report report) {
        List<Figures> all = new ArrayList<>();
        report.ours().ifPresent(ours -> all.add(ours.figures(false)));
        report.peers().forEach(peer -> all.add(peer.figures(false)));
        return Bars.draw(title(report.options()), subtitle(report.options()), all);
    }

    private static String title(Options options) {
        return options.work().word() + ", " + options.kind().word() + " ports, " + options.frame() + "-byte frames";
    }

    private static String subtitle(Options options) {
        return options.work().unit() + ", median of " + options.runs()
                + " runs; the line is the spread; more is better";
    }
}
