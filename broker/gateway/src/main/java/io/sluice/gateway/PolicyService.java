package io.sluice.gateway;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.sluice.broker.v1.PolicyDocument;
import io.sluice.broker.v1.PolicyGrpc;
import io.sluice.broker.v1.ReloadPolicyRequest;
import io.sluice.broker.v1.ReloadPolicyResponse;
import io.sluice.broker.v1.ShowPolicyRequest;
import io.sluice.grant.v1.PolicyText;
import io.sluice.grant.v1.ReloadPolicy;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.ShowPolicy;
import java.io.IOException;

/** sluice.broker.v1.Policy: the policy in force. */
final class PolicyService extends PolicyGrpc.PolicyImplBase {
    private final BrokerLink broker;

    PolicyService(BrokerLink broker) {
        this.broker = broker;
    }

    @Override
    public void showPolicy(ShowPolicyRequest request, StreamObserver<PolicyDocument> answer) {
        Answers.unary(answer, () -> {
            PolicyText text = broker.call(Request.newBuilder().setShowPolicy(ShowPolicy.getDefaultInstance()))
                    .getPolicyText();
            return PolicyDocument.newBuilder()
                    .setPath(text.getPath())
                    .setText(text.getText())
                    .setLoadedMs(text.getLoadedMs())
                    .build();
        });
    }

    @Override
    public void reloadPolicy(ReloadPolicyRequest request, StreamObserver<ReloadPolicyResponse> answer) {
        Answers.unary(
                answer,
                () -> ReloadPolicyResponse.newBuilder()
                        .addAllEnded(
                                broker.call(Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()))
                                        .getPolicyReloaded()
                                        .getEndedList())
                        .build(),
                PolicyService::reloadStatus);
    }

    private static Status reloadStatus(IOException failure) {
        Status status = Statuses.of(failure);
        // What is invalid is the file, not the request.
        return status.getCode() == Status.Code.INVALID_ARGUMENT
                ? Status.FAILED_PRECONDITION.withDescription(status.getDescription())
                : status;
    }
}
