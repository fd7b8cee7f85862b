package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.sluice.broker.v1.AuditEvent;
import io.sluice.broker.v1.Lease;
import io.sluice.broker.v1.LeaseCounter;
import io.sluice.broker.v1.PolicyDocument;
import io.sluice.broker.v1.ReloadPolicyResponse;
import io.sluice.broker.v1.RevokeLeaseRequest;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.junit.jupiter.api.Test;

class BrokerCommandsTest extends CommandTest {
    private static final Lease LEASE = Lease.newBuilder()
            .setId(7)
            .setTenant("blue")
            .setGrant("uplink")
            .setKind("xdp")
            .setInterface("eth1")
            .addQueues(2)
            .addQueues(3)
            .setPid(4711)
            .setUid(1001)
            .setClient("worker")
            .setSinceMs(Cli.NOW_MS - 7_500_000)
            .setMemory(1_310_720)
            .build();

    @Test
    void leasesAreATable() {
        server.leases.add(LEASE);
        assertThat(out("lease ls")).isEqualTo("""
                ID  TENANT  GRANT   KIND  INTERFACE  QUEUES   PID   UID  CLIENT    AGE    MEMORY
                 7  blue    uplink  xdp   eth1       2,3     4711  1001  worker  2h 5m  1.25 MiB
                """);
        assertThat(out("lease ls --json"))
                .isEqualTo("{\"leases\":[{\"id\":7,\"tenant\":\"blue\",\"grant\":\"uplink\",\"kind\":\"xdp\","
                        + "\"interface\":\"eth1\",\"queues\":[2,3],\"pid\":4711,\"uid\":1001,\"client\":\"worker\","
                        + "\"since_ms\":" + (Cli.NOW_MS - 7_500_000)
                        + ",\"memory\":1310720,\"counters\":[],\"waiting\":false}]}\n");
    }

    @Test
    void aLeaseThatWaitsToBeAdoptedHasNoProcess() {
        server.leases.add(LEASE.toBuilder().setWaiting(true).build());
        assertThat(out("lease ls")).isEqualTo("""
                ID  TENANT  GRANT   KIND  INTERFACE  QUEUES    PID   UID  CLIENT    AGE    MEMORY
                 7  blue    uplink  xdp   eth1       2,3     waits  1001  worker  2h 5m  1.25 MiB
                """);
        assertThat(out("lease show 7")).contains("worker, pid 4711, uid 1001; gone, it waits to be adopted");
    }

    @Test
    void showHasTheCountersOfAJail() {
        server.leases.add(LEASE.toBuilder()
                .setInterface("jail@br0")
                .addCounters(
                        LeaseCounter.newBuilder().setName("from_tenant_packets").setValue(12))
                .addCounters(LeaseCounter.newBuilder()
                        .setName("from_tenant_drop_mac")
                        .setValue(3))
                .build());
        assertThat(out("lease show 7")).isEqualTo("""
                LEASE                 7
                tenant                blue
                grant                 uplink
                kind                  xdp
                interface             jail@br0
                queues                2,3
                holder                worker, pid 4711, uid 1001
                age                   2h 5m
                memory                1.25 MiB
                from_tenant_packets   12
                from_tenant_drop_mac  3
                """);
        assertThat(out("lease show 7 --json"))
                .contains("\"counters\":[{\"name\":\"from_tenant_packets\",\"value\":12},");
        assertThat(err(2, "lease show")).startsWith("sluice: lease show: ");
    }

    @Test
    void noLeasesAreSaidInWords() {
        assertThat(out("lease ls")).isEqualTo("no leases\n");
    }

    @Test
    void revokeTakesAReason() {
        assertThat(cli.run("lease", "revoke", "7", "--why", "planned work").out())
                .isEqualTo("lease 7 is revoked\n");
        assertThat(server.request)
                .isEqualTo(RevokeLeaseRequest.newBuilder()
                        .setId(7)
                        .setWhy("planned work")
                        .build());
        assertThat(out("lease revoke 7 --json")).isEqualTo("{\"revoked\":7}\n");
    }

    @Test
    void revokeOfNoLeaseIsNotFound() {
        server.failure = Status.NOT_FOUND.withDescription("there is no lease 9; see sluice lease ls");
        assertThat(err(4, "lease revoke 9"))
                .isEqualTo("sluice: cannot revoke lease 9: there is no lease 9; see sluice lease ls\n");
        assertThat(err(2, "lease revoke nine")).startsWith("sluice: lease revoke: invalid value");
    }

    @Test
    void policyIsPrintedAsItIs() {
        server.policy = PolicyDocument.newBuilder()
                .setPath("/etc/sluice/policy.yaml")
                .setText("tenants:\n  blue: {}\n")
                .setLoadedMs(5)
                .build();
        assertThat(out("policy show")).isEqualTo("tenants:\n  blue: {}\n");
        assertThat(out("policy show --json"))
                .isEqualTo("{\"path\":\"/etc/sluice/policy.yaml\",\"text\":\"tenants:\\n  blue: {}\\n\","
                        + "\"loaded_ms\":5}\n");
    }

    @Test
    void reloadNamesTheLeasesThatItEnded() {
        assertThat(out("policy reload")).isEqualTo("policy is reloaded; every lease goes on\n");
        server.reloaded =
                ReloadPolicyResponse.newBuilder().addEnded(3).addEnded(5).build();
        assertThat(out("policy reload")).isEqualTo("policy is reloaded; leases ended: 3, 5\n");
        assertThat(out("policy reload --json")).isEqualTo("{\"ended\":[3,5]}\n");
    }

    @Test
    void reloadOfABrokenFileHasItsLines() {
        server.failure = Status.FAILED_PRECONDITION.withDescription("policy.yaml:3: no such kind\npolicy.yaml:9: x");
        assertThat(err(1, "policy reload"))
                .isEqualTo("sluice: cannot reload the policy: policy.yaml:3: no such kind\npolicy.yaml:9: x\n");
    }

    @Test
    void auditEventsAreALineEach() {
        server.events.add(AuditEvent.newBuilder()
                .setType("deny")
                .setTimeMs(1_234)
                .setTenant("blue")
                .setUid(1001)
                .setPid(4711)
                .setClient("worker")
                .setGrant("uplink")
                .setKind("xdp")
                .setInterface("eth1")
                .setReason("quota of 4 leases is used up")
                .build());
        server.events.add(AuditEvent.newBuilder()
                .setType("policy_loaded")
                .setTimeMs(1_234)
                .build());
        String time = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS")
                .format(Instant.ofEpochMilli(1_234).atZone(ZoneId.systemDefault()));
        assertThat(out("audit watch"))
                .isEqualTo(time
                        + "  deny tenant blue grant uplink xdp on eth1 for uid 1001 pid 4711 worker:"
                        + " quota of 4 leases is used up\n"
                        + time + "  policy_loaded\n");
        assertThat(out("audit watch --json").lines())
                .hasSize(2)
                .first()
                .asString()
                .startsWith("{\"type\":\"deny\",\"time_ms\":1234,\"tenant\":\"blue\",");
    }
}
