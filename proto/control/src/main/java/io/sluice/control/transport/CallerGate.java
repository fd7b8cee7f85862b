package io.sluice.control.transport;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.function.Function;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Lets a call through or answers PERMISSION_DENIED with the reason. A caller that is not known is refused. */
final class CallerGate implements ServerInterceptor {
    /** Why a call is refused; null if it is not. */
    private final Function<ServerCall<?, ?>, String> refusal;

    private CallerGate(Function<ServerCall<?, ?>, String> refusal) {
        this.refusal = refusal;
    }

    /** Callers on a unix socket that {@code rule} allows. */
    static CallerGate peers(PeerRule rule) {
        return new CallerGate(call -> {
            Peer peer = call.getAttributes().get(PeerNegotiator.PEER);
            if (peer == null) {
                return "the caller's credentials are not known";
            }
            return rule.allows(peer) ? null : peer + " may not call this server; allowed: " + rule.who();
        });
    }

    /** Callers that showed a certificate. The handshake has verified it; this holds even if its settings were wrong. */
    static CallerGate certificates() {
        return new CallerGate(call -> {
            SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
            try {
                return session != null && session.getPeerCertificates().length > 0
                        ? null
                        : "a client certificate is needed";
            } catch (SSLPeerUnverifiedException e) {
                return "a client certificate is needed";
            }
        });
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String reason = refusal.apply(call);
        if (reason == null) {
            return next.startCall(call, headers);
        }
        call.close(Status.PERMISSION_DENIED.withDescription(reason), new Metadata());
        return new ServerCall.Listener<>() {};
    }
}
