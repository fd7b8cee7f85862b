package io.sluice.gateway;

import io.grpc.stub.StreamObserver;
import io.sluice.broker.v1.BrokerGrpc;
import io.sluice.broker.v1.GetStatusRequest;
import io.sluice.broker.v1.Status;
import io.sluice.grant.v1.GetStatus;
import io.sluice.grant.v1.Request;

/** sluice.broker.v1.Broker: the broker as a whole. */
final class BrokerService extends BrokerGrpc.BrokerImplBase {
    private final BrokerLink broker;

    BrokerService(BrokerLink broker) {
        this.broker = broker;
    }

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<Status> answer) {
        Answers.unary(answer, () -> {
            io.sluice.grant.v1.Status status = broker.call(
                            Request.newBuilder().setGetStatus(GetStatus.getDefaultInstance()))
                    .getStatus();
            return Status.newBuilder()
                    .setVersion(status.getVersion())
                    .setPid(status.getPid())
                    .setStartedMs(status.getStartedMs())
                    .setConnections(status.getConnections())
                    .setLeases(status.getLeases())
                    .setPolicyPath(status.getPolicyPath())
                    .setPolicyLoadedMs(status.getPolicyLoadedMs())
                    .build();
        });
    }
}
