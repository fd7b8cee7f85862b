package io.sluice.gateway;

import io.grpc.stub.StreamObserver;
import io.sluice.broker.v1.GetLeaseRequest;
import io.sluice.broker.v1.Lease;
import io.sluice.broker.v1.LeaseCounter;
import io.sluice.broker.v1.LeasesGrpc;
import io.sluice.broker.v1.ListLeasesRequest;
import io.sluice.broker.v1.ListLeasesResponse;
import io.sluice.broker.v1.RevokeLeaseRequest;
import io.sluice.broker.v1.RevokeLeaseResponse;
import io.sluice.grant.v1.LeaseInfo;
import io.sluice.grant.v1.ListLeases;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoke;
import io.sluice.grant.v1.ShowLease;

/** sluice.broker.v1.Leases: what clients hold, and its revocation. */
final class LeasesService extends LeasesGrpc.LeasesImplBase {
    private final BrokerLink broker;

    LeasesService(BrokerLink broker) {
        this.broker = broker;
    }

    @Override
    public void listLeases(ListLeasesRequest request, StreamObserver<ListLeasesResponse> answer) {
        Answers.unary(answer, () -> {
            ListLeasesResponse.Builder leases = ListLeasesResponse.newBuilder();
            broker.call(Request.newBuilder().setListLeases(ListLeases.getDefaultInstance()))
                    .getLeaseList()
                    .getLeasesList()
                    .forEach(lease -> leases.addLeases(lease(lease)));
            return leases.build();
        });
    }

    @Override
    public void getLease(GetLeaseRequest request, StreamObserver<Lease> answer) {
        Answers.unary(
                answer,
                () -> lease(broker.call(Request.newBuilder()
                                .setShowLease(ShowLease.newBuilder().setLease(request.getId())))
                        .getLeaseInfo()));
    }

    @Override
    public void revokeLease(RevokeLeaseRequest request, StreamObserver<RevokeLeaseResponse> answer) {
        Answers.unary(answer, () -> {
            broker.call(Request.newBuilder()
                    .setRevoke(Revoke.newBuilder().setLease(request.getId()).setWhy(request.getWhy())));
            return RevokeLeaseResponse.getDefaultInstance();
        });
    }

    private static Lease lease(LeaseInfo info) {
        return Lease.newBuilder()
                .setId(info.getId())
                .setTenant(info.getTenant())
                .setGrant(info.getGrant())
                .setKind(info.getKind())
                .setInterface(info.getInterface())
                .addAllQueues(info.getQueuesList())
                .setPid(info.getPid())
                .setUid(info.getUid())
                .setClient(info.getClient())
                .setSinceMs(info.getSinceMs())
                .setMemory(info.getMemory())
                .addAllCounters(info.getCountersList().stream()
                        .map(counter -> LeaseCounter.newBuilder()
                                .setName(counter.getName())
                                .setValue(counter.getValue())
                                .build())
                        .toList())
                .setWaiting(info.getWaiting())
                .build();
    }
}
