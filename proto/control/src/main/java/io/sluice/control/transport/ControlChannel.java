package io.sluice.control.transport;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Client channels to a {@link ControlServer}. All of a process share one event loop, a daemon thread; callbacks of
 * asynchronous stubs run on it and must not block. The caller shuts the channel down.
 */
public final class ControlChannel {
    private static final long END_TIMEOUT_MS = 200;

    /** Created with the first channel. */
    private static EventLoopGroup shared;

    private ControlChannel() {}

    /** A channel over the unix socket at {@code socket}. Connects with the first call, which is UNAVAILABLE if it can't. */
    public static ManagedChannel open(Path socket) {
        return open(socket, sharedLoop());
    }

    private static synchronized EventLoopGroup sharedLoop() {
        if (shared == null) {
            shared = Epoll.newLoop("control-client");
        }
        return shared;
    }

    /**
     * Ends the event loop, and with it all channels, of a process that is about to exit: HotSpot's exit waits up to 300 ms
     * for a thread that is in native code, as one in epoll_wait(2) is.
     */
    public static synchronized void endAll() {
        if (shared != null) {
            shared.shutdownGracefully(0, END_TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(END_TIMEOUT_MS);
            shared = null;
        }
    }

    /** The same on an event loop of the caller's. */
    static ManagedChannel open(Path socket, EventLoopGroup loop) {
        SocketAddress address = new DomainSocketAddress(socket.toFile());
        return builder(address, EpollDomainSocketChannel.class, InsecureChannelCredentials.create(), loop)
                .overrideAuthority("localhost")
                .withOption(ChannelOption.SO_KEEPALIVE, null) // gRPC sets it, and unix sockets don't have it
                .build();
    }

    /**
     * A channel over TCP with mutual TLS.
     *
     * @param certificate the client's chain, PEM
     * @param key its private key, PEM, PKCS #8
     * @param serverCa certificates of the authority that certified the server, PEM
     * @throws IOException a file can't be read or understood
     */
    public static ManagedChannel openTls(InetSocketAddress address, Path certificate, Path key, Path serverCa)
            throws IOException {
        return builder(address, EpollSocketChannel.class, TlsFiles.client(certificate, key, serverCa), sharedLoop())
                .build();
    }

    private static NettyChannelBuilder builder(
            SocketAddress address, Class<? extends Channel> type, ChannelCredentials credentials, EventLoopGroup loop) {
        return NettyChannelBuilder.forAddress(address, credentials)
                .channelType(type, address.getClass())
                .eventLoopGroup(loop)
                .withOption(ChannelOption.ALLOCATOR, UnpooledByteBufAllocator.DEFAULT)
                .directExecutor();
    }
}
