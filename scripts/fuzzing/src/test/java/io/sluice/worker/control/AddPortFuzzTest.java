package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.worker.conductor.plan.Granted;
import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.v1.AddPortRequest;

/** Any bytes as a request for a port: a plan within its limits, or an error that fits into a gRPC status. */
class AddPortFuzzTest {
    /** What is said has to fit into the 8 KiB of headers that HTTP/2 peers take, each byte perhaps as %XX. */
    private static final int LONGEST = 1024;

    @FuzzTest
    void aRequestIsAPlanOrAnError(byte[] bytes) {
        AddPortRequest request;
        try {
            request = AddPortRequest.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            return; // gRPC answers itself
        }
        PortPlan plan;
        try {
            plan = PortPlans.of(request, 2048);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(LONGEST);
            return;
        }
        assertThat(plan.name()).matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}");
        assertThat(plan.depth()).isBetween(1, Vector.CAPACITY);
        assertThat(plan.mtu().orElse(1500)).isBetween(68, 65535);
        if (plan.transport() instanceof Granted granted) {
            assertThat(granted.narrow().getGrant()).isEmpty();
        }
    }
}
