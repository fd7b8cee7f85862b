package io.sluice.broker.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.v1.AuditEvent;
import org.junit.jupiter.api.Test;

class AuditTest {
    private static final long TIME = 1_767_225_600_007L;

    @Test
    void everyFieldHasItsPlace() {
        AuditEvent event = AuditEvent.newBuilder()
                .setType(AuditEvent.Type.GRANT)
                .setTimeMs(TIME)
                .setTenant("blue")
                .setUid(1001)
                .setPid(4242)
                .setClient("worker")
                .setGrant("uplink")
                .setKind("xdp")
                .setInterface("eth1")
                .setLease(7)
                .setReason("none")
                .build();
        assertThat(Audit.line(event))
                .isEqualTo("{\"time\":\"2026-01-01T00:00:00.007Z\",\"event\":\"grant\",\"tenant\":\"blue\","
                        + "\"uid\":1001,\"pid\":4242,\"client\":\"worker\",\"grant\":\"uplink\",\"kind\":\"xdp\","
                        + "\"interface\":\"eth1\",\"lease\":7,\"reason\":\"none\"}");
    }

    @Test
    void whatTheBrokerDoesByItselfHasNoPeer() {
        AuditEvent event = AuditEvent.newBuilder()
                .setType(AuditEvent.Type.STARTED)
                .setTimeMs(0)
                .build();
        assertThat(Audit.line(event)).isEqualTo("{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"started\"}");
    }

    @Test
    void rootIsNamedWhereAPeerIsMeant() {
        AuditEvent event = AuditEvent.newBuilder()
                .setType(AuditEvent.Type.DENY)
                .setTimeMs(TIME)
                .build();
        assertThat(Audit.line(event))
                .isEqualTo("{\"time\":\"2026-01-01T00:00:00.007Z\",\"event\":\"deny\",\"uid\":0,\"pid\":0}");
        AuditEvent reload = AuditEvent.newBuilder()
                .setType(AuditEvent.Type.POLICY_LOADED)
                .setPid(9)
                .build();
        assertThat(Audit.line(reload)).endsWith("\"event\":\"policy_loaded\",\"uid\":0,\"pid\":9}");
    }

    @Test
    void idsAreUnsigned() {
        AuditEvent event =
                AuditEvent.newBuilder().setType(AuditEvent.Type.END).setUid(-2).build();
        assertThat(Audit.line(event)).contains("\"uid\":4294967294");
    }

    @Test
    void whatAClientSaysStaysWithinItsString() {
        AuditEvent event = AuditEvent.newBuilder()
                .setType(AuditEvent.Type.PROTOCOL_ERROR)
                .setClient("x\",\"uid\":0,\"\n")
                .build();
        assertThat(Audit.line(event)).contains("\"client\":\"x\\\",\\\"uid\\\":0,\\\"\\u000a\"");
    }
}
