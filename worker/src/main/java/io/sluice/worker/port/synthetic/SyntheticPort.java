package io.sluice.worker.port.synthetic;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import java.util.List;
import java.util.Map;

/** Builds ports that need no lease. */
public final class SyntheticPort {
    private static final int EFD_CLOEXEC_NONBLOCK = 0x80800;

    private SyntheticPort() {}

    /** A port that takes and forgets everything, and never receives. */
    public static Port discard(PortInfo info, FramePool pool) throws SyscallException {
        Counters counters = new Counters();
        return port(info, new NullQueue(neverReady(), pool, counters), counters);
    }

    /** A port from which copies of {@code frame} come as fast as they are taken. */
    public static Port generator(PortInfo info, byte[] frame, FramePool pool) throws SyscallException {
        Counters counters = new Counters();
        return port(info, new GeneratorQueue(neverReady(), frame, pool, counters), counters);
    }

    private static Port port(PortInfo info, PortQueue queue, Counters counters) {
        return new Port(info, List.of(queue), counters, Map::of);
    }

    /** Something for the data path to watch that never becomes readable. */
    private static Fd neverReady() throws SyscallException {
        return Fd.owned(LIBC.eventfd(0, EFD_CLOEXEC_NONBLOCK), "eventfd");
    }
}
