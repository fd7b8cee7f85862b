package io.sluice.control.transport;

import io.grpc.Attributes;
import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.ProtocolNegotiationEvent;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.netty.channel.unix.Socket;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads the peer's credentials from a fresh unix connection and hands them to the calls as {@link #PEER}.
 *
 * <p>grpc-java has no public way from a call to its socket (its issues 2646 and 9900), so this class, and no other, uses
 * its internal classes. It does the work of the plaintext negotiator: wait for the event that starts the negotiation, then
 * put gRPC's own handler in its place with the attributes of the connection.
 */
final class PeerNegotiator implements InternalProtocolNegotiator.ProtocolNegotiator {
    /** The peer of the connection that a call came on. */
    static final Attributes.Key<Peer> PEER = Attributes.Key.create("io.sluice.control.peer");

    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERGROUPS = 59;
    /** (gid_t) -1 is no group: it marks what the kernel left unwritten, as Netty does not return the length. */
    private static final int NO_GROUP = -1;

    /** NGROUPS_MAX of the kernel. */
    private static final int MAX_GROUPS = 65536;

    private PeerNegotiator() {}

    /** Plaintext on unix sockets, with {@link #PEER} set. */
    static ServerCredentials credentials() {
        return InternalNettyServerCredentials.create(new PeerNegotiator());
    }

    @Override
    public AsciiString scheme() {
        return AsciiString.of("http");
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
        return new Handler(grpc);
    }

    @Override
    public void close() {}

    private static final class Handler extends ChannelInboundHandlerAdapter {
        private final GrpcHttp2ConnectionHandler grpc;

        Handler(GrpcHttp2ConnectionHandler grpc) {
            this.grpc = grpc;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (!(event instanceof ProtocolNegotiationEvent start)) {
                super.userEventTriggered(context, event);
                return;
            }
            Peer peer = peer((EpollDomainSocketChannel) context.channel());
            Attributes attributes = InternalProtocolNegotiationEvent.getAttributes(start).toBuilder()
                    .set(PEER, peer)
                    .build();
            ChannelHandler next = InternalProtocolNegotiators.grpcNegotiationHandler(grpc);
            context.pipeline().replace(this, null, next);
            context.pipeline()
                    .fireUserEventTriggered(InternalProtocolNegotiationEvent.withAttributes(start, attributes));
        }
    }

    private static Peer peer(EpollDomainSocketChannel channel) throws IOException {
        PeerCredentials credentials = channel.peerCredentials();
        Set<Integer> groups = groups(channel.fd().intValue());
        return new Peer(credentials.pid(), credentials.uid(), credentials.gids()[0], groups);
    }

    private static Set<Integer> groups(int fd) throws IOException {
        Socket borrowed = new Socket(fd);
        for (int room = 64; ; room *= 8) {
            ByteBuffer list = ByteBuffer.allocateDirect(4 * room).order(ByteOrder.nativeOrder());
            for (int i = 0; i < room; i++) {
                list.putInt(4 * i, NO_GROUP);
            }
            try {
                borrowed.getRawOpt(SOL_SOCKET, SO_PEERGROUPS, list);
            } catch (ChannelException e) {
                // ERANGE: more groups than fit. Netty has the number in its text only, so the size ends the attempts.
                if (room >= MAX_GROUPS) {
                    throw e;
                }
                continue;
            }
            Set<Integer> groups = new HashSet<>();
            for (int i = 0; i < room && list.getInt(4 * i) != NO_GROUP; i++) {
                groups.add(list.getInt(4 * i));
            }
            return groups;
        }
    }
}
