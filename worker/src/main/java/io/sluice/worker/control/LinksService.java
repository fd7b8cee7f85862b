package io.sluice.worker.control;

import io.grpc.stub.StreamObserver;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.ListLinksRequest;
import io.sluice.worker.v1.ListLinksResponse;
import io.sluice.worker.v1.RemoveLinkRequest;
import io.sluice.worker.v1.RemoveLinkResponse;

/** Links: add, remove, list. */
final class LinksService extends LinksGrpc.LinksImplBase {
    private final Conductor conductor;

    LinksService(Conductor conductor) {
        this.conductor = conductor;
    }

    @Override
    public void addLink(AddLinkRequest request, StreamObserver<Link> observer) {
        Failures.answer(observer, () -> message(conductor.addLink(request.getName(), request.getA(), request.getB())));
    }

    @Override
    public void removeLink(RemoveLinkRequest request, StreamObserver<RemoveLinkResponse> observer) {
        Failures.answer(observer, () -> {
            conductor.removeLink(request.getName());
            return RemoveLinkResponse.getDefaultInstance();
        });
    }

    @Override
    public void listLinks(ListLinksRequest request, StreamObserver<ListLinksResponse> observer) {
        Failures.answer(observer, () -> {
            ListLinksResponse.Builder list = ListLinksResponse.newBuilder();
            conductor.links().forEach(link -> list.addLinks(message(link)));
            return list.build();
        });
    }

    private static Link message(Conductor.LinkState link) {
        return Link.newBuilder()
                .setName(link.name())
                .setA(link.a().name())
                .setB(link.b().name())
                .build();
    }
}
