package io.sluice.worker.conductor;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** The option string of User Mode Linux: a plan that reads the same when it is written again, or an error that is short. */
class PortPlanFuzzTest {
    private static final int LONGEST = 1024;
    private static final int LONGEST_DEVICE = 256;

    @FuzzTest
    void aVectorDeviceIsAPlanOrAnError(byte[] bytes) {
        PortPlan plan;
        try {
            plan = VectorDevice.parse(new String(bytes, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(LONGEST);
            return;
        }
        String written = written(plan);
        if (written.length() <= LONGEST_DEVICE) { // with every default written out it may have become too long
            assertThat(VectorDevice.parse(written)).isEqualTo(plan);
        }
    }

    private static String written(PortPlan plan) {
        String keys = "null";
        if (plan.target() instanceof PortPlan.Target.Interface device) {
            keys = "raw,ifname=" + device.name();
        } else if (plan.target() instanceof PortPlan.Target.Generator made) {
            keys = "generator,frame=" + made.length() + ",dst=" + made.destination() + ",src=" + made.source();
        }
        String mtu = plan.mtu().map(bytes -> ",mtu=" + bytes).orElse("");
        return plan.name() + ":transport=" + keys + ",depth=" + plan.depth() + mtu;
    }
}
