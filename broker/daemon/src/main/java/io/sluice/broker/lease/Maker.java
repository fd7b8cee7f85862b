package io.sluice.broker.lease;

import io.sluice.broker.jail.Jail;
import io.sluice.broker.jail.Jails;
import io.sluice.broker.kind.IpKind;
import io.sluice.broker.kind.Made;
import io.sluice.broker.kind.PacketKind;
import io.sluice.broker.kind.Pool;
import io.sluice.broker.kind.TapKind;
import io.sluice.broker.kind.XdpDevices;
import io.sluice.broker.kind.XdpKind;
import io.sluice.broker.policy.IpGrant;
import io.sluice.broker.policy.Order;
import io.sluice.broker.policy.PacketOrder;
import io.sluice.broker.policy.Place;
import io.sluice.broker.policy.PoolRule;
import io.sluice.broker.policy.TapGrant;
import io.sluice.broker.policy.XdpOrder;
import io.sluice.broker.sys.Device;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Error.Code;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Makes what an order says, and turns failures into what the client may know. */
public final class Maker implements AutoCloseable {
    private static final int THREADS = 8;

    private final XdpDevices xdpDevices = new XdpDevices();
    private final Jails jails;

    /** @param jails consumed */
    public Maker(Jails jails) {
        this.jails = jails;
    }

    /** What was made, and on which device. */
    public record Result(Made made, Device device) {}

    /**
     * @param pool the connection's pool, or null; an xdp order needs one
     * @throws Rejection it can't be made; nothing is left of it
     */
    public Result make(Order order, Pool pool) throws Rejection {
        String grant = "grant " + order.grant() + " (" + order.place().shown() + "): ";
        try {
            Rejection.throwIf(PoolRule.refusal(order, pool == null ? 0 : pool.size()));
            return order.place() instanceof Place.Jail place
                    ? jailed(order, place, pool)
                    : open(order, pool, xdpDevices);
        } catch (SyscallException e) {
            throw rejection(grant, e);
        } catch (IOException e) {
            throw new Rejection(Code.INTERNAL, grant + e.getMessage(), "");
        }
    }

    private Result jailed(Order order, Place.Jail place, Pool pool) throws IOException {
        try (Closer closer = new Closer()) {
            Jails.Inside use = order instanceof IpGrant
                    ? Jails.Inside.STACK
                    : order instanceof TapGrant ? Jails.Inside.DEVICE : Jails.Inside.SOCKETS;
            Jail jail = jails.create(place, Collections.max(order.queues()) + 1, use);
            closer.add(jail::close);
            Result inside = jail.inside().call(() -> open(order, pool, new XdpDevices()));
            closer.release();
            return new Result(inside.made().in(jail), inside.device());
        }
    }

    /**
     * Takes down what was made in jails: the devices first, then the rest. Each deletion of devices and each last close(2)
     * of a packet or AF_XDP socket waits 10 to 30 ms for what the other CPUs are just reading (RCU), whoever asks for it. So
     * this is left to threads that end with it: their waits pass at the same time, and the broker goes on.
     *
     * @return done when all is gone, or with an exception if some of it is not
     */
    CompletableFuture<Void> remove(List<Lease> ended) {
        List<Made> all = ended.stream().map(Lease::made).toList();
        List<Integer> devices =
                all.stream().map(each -> each.jail().orElseThrow().ifindex()).toList();
        ExecutorService threads = Executors.newFixedThreadPool(Math.min(THREADS, all.size()));
        CompletableFuture<Void> deleted = CompletableFuture.runAsync(() -> jails.delete(devices), threads)
                .exceptionally(e -> null); // each tries for itself
        return CompletableFuture.allOf(all.stream()
                        .map(each -> deleted.thenRunAsync(each::close, threads))
                        .toArray(CompletableFuture[]::new))
                .whenComplete((nothing, e) -> threads.shutdown());
    }

    /** On the device of that name in the network namespace of this thread. */
    private static Result open(Order order, Pool pool, XdpDevices devices) throws IOException {
        Device device = Device.named(order.place().device());
        Made made;
        if (order instanceof XdpOrder xdp) {
            made = XdpKind.make(xdp, device, pool, devices);
        } else if (order instanceof PacketOrder packet) {
            made = PacketKind.make(packet, device);
        } else if (order instanceof TapGrant tap) {
            made = TapKind.make(tap, device);
        } else {
            made = IpKind.make((IpGrant) order, device);
        }
        return new Result(made, device);
    }

    private static Rejection rejection(String grant, SyscallException e) {
        String what = grant + e.getMessage();
        return switch (e.errno()) {
            case ENODEV -> new Rejection(Code.NOT_FOUND, what, "create it in the broker's namespace or mend the grant");
            case EBUSY, EEXIST ->
                new Rejection(Code.BUSY, what, "in use: `sluice lease ls`, `bpftool net` show by whom");
            // ENOTSUP is another name for the number of EOPNOTSUPP.
            case EINVAL, ENOTSUP, EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT, ENOPROTOOPT, ERANGE ->
                new Rejection(Code.UNSUPPORTED, what, "too few queues, or a feature is missing: see `sluice doctor`");
            case EPERM ->
                new Rejection(Code.INTERNAL, what, "start it by `sluice broker`, for jails without --no-jails");
            default -> new Rejection(Code.INTERNAL, what, "");
        };
    }

    @Override
    public void close() {
        jails.close();
    }
}
