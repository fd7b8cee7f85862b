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
import jnr.constants.platform.Errno;

/** Makes what an order says, and turns failures into what the client may know. */
public final class Maker {
    private final XdpDevices xdpDevices = new XdpDevices();

    /** An order that could not be made. */
    public static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;
        private final Error.Code code;
        private final String hint;

        Failure(Error.Code code, String message, String hint, Throwable cause) {
            super(message, cause);
            this.code = code;
            this.hint = hint;
        }

        public Error.Code code() {
            return code;
        }

        public String hint() {
            return hint;
        }
    }

    /** What was made, and on which device. */
    public record Result(Made made, Device device) {}

    /** @param pool the connection's pool, or null; an xdp order needs one */
    public Result make(Order order, Pool pool) throws Failure {
        try {
            Device device = Device.named(order.interfaceName());
            if (order instanceof XdpOrder xdp) {
                if (pool == null) {
                    throw new Failure(
                            Error.Code.INVALID,
                            "grant " + order.grant() + " needs a frame pool",
                            "ask for a pool in this request or an earlier one",
                            null);
                }
                if (pool.size() % xdp.chunkSize() != 0) {
                    throw new Failure(
                            Error.Code.INVALID,
                            "the pool of " + pool.size() + " bytes is no multiple of the chunk size " + xdp.chunkSize(),
                            "",
                            null);
                }
                return new Result(XdpKind.make(xdp, device, pool, xdpDevices), device);
            }
            return new Result(PacketKind.make((PacketOrder) order, device), device);
        } catch (SyscallException e) {
            throw failure(order, e);
        } catch (IOException e) {
            throw new Failure(Error.Code.INTERNAL, "grant " + order.grant() + ": " + e.getMessage(), "", e);
        }
    }

    private static Failure failure(Order order, SyscallException e) {
        String grant = "grant " + order.grant() + ": ";
        Errno errno = e.errno();
        if (errno == Errno.ENODEV) {
            return new Failure(
                    Error.Code.NOT_FOUND,
                    grant + "there is no device " + order.interfaceName() + " in the broker's network namespace",
                    "create the device, or correct the grant's interface",
                    e);
        }
        if (errno == Errno.EBUSY || errno == Errno.EEXIST) {
            return new Failure(
                    Error.Code.BUSY,
                    grant + e.getMessage(),
                    "the queue or the device's XDP slot is in use: `sluice lease ls` and `bpftool net` show by whom",
                    e);
        }
        if (errno == Errno.EINVAL
                || errno == Errno.EOPNOTSUPP
                || errno == Errno.EPROTONOSUPPORT
                || errno == Errno.EAFNOSUPPORT
                || errno == Errno.ENOPROTOOPT) {
            return new Failure(
                    Error.Code.UNSUPPORTED,
                    grant + e.getMessage(),
                    "the device has fewer queues, or the kernel lacks the feature: see `sluice doctor`",
                    e);
        }
        if (errno == Errno.EPERM) {
            return new Failure(
                    Error.Code.INTERNAL,
                    grant + e.getMessage(),
                    "the broker lacks a capability: start it with `sluice broker`",
                    e);
        }
        return new Failure(Error.Code.INTERNAL, grant + e.getMessage(), "", e);
    }
}
