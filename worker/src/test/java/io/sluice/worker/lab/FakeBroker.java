package io.sluice.worker.lab;

import com.google.protobuf.ByteString;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.client.FdChannel;
import io.sluice.grant.client.Frame;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.Confirmed;
import io.sluice.grant.v1.Device;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GrantInfo;
import io.sluice.grant.v1.GrantList;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.LeaseEnded;
import io.sluice.grant.v1.PoolLease;
import io.sluice.grant.v1.Released;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Welcome;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.sys.WorkerCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Speaks the broker's side of the fd plane with whatever sockets a test puts behind its grants. It checks what a real broker
 * would: that a hello comes first and that every acquisition is confirmed.
 */
public final class FakeBroker implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
    private static final int LOOK_MS = 10;
    private static final AtomicLong LEASES = new AtomicLong();

    /**
     * What is behind a lease.
     *
     * @param passed descriptors that the client gets, in the order that the lease refers to
     * @param kept what only the broker has
     * @param pool the connection's pool, borrowed
     */
    public record Made(List<Fd> passed, Closer kept, Fd pool) {
        private void close() {
            kept.close();
            passed.forEach(Fd::close);
        }
    }

    /** Makes what a grant stands for. */
    public interface Maker {
        /** Fills in {@code made} and the kind's part of the lease. */
        void make(Lease.Builder lease, Made made) throws Exception;
    }

    private record Grant(GrantInfo info, Maker maker) {}

    private final Path path;
    private final Fd listener;
    private final Map<String, Grant> grants = new ConcurrentHashMap<>();
    private final Map<String, Error> refusals = new ConcurrentHashMap<>();
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private final List<Long> released = new CopyOnWriteArrayList<>();
    private final List<GrantRequest> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private final Thread accepting = new Thread(this::acceptAll, "fake-broker");
    private volatile boolean closing;
    private volatile boolean cutAfterPool;
    private volatile Error helloRefusal;

    /** Listens at {@code path}. */
    public FakeBroker(Path path) throws IOException {
        this.path = path;
        Files.deleteIfExists(path);
        listener = Fd.owned(WorkerCalls.LIBC.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0), "socket");
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer address = Native.allocate(110).putShort(0, (short) AF_UNIX).put(2, name);
        Native.check(LabCalls.LIBC.bind(listener.number(), address, 2 + name.length + 1), "bind");
        Native.check(LabCalls.LIBC.listen(listener.number(), 16), "listen");
        accepting.start();
    }

    /** Adds a grant. */
    public FakeBroker grant(String name, String kind, String device, Maker maker) {
        GrantInfo info = GrantInfo.newBuilder()
                .setName(name)
                .setKind(kind)
                .setInterface(device)
                .build();
        grants.put(name, new Grant(info, maker));
        return this;
    }

    /** Adds a grant that is refused. */
    public FakeBroker refuse(String grant, Error.Code code, String message, String hint) {
        refusals.put(
                grant,
                Error.newBuilder()
                        .setCode(code)
                        .setMessage(message)
                        .setHint(hint)
                        .build());
        return this;
    }

    /** Refuses everybody who says hello from now on. */
    public void refuseHello(String message) {
        helloRefusal = Error.newBuilder()
                .setCode(Error.Code.DENIED)
                .setMessage(message)
                .build();
    }

    /** Cuts the next connection as soon as it has confirmed its pool. */
    public void cutOnceAfterPool() {
        cutAfterPool = true;
    }

    /** Grants as they were asked for. */
    public List<GrantRequest> requests() {
        return List.copyOf(requests);
    }

    /** Leases that clients gave back. */
    public List<Long> released() {
        return List.copyOf(released);
    }

    /** Connections that there have ever been. */
    public int accepted() {
        return accepted.get();
    }

    /** Connections that there are now. */
    public int connected() {
        return connections.size();
    }

    /** Ends a lease unasked and tells its holder. */
    public void end(long lease, EndReason reason) throws SyscallException {
        for (Connection connection : connections) {
            connection.drop(lease);
            connection.send(
                    Reply.newBuilder()
                            .setLeaseEnded(
                                    LeaseEnded.newBuilder().setLease(lease).setReason(reason)),
                    List.of());
        }
    }

    private void acceptAll() {
        try {
            while (!closing) {
                ByteBuffer set = Native.allocate(8).putInt(0, listener.number()).putShort(4, (short) 1);
                if (LabCalls.LIBC.poll(set, 1, LOOK_MS) > 0) {
                    int fd = LabCalls.LIBC.accept4(listener.number(), null, null, 0x80000);
                    Connection connection = new Connection(Fd.owned(fd, "accept4"));
                    connections.add(connection);
                    accepted.incrementAndGet();
                    connection.thread.start();
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        closing = true;
        join(accepting);
        listener.close();
        Files.deleteIfExists(path);
        for (Connection connection : connections) {
            join(connection.thread);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Connection {
        private final FdChannel channel;
        private final Map<Long, Made> held = new ConcurrentHashMap<>();
        private final Thread thread = new Thread(this::serve, "fake-broker-peer");
        private Fd pool;
        private boolean greeted;
        private long nonce;

        Connection(Fd socket) throws SyscallException {
            channel = new FdChannel(socket, FrameChannel.MAX_REQUEST);
        }

        private void serve() {
            try {
                while (!closing) {
                    channel.await(false, LOOK_MS);
                    for (Frame frame = channel.receiveFrame(); frame != null; frame = channel.receiveFrame()) {
                        if (!answer(Request.parseFrom(frame.body()))) {
                            return;
                        }
                    }
                }
            } catch (IOException e) {
                // The client has gone.
            } catch (Exception e) {
                throw new AssertionError(e);
            } finally {
                channel.close();
                held.values().forEach(Made::close);
                if (pool != null) {
                    pool.close();
                }
                connections.remove(this);
            }
        }

        /** Returns false when the connection is to end. */
        private boolean answer(Request request) throws Exception {
            Reply.Builder reply = Reply.newBuilder().setId(request.getId());
            List<Fd> fds = new ArrayList<>();
            boolean goOn = true;
            switch (request.getOperationCase()) {
                case HELLO -> {
                    greeted = helloRefusal == null;
                    if (greeted) {
                        reply.setWelcome(Welcome.newBuilder().setVersion(1).setTenant("blue"));
                    } else {
                        reply.setError(helloRefusal);
                    }
                }
                case LIST_GRANTS ->
                    reply.setGrantList(GrantList.newBuilder()
                            .addAllGrants(
                                    grants.values().stream().map(Grant::info).toList()));
                case ACQUIRE -> acquire(request.getAcquire(), reply, fds);
                case CONFIRM -> {
                    if (request.getConfirm().getNonce() != nonce) {
                        return false;
                    }
                    nonce = 0;
                    goOn = !cutAfterPool;
                    reply.setConfirmed(Confirmed.getDefaultInstance());
                }
                case RELEASE -> {
                    released.add(request.getRelease().getLease());
                    drop(request.getRelease().getLease());
                    reply.setReleased(Released.getDefaultInstance());
                }
                default -> {
                    return false;
                }
            }
            if (!greeted && !reply.hasError()) {
                return false;
            }
            send(reply, fds);
            if (!goOn) {
                cutAfterPool = false;
            }
            return goOn;
        }

        private void acquire(Acquire acquire, Reply.Builder reply, List<Fd> fds) throws Exception {
            Acquired.Builder acquired = Acquired.newBuilder();
            if (acquire.hasPool()) {
                pool = Pools.memory(acquire.getPool().getSize());
                fds.add(pool.duplicate());
                acquired.setPool(PoolLease.newBuilder()
                        .setFd(0)
                        .setSize(acquire.getPool().getSize()));
            }
            for (GrantRequest request : acquire.getGrantsList()) {
                requests.add(request);
                Error error = refusals.get(request.getGrant());
                Grant grant = grants.get(request.getGrant());
                if (error != null || grant == null) {
                    reply.setError(error != null ? error : unknown(request.getGrant()));
                    fds.forEach(Fd::close);
                    fds.clear();
                    return;
                }
                Lease.Builder lease = Lease.newBuilder()
                        .setId(LEASES.incrementAndGet())
                        .setGrant(request.getGrant())
                        .setDevice(Device.newBuilder()
                                .setName(grant.info().getInterface())
                                .setIfindex(7)
                                .setMtu(1500)
                                .setMac(ByteString.copyFrom(new byte[] {2, 0, 0, 0, 0, 1})));
                Made made = new Made(new ArrayList<>(), new Closer(), pool);
                held.put(lease.getId(), made);
                try {
                    grant.maker().make(lease, made);
                } catch (IOException e) {
                    throw new AssertionError(e); // the test's own doing, not the client's
                }
                for (Fd fd : made.passed()) {
                    fds.add(fd.duplicate());
                }
                if (lease.getKindCase() != Lease.KindCase.KIND_NOT_SET) {
                    acquired.addLeases(lease);
                }
            }
            nonce = LEASES.get() + 1_000;
            reply.setAcquired(acquired.setNonce(nonce));
        }

        private void drop(long lease) {
            Made made = held.remove(lease);
            if (made != null) {
                made.close();
            }
        }

        private static Error unknown(String grant) {
            return Error.newBuilder()
                    .setCode(Error.Code.NOT_FOUND)
                    .setMessage("there is no grant " + grant)
                    .build();
        }

        synchronized void send(Reply.Builder reply, List<Fd> fds) throws SyscallException {
            channel.send(reply.build().toByteArray(), fds);
            while (!channel.flush()) {
                channel.await(true, LOOK_MS);
            }
        }
    }
}
