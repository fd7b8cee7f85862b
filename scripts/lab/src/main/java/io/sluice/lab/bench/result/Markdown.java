package io.sluice.lab.bench.result;

import io.sluice.lab.LabException;
import io.sluice.lab.bench.result.Check.Finding;
import java.util.Locale;
import java.util.stream.Collectors;

/** A report as a section of a page, which is written anew between two markers. */
public final class Markdown {
    /** Before the section, on a line of its own. */
    static final String BEGIN = "<!-- bench suite -->";

    /** After it. */
    static final String END = "<!-- end of bench suite -->";

    private Markdown() {}

    /**
     * The section.
     *
     * @param plots where the plots are, as seen from the page, with a slash at the end; empty: there are none
     */
    public static String section(SuiteReport report, String plots) {
        StringBuilder out = new StringBuilder();
        out.append(report.machine().entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining("; ")))
                .append("; ")
                .append(report.effort())
                .append(".\n\n| check | seen | bound | |\n|---|---|---|---|\n");
        report.findings().forEach(finding -> out.append(row(finding)));
        out.append("\nMedians, and least to most, of what the checks were made of, and of the rest:\n\n");
        out.append(
                "| measured | contender | median | spread | ours / theirs | CPU a packet |\n|---|---|---|---|---|---|\n");
        report.results().forEach(result -> out.append(rows(result)));
        if (!plots.isEmpty()) {
            out.append('\n');
            report.plotted()
                    .forEach(result -> out.append("![" + result.title() + "](" + plots + result.id() + ".svg)\n"));
        }
        return out.toString();
    }

    private static String row(Finding finding) {
        return "| " + finding.check().what() + " | "
                + SuiteReport.seen(finding)
                + " | " + finding.check().rule() + " | " + finding.verdict().word()
                + (finding.why().isEmpty() ? "" : ": " + cell(SuiteReport.firstLine(finding.why()))) + " |\n";
    }

    private static String rows(Result result) {
        StringBuilder out = new StringBuilder();
        double ours =
                result.lines().isEmpty() ? Double.NaN : result.lines().get(0).median();
        for (int i = 0; i < result.lines().size(); i++) {
            Figures line = result.lines().get(i);
            String ratio =
                    i == 0 || !result.compares() || line.median() == 0 ? "" : SuiteReport.number(ours / line.median());
            String cpu = Double.isNaN(line.cpuNs()) ? "" : String.format(Locale.ROOT, "%.0f ns", line.cpuNs());
            out.append("| ")
                    .append(i == 0 ? cell(result.title()) + ", " + result.unit() : "")
                    .append(" | ")
                    .append(cell(line.name()))
                    .append(" | ")
                    .append(SuiteReport.number(line.median()))
                    .append(" | ")
                    .append(SuiteReport.number(line.least()))
                    .append(" to ")
                    .append(SuiteReport.number(line.most()))
                    .append(" | ")
                    .append(ratio)
                    .append(" | ")
                    .append(cpu)
                    .append(" |\n");
        }
        return out.toString();
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    /**
     * {@code page} with {@code section} in place of what is between the markers.
     *
     * @throws LabException the page has not got both, in this order
     */
    public static String replaced(String page, String section) {
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new LabException("the page needs a line \"" + BEGIN + "\" and, later, a line \"" + END + "\"");
        }
        return page.substring(0, begin + BEGIN.length()) + "\n\n" + section + "\n" + page.substring(end);
    }
}
