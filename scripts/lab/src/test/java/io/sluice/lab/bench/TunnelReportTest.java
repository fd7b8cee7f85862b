package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.bench.TunnelOptions.Load;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TunnelReportTest {
    private static final TunnelRow VXLAN = TunnelRow.all().get(0);

    private final TunnelReport report = new TunnelReport(TunnelOptions.parse(List.of("--runs", "3")));

    @Test
    void aLineShowsEveryContenderAndItsRatio() {
        report.add(new TunnelReport.Line(
                VXLAN, Load.TCP, List.of(series("sluice", 2, 3, 4), series("openvswitch", 1.5), series("kernel", 5))));

        assertThat(report.table())
                .contains("| vxlan | TCP, Gbit/s | 3.00 (2.00 to 4.00) | 1.50 (1.50 to 1.50) | 2.00 |"
                        + " 5.00 (5.00 to 5.00) | 0.60 |")
                .contains("ok     vxlan tcp / openvswitch: 2.00")
                .contains("ok     vxlan tcp / kernel: 0.60");
        assertThat(report.ok()).isTrue();
    }

    @Test
    void beingAsFastAsOpenVswitchIsNotAheadOfIt() {
        report.add(new TunnelReport.Line(VXLAN, Load.FRAMES, List.of(series("sluice", 80), series("openvswitch", 80))));

        assertThat(report.table()).contains("FAILED vxlan frames / openvswitch: 1.00");
        assertThat(report.json()).contains("\"ok\": false");
        assertThat(report.ok()).isFalse();
    }

    @Test
    void theKernelIsAGoalForStreamsOnly() {
        report.add(new TunnelReport.Line(VXLAN, Load.FRAMES, List.of(series("sluice", 100), series("kernel", 900))));
        assertThat(report.ok()).isTrue();

        report.add(new TunnelReport.Line(VXLAN, Load.TCP, List.of(series("sluice", 1), series("kernel", 2.1))));
        assertThat(report.table()).contains("FAILED vxlan tcp / kernel: 0.48, at least 0.5 wanted");
    }

    @Test
    void aTransportWithoutPeersHasNoGoal() {
        report.add(new TunnelReport.Line(VXLAN, Load.FRAMES, List.of(series("sluice", 80))));

        assertThat(report.table()).contains("| 80 (80 to 80) | - | - | - | - |");
        assertThat(report.ok()).isTrue();
    }

    private static Series series(String name, double... figures) {
        Series series = new Series(name);
        for (double figure : figures) {
            series.add(figure, Double.NaN);
        }
        return series;
    }
}
