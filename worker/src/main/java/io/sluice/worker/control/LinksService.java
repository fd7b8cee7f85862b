package io.sluice.worker.control;

import io.grpc.stub.StreamObserver;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.LinkState;
import io.sluice.worker.conductor.ServicePath;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.ListLinksRequest;
import io.sluice.worker.v1.ListLinksResponse;
import io.sluice.worker.v1.RemoveLinkRequest;
import io.sluice.worker.v1.RemoveLinkResponse;
import io.sluice.worker.v1.SetLinkRequest;
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
            LinkState link = add(conductor, request);
            conductor.changed();
            return message(link);
        });
    }

    /** Adds a link, and remembers as what. */
    static LinkState add(Conductor conductor, AddLinkRequest request) throws ConductorException {
        LinkState link = addWithoutOffload(conductor, request);
        if (request.getOffload()) {
            try {
                conductor.setOffload(link.name(), true);
            } catch (ConductorException e) {
                conductor.removeLink(link.name());
                throw e;
            }
        }
        conductor.journal().asked(link.name(), request);
        return link;
    }

    private static LinkState addWithoutOffload(Conductor conductor, AddLinkRequest request) throws ConductorException {
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
    public void setLink(SetLinkRequest request, StreamObserver<Link> observer) {
        Failures.answer(observer, () -> {
            if (!request.hasOffload()) {
                throw new ConductorException(
                        ConductorException.Kind.INVALID, "nothing is to be changed; offload can be");
            }
            LinkState link = conductor.setOffload(request.getName(), request.getOffload());
            conductor.changed();
            return message(link);
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

    private static Link message(LinkState link) {
        return Link.newBuilder()
                .setName(link.name())
                .setA(link.a().name())
                .setB(link.b().name())
                .addAllThreads(link.threads())
                .setOffload(link.offload().isWanted())
                .setOffloaded(link.offload().isOn())
                .setOffloadReason(link.offload().reason())
                .build();
    }
}
