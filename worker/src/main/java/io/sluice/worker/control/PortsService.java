package io.sluice.worker.control;

import io.grpc.stub.StreamObserver;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.PortState;
import io.sluice.worker.conductor.PortView;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.GetPortRequest;
import io.sluice.worker.v1.ListPortsRequest;
import io.sluice.worker.v1.ListPortsResponse;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortDetail;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.RemovePortRequest;
import io.sluice.worker.v1.RemovePortResponse;
import io.sluice.worker.v1.SetPortRequest;

/** Ports: add, remove, list, look at, change. */
final class PortsService extends PortsGrpc.PortsImplBase {
    private final Conductor conductor;
    private final int frameSize;

    PortsService(Conductor conductor, int frameSize) {
        this.conductor = conductor;
        this.frameSize = frameSize;
    }

    @Override
    public void addPort(AddPortRequest request, StreamObserver<Port> observer) {
        Failures.answer(observer, () -> {
            PortState added = conductor.addPort(PortPlans.of(request, frameSize));
            conductor.journal().asked(added.name(), request);
            conductor.changed();
            return message(added);
        });
    }

    @Override
    public void removePort(RemovePortRequest request, StreamObserver<RemovePortResponse> observer) {
        Failures.answer(observer, () -> {
            conductor.removePort(request.getName());
            conductor.changed();
            return RemovePortResponse.getDefaultInstance();
        });
    }

    @Override
    public void listPorts(ListPortsRequest request, StreamObserver<ListPortsResponse> observer) {
        Failures.answer(observer, () -> {
            ListPortsResponse.Builder list = ListPortsResponse.newBuilder();
            conductor.ports().forEach(state -> list.addPorts(message(state)));
            return list.build();
        });
    }

    @Override
    public void getPort(GetPortRequest request, StreamObserver<PortDetail> observer) {
        Failures.answer(observer, () -> detail(request.getName()));
    }

    @Override
    public void setPort(SetPortRequest request, StreamObserver<PortDetail> observer) {
        Failures.answer(observer, () -> {
            conductor.setPort(request.getName(), PortDetails.change(request));
            conductor.changed();
            return detail(request.getName());
        });
    }

    private PortDetail detail(String name) throws ConductorException {
        PortView view = conductor.viewPort(name);
        return PortDetails.message(view, message(view.state()));
    }

    private Port message(PortState state) {
        Port.Builder port = Port.newBuilder()
                .setName(state.name())
                .setState(state.isUp() ? io.sluice.worker.v1.PortState.UP : io.sluice.worker.v1.PortState.DOWN)
                .setReason(state.reason())
                .setDepth(state.depth())
                .setQueues(state.queues())
                .addAllNotes(state.notes());
        conductor.dataPaths().ifPresent(threads -> port.addAllThreads(state.threads(threads)));
        conductor.linkOf(state).ifPresent(link -> port.setLink(link.name()));
        state.info()
                .ifPresent(info -> port.setKind(info.kind())
                        .setGrant(info.grant())
                        .setLease(state.isUp() ? info.lease() : 0)
                        .setInterface(info.interfaceName())
                        .setIfindex(info.ifindex())
                        .setMtu(info.mtu())
                        .setMac(info.mac())
                        .addAllFeatures(info.features()));
        return port.build();
    }
}
