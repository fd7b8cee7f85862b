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

/**
 * Client channels to a {@link ControlServer}. All of a process share one event loop, a daemon thread; callbacks of
 * asynchronous stubs run on it and must not block. The caller shuts the channel down.
 */
public final class ControlChannel {
    /** Created with the first channel; stays for the life of the process. */
    private static final class Loop {
        static final EventLoopGroup SHARED = Epoll.newLoop("control-client");
    }

    private ControlChannel() {}

    /** A channel over the unix socket at {@code socket}. Connects with the first call, which is UNAVAILABLE if it can't. */
    public static ManagedChannel open(Path socket) {
        SocketAddress address = new DomainSocketAddress(socket.toFile());
        return builder(address, EpollDomainSocketChannel.class, InsecureChannelCredentials.create())
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
        return builder(address, EpollSocketChannel.class, TlsFiles.client(certificate, key, serverCa))
                .build();
    }

    private static NettyChannelBuilder builder(
            SocketAddress address, Class<? extends Channel> type, ChannelCredentials credentials) {
        return NettyChannelBuilder.forAddress(address, credentials)
                .channelType(type, address.getClass())
                .eventLoopGroup(Loop.SHARED)
                .withOption(ChannelOption.ALLOCATOR, UnpooledByteBufAllocator.DEFAULT)
                .directExecutor();
    }
}
