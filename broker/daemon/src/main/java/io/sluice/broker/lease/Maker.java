package io.sluice.broker.lease;

import io.sluice.broker.kind.Made;
import io.sluice.broker.kind.PacketKind;
import io.sluice.broker.kind.Pool;
import io.sluice.broker.kind.XdpDevices;
import io.sluice.broker.kind.XdpKind;
import io.sluice.broker.policy.Order;
import io.sluice.broker.policy.PacketOrder;
import io.sluice.broker.policy.XdpOrder;
import io.sluice.broker.sys.Device;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Error;
import java.io.IOException;

/** Makes what an order says, and turns failures into what the client may know. */
public final class Maker {
    private final XdpDevices xdpDevices = new XdpDevices();

    /** What was made, and on which device. */
    public record Result(Made made, Device device) {}

    /**
     * @param pool the connection's pool, or null; an xdp order needs one
     * @throws Rejection it can't be made; nothing is left of it
     */
    public Result make(Order order, Pool pool) throws Rejection {
        String grant = "grant " + order.grant() + ": ";
        try {
            Device device = Device.named(order.interfaceName());
            if (order instanceof XdpOrder xdp) {
                checkPool(xdp, pool);
                return new Result(XdpKind.make(xdp, device, pool, xdpDevices), device);
            }
            return new Result(PacketKind.make((PacketOrder) order, device), device);
        } catch (SyscallException e) {
            throw rejection(grant, order, e);
        } catch (IOException e) {
            throw new Rejection(Error.Code.INTERNAL, grant + e.getMessage(), "");
        }
    }

    private static void checkPool(XdpOrder order, Pool pool) throws Rejection {
        if (pool == null) {
            throw new Rejection(
                    Error.Code.INVALID,
                    "grant " + order.grant() + " needs a frame pool",
                    "ask for a pool in this request or an earlier one");
        }
        if (pool.size() % order.chunkSize() != 0) {
            throw new Rejection(
                    Error.Code.INVALID,
                    "the pool of " + pool.size() + " bytes is no multiple of the chunk size " + order.chunkSize(),
                    "");
        }
    }

    private static Rejection rejection(String grant, Order order, SyscallException e) {
        return switch (e.errno()) {
            case ENODEV ->
                new Rejection(
                        Error.Code.NOT_FOUND,
                        grant + "there is no device " + order.interfaceName() + " in the broker's network namespace",
                        "create the device, or correct the grant's interface");
            case EBUSY, EEXIST ->
                new Rejection(
                        Error.Code.BUSY,
                        grant + e.getMessage(),
                        "the queue or the device's XDP slot is in use: `sluice lease ls` and `bpftool net` show by whom");
            // ENOTSUP is another name for the number of EOPNOTSUPP.
            case EINVAL, ENOTSUP, EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT, ENOPROTOOPT, ERANGE ->
                new Rejection(
                        Error.Code.UNSUPPORTED,
                        grant + e.getMessage(),
                        "the device has fewer queues, or driver or kernel lack the feature: see `sluice doctor`");
            case EPERM ->
                new Rejection(
                        Error.Code.INTERNAL,
                        grant + e.getMessage(),
                        "the broker lacks a capability: start it with `sluice broker`");
            default -> new Rejection(Error.Code.INTERNAL, grant + e.getMessage(), "");
        };
    }
}
