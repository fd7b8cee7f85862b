package io.sluice.worker.conductor;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.Granted;
import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.conductor.plan.Synthetic;
import io.sluice.worker.conductor.plan.VectorDevice;
import java.nio.charset.StandardCharsets;

/** The option string of User Mode Linux: a plan that reads the same when it is written again, or an error that is short. */
class PortPlanFuzzTest {
    private static final int LONGEST = 1024;
    private static final int LONGEST_DEVICE = 512;

    @FuzzTest
    void aVectorDeviceIsAPlanOrAnError(byte[] bytes) {
        PortPlan plan;
        try {
            plan = VectorDevice.parse(new String(bytes, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(LONGEST);
            return;
        }
        String written = written(plan); // with every default written out it may be too long
        if (!written.isEmpty() && written.length() <= LONGEST_DEVICE) {
            PortPlan again = VectorDevice.parse(written);
            assertThat(again.transport()).isEqualTo(plan.transport());
            assertThat(again.depth()).isEqualTo(plan.depth());
            assertThat(again.mtu()).isEqualTo(plan.mtu());
            assertThat(again.notes()).isEmpty();
        }
    }

    /** Empty for transports with more keys than this test wants to know. */
    private static String written(PortPlan plan) {
        String keys;
        if (plan.transport() instanceof Granted granted) {
            keys = granted.grant() instanceof GrantRef.OnInterface device
                    ? "raw,ifname=" + device.interfaceName()
                    : "raw,grant=" + ((GrantRef.Named) granted.grant()).name();
        } else if (plan.transport() instanceof Synthetic.Generator made) {
            keys = "generator,frame=" + made.length() + ",dst=" + made.destination() + ",src=" + made.source();
        } else if (plan.transport() instanceof Synthetic.Discard) {
            keys = "null";
        } else {
            return "";
        }
        String mtu = plan.mtu().map(bytes -> ",mtu=" + bytes).orElse("");
        return plan.name() + ":transport=" + keys + ",depth=" + plan.depth() + mtu;
    }
}
