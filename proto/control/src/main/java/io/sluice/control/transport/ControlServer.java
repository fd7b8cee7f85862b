package io.sluice.control.transport;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/**
 * A gRPC server on a unix socket whose callers are known by their credentials and, if asked for, on TCP for callers with
 * a certificate of a given authority. Health (v1) and reflection (v1) come with it, under the same rules.
 *
 * <p>One event loop thread serves all connections, and runs the services too unless {@link Builder#executor} says
 * otherwise: then they must not block.
 */
public final class ControlServer implements AutoCloseable {
    /** Largest request, in bytes. */
    private static final int MAX_REQUEST = 1024 * 1024;

    private static final int MAX_CALLS_PER_CONNECTION = 64;
    private static final long CLOSE_TIMEOUT_MS = 2_000;
    private static final long CHECK_TIMEOUT_MS = 10_000;

    /** It warns, with a stack trace, of every client that goes during a stream, as watchers do. Held: levels die with it. */
    private static final Logger STREAM_ERRORS = Logger.getLogger("io.grpc.netty.NettyServerHandler");

    static {
        STREAM_ERRORS.setLevel(Level.SEVERE);
    }

    private static final Executor EVENT_LOOP = Runnable::run;

    private final EventLoopGroup loop;
    private final HealthStatusManager health;
    private final SocketFile socket;
    private final List<Server> servers;
    private final AtomicBoolean closed = new AtomicBoolean();

