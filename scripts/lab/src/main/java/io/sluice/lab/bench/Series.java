package io.sluice.lab.bench;

import io.sluice.lab.bench.result.Figures;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The figures of one contender, one a run. */
final class Series {
    private final String name;
    private final List<Double> figures = new ArrayList<>();
    private final List<Double> cpu = new ArrayList<>();

    /** Of the contender {@code name}. */
    Series(String name) {
        this.name = name;
    }

    /** Adds a run: its figure, and the CPUs that the contender's process used meanwhile (NaN: unknown). */
    void add(double figure, double cpus) {
        figures.add(figure);
        cpu.add(cpus);
    }

    String name() {
        return name;
    }

    boolean isEmpty() {
        return figures.isEmpty();
    }

    /** The figure of the last run. */
    double last() {
        return figures.get(figures.size() - 1);
    }

    /** The median figure; the mean of the two in the middle if their number is even. */
    double median() {
        return median(figures);
    }

    double least() {
        return Collections.min(figures);
    }

    double most() {
        return Collections.max(figures);
    }

    /** Median of the CPUs used; NaN if unknown. */
    double cpus() {
        return median(cpu);
    }

    /**
     * The same for a report of a suite.
     *
     * @param countsPackets whether the figures are millions of packets a second, so that there is a CPU time for each
     */
    Figures figures(boolean countsPackets) {
        List<Double> nanoseconds = new ArrayList<>();
        for (int i = 0; i < figures.size(); i++) {
            nanoseconds.add(cpu.get(i) / figures.get(i) * 1e3);
        }
        boolean known = countsPackets && nanoseconds.stream().allMatch(Double::isFinite);
        return new Figures(name, figures, known ? Figures.median(nanoseconds) : Double.NaN);
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int size = sorted.size();
        return (sorted.get((size - 1) / 2) + sorted.get(size / 2)) / 2;
    }
}
