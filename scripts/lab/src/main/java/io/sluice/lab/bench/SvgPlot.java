package io.sluice.lab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws a report as bars: the median's length, the spread as a line over its end, figures beside them. */
final class SvgPlot {
    private static final int WIDTH = 720;
    private static final int LEFT = 150;
    private static final int BARS = 430;
    private static final int TOP = 64;
    private static final int STEP = 40;
    private static final int BAR = 24;
    private static final String OURS = "#1f6f8b";
    private static final String THEIRS = "#b8c4c9";

    private SvgPlot() {}

    /** The SVG document. */
    static String draw(Report report) {
        List<Series> all = new ArrayList<>();
        report.ours().ifPresent(all::add);
        all.addAll(report.peers());
        double most = all.stream().mapToDouble(Series::most).max().orElse(1);
        int height = TOP + STEP * all.size() + 24;
        StringBuilder svg = new StringBuilder();
        svg.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                        + "font-family=\"sans-serif\" font-size=\"14\">%n",
                WIDTH, height, WIDTH, height));
        svg.append(format("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n", WIDTH, height));
        svg.append(format("<text x=\"16\" y=\"28\" font-size=\"18\">%s</text>%n", escape(title(report.options()))));
        svg.append(format("<text x=\"16\" y=\"48\" fill=\"#555\">%s</text>%n", escape(subtitle(report.options()))));
        for (int i = 0; i < all.size(); i++) {
            boolean ours = i == 0 && report.ours().isPresent();
            svg.append(bar(all.get(i), TOP + STEP * i, BARS / most, ours ? OURS : THEIRS));
        }
        return svg.append("</svg>\n").toString();
    }

    private static String title(Options options) {
        return options.work().word() + ", " + options.kind().word() + " ports, " + options.frame() + "-byte frames";
    }

    private static String subtitle(Options options) {
        return options.work().unit() + ", median of " + options.runs()
                + " runs; the line is the spread; more is better";
    }

    private static String bar(Series series, int y, double scale, String colour) {
        double end = LEFT + series.median() * scale;
        int middle = y + BAR / 2;
        return format(
                        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
                        LEFT - 10, middle + 5, escape(series.name()))
                + format(
                        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                        LEFT, y, end - LEFT, BAR, colour)
                + format(
                        "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#333\" stroke-width=\"2\"/>%n",
                        LEFT + series.least() * scale, middle, LEFT + series.most() * scale, middle)
                + format(
                        "<text x=\"%.1f\" y=\"%d\">%.2f</text>%n",
                        LEFT + series.most() * scale + 10, middle + 5, series.median());
    }

    /** Always with a point in fractions, whatever the locale. */
    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
