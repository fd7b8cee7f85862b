package io.sluice.cli;

import com.google.protobuf.Message;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sluice.broker.v1.AuditEvent;
import io.sluice.broker.v1.AuditGrpc;
import io.sluice.broker.v1.GetLeaseRequest;
import io.sluice.broker.v1.Lease;
import io.sluice.broker.v1.LeasesGrpc;
import io.sluice.broker.v1.ListLeasesRequest;
import io.sluice.broker.v1.ListLeasesResponse;
import io.sluice.broker.v1.PolicyDocument;
import io.sluice.broker.v1.PolicyGrpc;
import io.sluice.broker.v1.ReloadPolicyRequest;
import io.sluice.broker.v1.ReloadPolicyResponse;
import io.sluice.broker.v1.RevokeLeaseRequest;
import io.sluice.broker.v1.RevokeLeaseResponse;
import io.sluice.broker.v1.ShowPolicyRequest;
import io.sluice.broker.v1.WatchAuditRequest;
import io.sluice.control.transport.ControlServer;
import io.sluice.control.transport.PeerRule;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.CounterDescription;
import io.sluice.worker.v1.CountersGrpc;
import io.sluice.worker.v1.DescribeCountersRequest;
import io.sluice.worker.v1.DescribeCountersResponse;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.GetInfoRequest;
import io.sluice.worker.v1.GetPortRequest;
import io.sluice.worker.v1.Info;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.ListLinksRequest;
import io.sluice.worker.v1.ListLinksResponse;
import io.sluice.worker.v1.ListPortsRequest;
import io.sluice.worker.v1.ListPortsResponse;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortDetail;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.RemoveLinkRequest;
import io.sluice.worker.v1.RemoveLinkResponse;
import io.sluice.worker.v1.RemovePortRequest;
import io.sluice.worker.v1.RemovePortResponse;
import io.sluice.worker.v1.SetLinkRequest;
import io.sluice.worker.v1.SetPortRequest;
import io.sluice.worker.v1.Snapshot;
import io.sluice.worker.v1.WatchCountersRequest;
import io.sluice.worker.v1.WorkerGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A worker and a gateway that answer every call with what the test has set, on a real socket. Streams send everything that
 * is set and then end.
 */
final class StubServer {
    /** The last request. */
    volatile Message request;

    /** If set, what every call answers. */
    volatile Status failure;

    /** Whether calls are left without an answer. */
    volatile boolean silent;

    /** Whether the counters' stream goes on, with the last snapshot again and again, until the client goes. */
    volatile boolean endless;

    volatile Port port = Port.getDefaultInstance();
    volatile PortDetail detail = PortDetail.getDefaultInstance();
    volatile Link link = Link.getDefaultInstance();
    volatile Info info = Info.getDefaultInstance();
    volatile PolicyDocument policy = PolicyDocument.getDefaultInstance();
    volatile ReloadPolicyResponse reloaded = ReloadPolicyResponse.getDefaultInstance();
    final List<Port> ports = new ArrayList<>();
    final List<Link> links = new ArrayList<>();
    final List<Snapshot> snapshots = new ArrayList<>();
    final List<CounterDescription> descriptions = new ArrayList<>();
    final List<io.sluice.broker.v1.Lease> leases = new ArrayList<>();
    final List<AuditEvent> events = new ArrayList<>();

    private final ControlServer server;

    StubServer(Path socket, PeerRule rule) throws IOException {
        server = ControlServer.builder()
                .unix(socket, rule, "rw-------")
                .service(new Worker())
                .service(new Ports())
                .service(new Links())
                .service(new Counters())
                .service(new Leases())
                .service(new Policy())
                .service(new Audit())
                .start();
    }

    void close() throws IOException {
        server.close();
    }

    void health(boolean serving) {
        server.health("", serving);
    }

    private <T> void answer(Message asked, StreamObserver<T> answer, List<T> values) {
        request = asked;
        if (silent) {
            return;
        }
        if (failure != null) {
            answer.onError(failure.asRuntimeException());
            return;
        }
        values.forEach(answer::onNext);
        answer.onCompleted();
    }

    private final class Worker extends WorkerGrpc.WorkerImplBase {
        @Override
        public void getInfo(GetInfoRequest asked, StreamObserver<Info> answer) {
            answer(asked, answer, List.of(info));
        }
    }

