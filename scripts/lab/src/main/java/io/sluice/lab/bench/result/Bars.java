package io.sluice.lab.bench.result;

import java.util.List;
import java.util.Locale;

/** Draws figures as bars: the median's length, the spread as a line over its end, the median beside them. */
public final class Bars {
    private static final int WIDTH = 720;
    private static final int LEFT = 180;
    private static final int BARS = 400;
    private static final int TOP = 64;
    private static final int STEP = 40;
    private static final int BAR = 24;
    private static final String OURS = "#1f6f8b";
    private static final String THEIRS = "#b8c4c9";

    private Bars() {}

    /** An SVG document of a result; what is not compared with anything is all of our colour. */
    public static String draw(Result result, String effort) {
        String subtitle = result.unit() + ", median of " + effort + "; the line is the spread; "
                + result.better().word();
        return draw(result.title(), subtitle, result.lines());
    }

    /** An SVG document; the lines whose names start with {@code sluice} are of our colour. */
    public static String draw(String title, String subtitle, List<Figures> lines) {
        double most = lines.stream().mapToDouble(Figures::most).max().orElse(1);
        // Nothing but zeros has no scale.
        double scale = most > 0 ? BARS / most : 0;
        int height = TOP + STEP * lines.size() + 24;
        StringBuilder svg = new StringBuilder();
        svg.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                        + "font-family=\"sans-serif\" font-size=\"14\">%n",
                WIDTH, height, WIDTH, height));
        svg.append(format("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n", WIDTH, height));
        svg.append(format("<text x=\"16\" y=\"28\" font-size=\"18\">%s</text>%n", escape(title)));
        svg.append(format("<text x=\"16\" y=\"48\" fill=\"#555\">%s</text>%n", escape(subtitle)));
        boolean compared =
                lines.stream().anyMatch(line -> !isOurs(line)) && lines.stream().anyMatch(Bars::isOurs);
        for (int i = 0; i < lines.size(); i++) {
            String colour = compared && !isOurs(lines.get(i)) ? THEIRS : OURS;
            svg.append(bar(lines.get(i), TOP + STEP * i, scale, colour));
        }
        return svg.append("</svg>\n").toString();
    }

    private static boolean isOurs(Figures line) {
        return line.name().startsWith("sluice");
    }

    private static String bar(Figures line, int y, double scale, String colour) {
        double end = LEFT + line.median() * scale;
        int middle = y + BAR / 2;
        return format(
                        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
                        LEFT - 10, middle + 5, escape(line.name()))
                + format(
                        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                        LEFT, y, end - LEFT, BAR, colour)
                + format(
                        "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#333\" stroke-width=\"2\"/>%n",
                        LEFT + line.least() * scale, middle, LEFT + line.most() * scale, middle)
                + format(
                        "<text x=\"%.1f\" y=\"%d\">%s</text>%n",
                        LEFT + line.most() * scale + 10, middle + 5, SuiteReport.number(line.median()));
    }

    /** Always with a point in fractions, whatever the locale. */
    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
