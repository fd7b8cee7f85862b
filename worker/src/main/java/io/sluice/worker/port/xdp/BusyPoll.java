package io.sluice.worker.port.xdp;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;

/**
 * Whether a receive call on a socket does the device's receive work. That takes a NAPI by which the kernel knows the socket
 * (SO_INCOMING_NAPI_ID): since Linux 6.14 the one that the driver has registered for the queue, at bind(2), which veth does not;
 * before 6.13 that of the first packet. Without one the call does nothing.
 */
final class BusyPoll {
    private static final int SOL_SOCKET = 1;
    private static final int SO_INCOMING_NAPI_ID = 56;

    private final Fd socket;
    private boolean undecided;
    private boolean works;

    /**
     * @param socket borrowed
     * @param wanted whether the socket is set up for it
     */
    BusyPoll(Fd socket, boolean wanted) {
        this.socket = socket;
        this.works = wanted && hasNapi();
        this.undecided = wanted && !works;
    }

    /** Whether receive calls are of use. */
    boolean works() {
        return works;
    }

    /** Packets have come. */
    void received() {
        if (undecided) {
            undecided = false;
            works = hasNapi();
        }
    }

    private boolean hasNapi() {
        ByteBuffer id = Native.allocate(4);
        ByteBuffer length = Native.allocate(4).putInt(0, 4);
        return LIBC.getsockopt(socket.number(), SOL_SOCKET, SO_INCOMING_NAPI_ID, id, length) == 0 && id.getInt(0) != 0;
    }
}