    private final class Ports extends PortsGrpc.PortsImplBase {
        @Override
        public void addPort(AddPortRequest asked, StreamObserver<Port> answer) {
            answer(asked, answer, List.of(port));
        }

        @Override
        public void removePort(RemovePortRequest asked, StreamObserver<RemovePortResponse> answer) {
            answer(asked, answer, List.of(RemovePortResponse.getDefaultInstance()));
        }

        @Override
        public void getPort(GetPortRequest asked, StreamObserver<PortDetail> answer) {
            answer(asked, answer, List.of(detail));
        }

        @Override
        public void setPort(SetPortRequest asked, StreamObserver<PortDetail> answer) {
            answer(asked, answer, List.of(detail));
        }

        @Override
        public void listPorts(ListPortsRequest asked, StreamObserver<ListPortsResponse> answer) {
            answer(
                    asked,
                    answer,
                    List.of(ListPortsResponse.newBuilder().addAllPorts(ports).build()));
        }
    }

    private final class Links extends LinksGrpc.LinksImplBase {
        @Override
        public void addLink(AddLinkRequest asked, StreamObserver<Link> answer) {
            answer(asked, answer, List.of(link));
        }

        @Override
        public void setLink(SetLinkRequest asked, StreamObserver<Link> answer) {
            answer(asked, answer, List.of(link));
        }

        @Override
        public void removeLink(RemoveLinkRequest asked, StreamObserver<RemoveLinkResponse> answer) {
            answer(asked, answer, List.of(RemoveLinkResponse.getDefaultInstance()));
        }

        @Override
        public void listLinks(ListLinksRequest asked, StreamObserver<ListLinksResponse> answer) {
            answer(
                    asked,
                    answer,
                    List.of(ListLinksResponse.newBuilder().addAllLinks(links).build()));
        }
    }

    private final class Counters extends CountersGrpc.CountersImplBase {
        @Override
        public void getCounters(GetCountersRequest asked, StreamObserver<Snapshot> answer) {
            answer(asked, answer, snapshots.subList(0, 1));
        }

        @Override
        public void watchCounters(WatchCountersRequest asked, StreamObserver<Snapshot> answer) {
            if (endless) {
                repeat((ServerCallStreamObserver<Snapshot>) answer);
            } else {
                answer(asked, answer, snapshots);
            }
        }

        private void repeat(ServerCallStreamObserver<Snapshot> answer) {
            answer.setOnCancelHandler(() -> {});
            Thread sender = new Thread(() -> {
                while (!answer.isCancelled()) {
                    answer.onNext(snapshots.get(snapshots.size() - 1));
                    LockSupport.parkNanos(10_000_000); // the pace of a worker
                }
            });
            sender.setDaemon(true);
            sender.start();
        }

        @Override
        public void describeCounters(DescribeCountersRequest asked, StreamObserver<DescribeCountersResponse> answer) {
            answer(
                    asked,
                    answer,
                    List.of(DescribeCountersResponse.newBuilder()
                            .addAllCounters(descriptions)
                            .build()));
        }
    }

    private final class Leases extends LeasesGrpc.LeasesImplBase {
        @Override
        public void listLeases(ListLeasesRequest asked, StreamObserver<ListLeasesResponse> answer) {
            answer(
                    asked,
                    answer,
                    List.of(ListLeasesResponse.newBuilder().addAllLeases(leases).build()));
        }

        @Override
        public void getLease(GetLeaseRequest asked, StreamObserver<Lease> answer) {
            answer(asked, answer, leases);
        }

        @Override
        public void revokeLease(RevokeLeaseRequest asked, StreamObserver<RevokeLeaseResponse> answer) {
            answer(asked, answer, List.of(RevokeLeaseResponse.getDefaultInstance()));
        }
    }

    private final class Policy extends PolicyGrpc.PolicyImplBase {
        @Override
        public void showPolicy(ShowPolicyRequest asked, StreamObserver<PolicyDocument> answer) {
            answer(asked, answer, List.of(policy));
        }

        @Override
        public void reloadPolicy(ReloadPolicyRequest asked, StreamObserver<ReloadPolicyResponse> answer) {
            answer(asked, answer, List.of(reloaded));
        }
    }

    private final class Audit extends AuditGrpc.AuditImplBase {
        @Override
        public void watchAudit(WatchAuditRequest asked, StreamObserver<AuditEvent> answer) {
            answer(asked, answer, events);
        }
    }
}