    private ControlServer(EventLoopGroup loop, HealthStatusManager health, SocketFile socket, List<Server> servers) {
        this.loop = loop;
        this.health = health;
        this.socket = socket;
        this.servers = servers;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The TCP address of {@link Builder#tls}, with the port that the kernel chose if 0 was asked for. */
    public InetSocketAddress tlsAddress() {
        if (servers.size() < 2) {
            throw new IllegalStateException("this server has no TCP listener");
        }
        return (InetSocketAddress) servers.get(1).getListenSockets().get(0);
    }

    /**
     * Sets what the health service answers; it starts with SERVING for the empty name and every service.
     *
     * @param service full gRPC name, or empty for the server as a whole
     */
    public void health(String service, boolean serving) {
        health.setStatus(service, serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }

    /** Waits until the server has been closed. */
    public void awaitTermination() throws InterruptedException {
        for (Server server : servers) {
            server.awaitTermination();
        }
    }

    /** Removes the socket, gives calls in progress two seconds to end, then ends them. */
    @Override
    public void close() throws IOException {
        if (closed.getAndSet(true)) {
            return;
        }
        health.enterTerminalState();
        try {
            socket.close();
        } finally {
            shutDown(loop, servers);
        }
    }

    private static void shutDown(EventLoopGroup loop, List<Server> servers) {
        servers.forEach(Server::shutdown);
        awaitAll(servers);
        servers.forEach(Server::shutdownNow);
        awaitAll(servers); // the cancelled calls hear of it while the loop still turns
        loop.shutdownGracefully(0, CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(CLOSE_TIMEOUT_MS);
    }

    private static void awaitAll(List<Server> servers) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_TIMEOUT_MS);
        try {
            for (Server server : servers) {
                server.awaitTermination(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends calls of the added services to the executor given for them. */
    private record OwnServices(Set<String> names, Executor executor) implements ServerCallExecutorSupplier {
        @Override
        public <Q, R> Executor getExecutor(ServerCall<Q, R> call, Metadata metadata) {
            return names.contains(call.getMethodDescriptor().getServiceName()) ? executor : EVENT_LOOP;
        }
    }

    /** What is to be served, where, and to whom. */
    public static final class Builder {
        private final List<BindableService> services = new ArrayList<>();
        private Path path;
        private PeerRule rule;
        private Set<PosixFilePermission> permissions;
        private String group;
        private InetSocketAddress tlsAddress;
        private ServerCredentials tlsCredentials;
        private Executor executor = EVENT_LOOP;

        private Builder() {}

        /**
         * Where to listen. A stale socket is replaced; a missing directory is created with mode 0700, or 0755 if the
         * socket has a group.
         *
         * @param rule who may call; others get PERMISSION_DENIED on every call, health and reflection included
         * @param mode of the socket, in the form {@code rw-rw----}; who has no {@code w} cannot even connect
         */
        public Builder unix(Path socket, PeerRule rule, String mode) {
            this.path = Objects.requireNonNull(socket);
            this.rule = Objects.requireNonNull(rule);
            this.permissions = PosixFilePermissions.fromString(mode);
            return this;
        }

        /** The group that owns the socket; this process must be root or a member. */
        public Builder group(String name) {
            this.group = Objects.requireNonNull(name);
            return this;
        }

        /**
         * Listens on TCP too, for clients that show a certificate. Any client that {@code clientCa} has certified may
         * call, so it should certify nobody else.
         *
         * @param certificate the server's chain, PEM
         * @param key its private key, PEM, PKCS #8
         * @param clientCa certificates of the authority, PEM
         * @throws IOException a file can't be read or understood
         */
        public Builder tls(InetSocketAddress address, Path certificate, Path key, Path clientCa) throws IOException {
            this.tlsAddress = Objects.requireNonNull(address);
            this.tlsCredentials = TlsFiles.server(certificate, key, clientCa);
            return this;
        }

        /** Adds a service. */
        public Builder service(BindableService service) {
            services.add(Objects.requireNonNull(service));
            return this;
        }

        /**
         * Where the added services run; without this, on the event loop thread, which they must not block. Health and
         * reflection always run there, so that they answer while all threads of {@code executor} are busy.
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor);
            return this;
        }

        /**
         * Starts to serve. When this returns, clients can connect, and the server has answered a health check of its own:
         * it works, and the first client does not wait while the classes of a first call are loaded.
         *
         * @throws IOException the socket is in use or can't be made, or nothing answers on it; the message says why and what
         *     to do
         */
        public ControlServer start() throws IOException {
            if (path == null) {
                throw new IllegalStateException("a control server needs a unix socket");
            }
            SocketFile socket = SocketFile.claim(path, group != null);
            EventLoopGroup loop = Epoll.newLoop("control-server");
            List<Server> started = new ArrayList<>();
            try {
                HealthStatusManager health = new HealthStatusManager();
                health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
                for (BindableService service : services) {
                    health.setStatus(
                            service.bindService().getServiceDescriptor().getName(), ServingStatus.SERVING);
                }
                DomainSocketAddress bind =
                        new DomainSocketAddress(socket.bindPath().toFile());
                started.add(server(bind, EpollServerDomainSocketChannel.class, PeerNegotiator.credentials(), loop)
                        .intercept(CallerGate.peers(rule))
                        .addService(health.getHealthService())
                        .build()
                        .start());
                if (tlsAddress != null) {
                    started.add(server(tlsAddress, EpollServerSocketChannel.class, tlsCredentials, loop)
                            .intercept(CallerGate.certificates())
                            .addService(health.getHealthService())
                            .build()
                            .start());
                }
                socket.publish(permissions, group);
                checkSelf(loop);
                return new ControlServer(loop, health, socket, started);
            } catch (IOException | RuntimeException e) {
                shutDown(loop, started);
                socket.close();
                throw e;
            }
        }

        private void checkSelf(EventLoopGroup loop) throws IOException {
            ManagedChannel channel = ControlChannel.open(path, loop);
            try {
                HealthGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(CHECK_TIMEOUT_MS, TimeUnit.MILLISECONDS)
                        .check(HealthCheckRequest.getDefaultInstance());
            } catch (StatusRuntimeException e) {
                if (e.getStatus().getCode() != Status.Code.PERMISSION_DENIED) { // an answer, too: we serve others only
                    throw new IOException("the server at " + path + " does not answer itself: " + e.getMessage(), e);
                }
            } finally {
                channel.shutdownNow();
            }
        }

        private NettyServerBuilder server(
                SocketAddress address,
                Class<? extends ServerChannel> type,
                ServerCredentials credentials,
                EventLoopGroup loop) {
            Set<String> names = services.stream()
                    .map(service -> service.bindService().getServiceDescriptor().getName())
                    .collect(Collectors.toUnmodifiableSet());
            ByteBufAllocator unpooled = UnpooledByteBufAllocator.DEFAULT; // few small messages: arenas would be waste
            NettyServerBuilder builder = NettyServerBuilder.forAddress(address, credentials)
                    .channelType(type)
                    .bossEventLoopGroup(loop)
                    .workerEventLoopGroup(loop)
                    .withOption(ChannelOption.ALLOCATOR, unpooled)
                    .withChildOption(ChannelOption.ALLOCATOR, unpooled)
                    .maxInboundMessageSize(MAX_REQUEST)
                    .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                    .executor(EVENT_LOOP)
                    .callExecutor(new OwnServices(names, executor))
                    .addService(ProtoReflectionServiceV1.newInstance());
            if (type == EpollServerDomainSocketChannel.class) {
                // gRPC sets it for every kind of socket, and Netty warns of it on unix sockets.
                builder.withChildOption(ChannelOption.SO_KEEPALIVE, null);
            }
            services.forEach(builder::addService);
            return builder;
        }
    }
}
