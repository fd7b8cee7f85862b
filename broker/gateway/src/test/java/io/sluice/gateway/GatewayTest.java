package io.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.sluice.broker.v1.BrokerGrpc;
import io.sluice.broker.v1.GetStatusRequest;
import io.sluice.broker.v1.Lease;
import io.sluice.broker.v1.LeasesGrpc;
import io.sluice.broker.v1.ListLeasesRequest;
import io.sluice.broker.v1.PolicyGrpc;
import io.sluice.broker.v1.ReloadPolicyRequest;
import io.sluice.broker.v1.RevokeLeaseRequest;
import io.sluice.broker.v1.ShowPolicyRequest;
import io.sluice.control.transport.ControlChannel;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.LeaseInfo;
import io.sluice.grant.v1.LeaseList;
import io.sluice.grant.v1.PolicyReloaded;
import io.sluice.grant.v1.PolicyText;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoked;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GatewayTest {
    @TempDir
    Path directory;

    private Path admin;
    private FakeBroker broker;
    private Gateway gateway;
    private ManagedChannel channel;

    @BeforeEach
    void startGateway() throws Exception {
        admin = directory.resolve("admin.sock");
        Path socket = directory.resolve("gateway.sock");
        gateway = Gateway.start(new GatewayOptions(admin, socket, "no-such-group", GatewayOptions.Action.SERVE));
        channel = ControlChannel.open(socket);
    }

    @AfterEach
    void stop() throws Exception {
        channel.shutdownNow();
        gateway.close();
        if (broker != null) {
            broker.close();
        }
    }

    @Test
    void statusTellsWhatTheBrokerSays() throws Exception {
        io.sluice.grant.v1.Status.Builder said = io.sluice.grant.v1.Status.newBuilder()
                .setVersion("1.2")
                .setPid(99)
                .setStartedMs(1_000)
                .setConnections(3)
                .setLeases(2)
                .setPolicyPath("/etc/sluice/policy.yaml")
                .setPolicyLoadedMs(2_000);
        startBroker(request -> Reply.newBuilder().setStatus(said));
        assertThat(BrokerGrpc.newBlockingStub(channel).getStatus(GetStatusRequest.getDefaultInstance()))
                .isEqualTo(io.sluice.broker.v1.Status.newBuilder()
                        .setVersion("1.2")
                        .setPid(99)
                        .setStartedMs(1_000)
                        .setConnections(3)
                        .setLeases(2)
                        .setPolicyPath("/etc/sluice/policy.yaml")
                        .setPolicyLoadedMs(2_000)
                        .build());
    }

    @Test
    void leasesAreListedWithAllTheirFields() throws Exception {
        LeaseInfo info = LeaseInfo.newBuilder()
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
                .setSinceMs(5_000)
                .setMemory(65_536)
                .build();
        startBroker(request ->
                Reply.newBuilder().setLeaseList(LeaseList.newBuilder().addLeases(info)));
        Lease lease = LeasesGrpc.newBlockingStub(channel)
                .listLeases(ListLeasesRequest.getDefaultInstance())
                .getLeases(0);
        // Same field numbers and types: what differs between the messages is their package alone.
        assertThat(lease.toByteArray()).isEqualTo(info.toByteArray());
    }

    @Test
    void revokePassesTheIdAndTheReason() throws Exception {
        startBroker(request -> Reply.newBuilder().setRevoked(Revoked.getDefaultInstance()));
        revoke(42);
        Request request = broker.requests.poll(10, TimeUnit.SECONDS);
        assertThat(request.getRevoke().getLease()).isEqualTo(42);
        assertThat(request.getRevoke().getWhy()).isEqualTo("maintenance");
    }

    @Test
    void errorsOfTheBrokerBecomeStatusesWithTheirHint() throws Exception {
        startBroker(request ->
                FakeBroker.error(Error.Code.forNumber((int) request.getRevoke().getLease()), "it failed", "do that"));
        assertStatus(() -> revoke(Error.Code.INVALID_VALUE), Status.Code.INVALID_ARGUMENT, "it failed; do that");
        assertStatus(() -> revoke(Error.Code.DENIED_VALUE), Status.Code.PERMISSION_DENIED, "it failed; do that");
        assertStatus(() -> revoke(Error.Code.QUOTA_VALUE), Status.Code.RESOURCE_EXHAUSTED, "it failed; do that");
        assertStatus(() -> revoke(Error.Code.NOT_FOUND_VALUE), Status.Code.NOT_FOUND, "it failed; do that");
        assertStatus(() -> revoke(Error.Code.BUSY_VALUE), Status.Code.ABORTED, "it failed; do that");
        assertStatus(() -> revoke(Error.Code.UNSUPPORTED_VALUE), Status.Code.FAILED_PRECONDITION, "it failed; do that");
        assertStatus(() -> revoke(Error.Code.INTERNAL_VALUE), Status.Code.INTERNAL, "it failed; do that");
    }

    @Test
    void policyIsShownAsItWasRead() throws Exception {
        startBroker(request -> Reply.newBuilder()
                .setPolicyText(PolicyText.newBuilder()
                        .setPath("/p")
                        .setText("tenants: {}\n")
                        .setLoadedMs(9)));
        assertThat(PolicyGrpc.newBlockingStub(channel)
                        .showPolicy(ShowPolicyRequest.getDefaultInstance())
                        .getText())
                .isEqualTo("tenants: {}\n");
    }

    @Test
    void reloadNamesTheLeasesThatItEnded() throws Exception {
        startBroker(request -> Reply.newBuilder()
                .setPolicyReloaded(PolicyReloaded.newBuilder().addEnded(3).addEnded(5)));
        assertThat(PolicyGrpc.newBlockingStub(channel)
                        .reloadPolicy(ReloadPolicyRequest.getDefaultInstance())
                        .getEndedList())
                .containsExactly(3L, 5L);
    }

    @Test
    void reloadOfABrokenFileIsAFailedPreconditionWithItsLines() throws Exception {
        startBroker(
                request -> FakeBroker.error(Error.Code.INVALID, "policy.yaml:3: no such kind\npolicy.yaml:7: x", ""));
        assertStatus(
                () -> PolicyGrpc.newBlockingStub(channel).reloadPolicy(ReloadPolicyRequest.getDefaultInstance()),
                Status.Code.FAILED_PRECONDITION,
                "policy.yaml:3: no such kind\npolicy.yaml:7: x");
    }

    @Test
    void withoutABrokerCallsAreUnavailableAndHealthSaysSo() {
        assertThat(health()).isEqualTo(ServingStatus.NOT_SERVING);
        StatusRuntimeException failure = failure(() -> revoke(1));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.getStatus().getDescription())
                .contains("the broker at " + admin)
                .endsWith("; start `sluice broker` with this admin socket, the gateway connects by itself");
    }

    @Test
    void brokerMayComeAndGoAndComeBack() throws Exception {
        startBroker(request -> Reply.newBuilder().setRevoked(Revoked.getDefaultInstance()));
        revoke(1);
        broker.close();
        awaitHealth(ServingStatus.NOT_SERVING);
        assertThat(failure(() -> revoke(2)).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        startBroker(request -> Reply.newBuilder().setRevoked(Revoked.getDefaultInstance()));
        revoke(3);
    }

    @Test
    void brokerThatVanishesDuringACallMakesItUnavailable() throws Exception {
        startBroker(request -> {
            broker.cutAll();
            return null;
        });
        StatusRuntimeException failure = failure(() -> revoke(1));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.getStatus().getDescription()).contains("it may have taken effect");
    }

    @Test
    void brokerThatIsSlowHoldsUpNeitherHealthNorLaterCalls() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        startBroker(request -> {
            if (request.getRevoke().getLease() == 1) {
                awaitUninterruptibly(go);
            }
            return Reply.newBuilder().setRevoked(Revoked.getDefaultInstance());
        });
        LeasesGrpc.LeasesBlockingStub impatient =
                LeasesGrpc.newBlockingStub(channel).withDeadlineAfter(200, TimeUnit.MILLISECONDS);
        assertThat(failure(() -> impatient.revokeLease(
                                RevokeLeaseRequest.newBuilder().setId(1).build()))
                        .getStatus()
                        .getCode())
                .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(health()).isEqualTo(ServingStatus.SERVING);
        go.countDown();
        revoke(2);
    }

    private void startBroker(Function<Request, Reply.Builder> script) throws IOException {
        broker = new FakeBroker(admin, script);
        awaitHealth(ServingStatus.SERVING);
    }

    private void revoke(long id) {
        LeasesGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .revokeLease(RevokeLeaseRequest.newBuilder()
                        .setId(id)
                        .setWhy("maintenance")
                        .build());
    }

    private ServingStatus health() {
        return HealthGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus();
    }

    private void awaitHealth(ServingStatus wanted) {
        Iterator<HealthCheckResponse> changes = HealthGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .watch(HealthCheckRequest.getDefaultInstance());
        while (changes.next().getStatus() != wanted) {
            // The next one comes when it changes; the deadline ends the wait.
        }
    }

    private static void assertStatus(ThrowingCallable call, Status.Code code, String description) {
        Status status = failure(call).getStatus();
        assertThat(status.getCode()).isEqualTo(code);
        assertThat(status.getDescription()).isEqualTo(description);
    }

    private static StatusRuntimeException failure(ThrowingCallable call) {
        StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(failure).as("the call should have failed").isNotNull();
        return failure;
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
