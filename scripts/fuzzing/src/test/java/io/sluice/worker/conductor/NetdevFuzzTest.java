package io.sluice.worker.conductor;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.worker.conductor.plan.Netdev;
import io.sluice.worker.conductor.plan.PortPlan;
import java.nio.charset.StandardCharsets;

/** The option string of QEMU: a plan, the same with and without its first word, or an error that is short. */
class NetdevFuzzTest {
    private static final int LONGEST = 1024;
    private static final int LONGEST_NETDEV = 480;

    @FuzzTest
    void aNetdevIsAPlanOrAnError(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        PortPlan plan;
        try {
            plan = Netdev.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(LONGEST);
            return;
        }
        if (text.length() < LONGEST_NETDEV && !text.strip().startsWith("-")) {
            assertThat(Netdev.parse("-netdev " + text)).isEqualTo(plan);
        }
    }
}
