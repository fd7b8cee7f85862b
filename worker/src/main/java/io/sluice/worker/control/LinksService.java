package io.sluice.worker.control;

import io.grpc.stub.StreamObserver;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.ServicePath;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.ListLinksRequest;
import io.sluice.worker.v1.ListLinksResponse;
import io.sluice.worker.v1.RemoveLinkRequest;
import io.sluice.worker.v1.RemoveLinkResponse;
import java.util.OptionalInt;

/** Links: add, remove, list. */
final class LinksService extends LinksGrpc.LinksImplBase {
    private final Conductor conductor;

    LinksService(Conductor conductor) {
        this.conductor = conductor;
    }

    @Override
    public void addLink(AddLinkRequest request, StreamObserver<Link> observer) {
        Failures.answer(observer, () -> {
            Conductor.LinkState link = add(conductor, request);
            conductor.changed();
            return message(link);
        });
    }

    /** Adds a link, and remembers as what. */
    static Conductor.LinkState add(Conductor conductor, AddLinkRequest request) throws ConductorException {
        Conductor.LinkState link = added(conductor, request);
        conductor.journal().asked(link.name(), request);
        return link;
    }

    private static Conductor.LinkState added(Conductor conductor, AddLinkRequest request) throws ConductorException {
        if (!request.hasPath()) {
            return conductor.addLink(request.getName(), request.getA(), request.getB());
        }
        int si = request.getPath().getSi();
        OptionalInt index = si == 0 ? OptionalInt.empty() : OptionalInt.of(si);
        ServicePath path = new ServicePath(request.getPath().getSpi(), index);
        return conductor.addLink(request.getName(), request.getA(), request.getB(), path);
    }

    @Override
    public void removeLink(RemoveLinkRequest request, StreamObserver<RemoveLinkResponse> observer) {
        Failures.answer(observer, () -> {
            conductor.removeLink(request.getName());
            conductor.changed();
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
