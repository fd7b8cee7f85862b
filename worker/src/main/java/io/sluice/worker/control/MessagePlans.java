package io.sluice.worker.control;

import io.sluice.worker.conductor.plan.Addresses;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.MessageTransport;
import io.sluice.worker.conductor.plan.StreamTransport;
import io.sluice.worker.conductor.plan.StreamTransport.Endpoint;
import io.sluice.worker.conductor.plan.TapTransport;
import io.sluice.worker.conductor.plan.TapTransport.Source;
import io.sluice.worker.v1.HybridOptions;
import io.sluice.worker.v1.InetDgramOptions;
import io.sluice.worker.v1.SeqpacketOptions;
import io.sluice.worker.v1.StreamOptions;
import io.sluice.worker.v1.TapOptions;
import io.sluice.worker.v1.VdeOptions;
import java.util.Optional;

/** From what a client says of taps, sockets and streams to a checked plan. */
final class MessagePlans {
    private MessagePlans() {}

    static TapTransport.Tap tap(TapOptions options, Optional<GrantRef> grant) {
        int named = (grant.isPresent() ? 1 : 0)
                + (options.getIfname().isEmpty() ? 0 : 1)
                + (options.getFdsCount() == 0 ? 0 : 1);
        if (named > 1) {
            throw new IllegalArgumentException("a tap has a grant, or an ifname, or fds; only one of them is expected");
        }
        Source source = !options.getIfname().isEmpty()
                ? new Source.Device(options.getIfname())
                : options.getFdsCount() > 0 ? new Source.Descriptors(options.getFdsList()) : new Source.Leased(grant);
        if (options.getQueues() != 0 && !(source instanceof Source.Device)) {
            throw new IllegalArgumentException("queues " + options.getQueues()
                    + ": a tap has as many as its grant or its fds; only with ifname" + " it can be said");
        }
        return new TapTransport.Tap(
                source,
                options.getQueues() == 0 ? 1 : options.getQueues(),
                options.hasVnetHeader() ? Optional.of(options.getVnetHeader()) : Optional.empty());
    }

    static TapTransport.Hybrid hybrid(HybridOptions options) {
        return new TapTransport.Hybrid(
                new Source.Device(options.getIfname()),
                options.hasVnetHeader() ? Optional.of(options.getVnetHeader()) : Optional.empty());
    }

    static MessageTransport seqpacket(SeqpacketOptions options) {
        return new MessageTransport.UnixSeqpacket(options.getPath(), options.getListen(), optional(options.getLocal()));
    }

    static MessageTransport inetDgram(InetDgramOptions options, Optional<GrantRef> grant) {
        return new MessageTransport.InetDgram(
                Addresses.endpoint("local", options.getLocal()),
                Addresses.endpoint("remote", options.getRemote()),
                grant);
    }

    static StreamTransport stream(StreamOptions options) {
        Endpoint endpoint = switch (options.getEndpointCase()) {
            case PATH -> new Endpoint.UnixPath(options.getPath());
            case ADDRESS -> new Endpoint.Inet(Addresses.endpoint("address", options.getAddress()));
            case FD -> new Endpoint.Descriptor(options.getFd());
            case ENDPOINT_NOT_SET ->
                throw new IllegalArgumentException("stream: a path, an address or an fd is expected");
        };
        return new StreamTransport(endpoint, options.getServer(), options.getReconnectMs());
    }

    static MessageTransport vde(VdeOptions options) {
        return new MessageTransport.Vde(
                options.getSock(),
                options.getPort(),
                optional(options.getGroup()),
                options.hasMode() ? Optional.of(options.getMode()) : Optional.empty(),
                options.getDescription().isEmpty() ? "sluice" : options.getDescription());
    }

    private static Optional<String> optional(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
