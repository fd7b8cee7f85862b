package io.sluice.broker.kind;

import io.sluice.broker.bpf.BpfLink;
import io.sluice.broker.bpf.BpfMap;
import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.bpf.ProgramType;
import io.sluice.broker.policy.Program;
import io.sluice.broker.policy.XdpMode;
import io.sluice.broker.sys.Device;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.constants.platform.Errno;

/**
 * The devices that carry our XDP program now: one program, link and XSKMAP each, shared by all leases on the device's
 * queues, gone with the last of them. The map never leaves the broker: a queue without a lease passes its frames to the
 * host's stack.
 */
public final class XdpDevices {
    private static final int MAX_QUEUES = 1024;

    private final Map<Integer, Attached> attached = new HashMap<>();

    /** One device with our program on it, and how many use that. */
    record Attached(Device device, BpfMap sockets, BpfLink link, Program program, Closer owned, AtomicInteger users) {
        /** Directs queues to bound sockets, one each. */
        void open(List<Integer> queues, List<Fd> bound) throws SyscallException {
            for (int i = 0; i < bound.size(); i++) {
                sockets.put(queues.get(i), bound.get(i));
            }
        }

        /** Directs a queue back to the host's stack; nothing more reaches the socket. */
        void shut(int queue) {
            try {
                sockets.delete(queue);
            } catch (SyscallException e) {
                if (!e.is(Errno.ENOENT) && !e.is(Errno.EINVAL)) {
                    throw new AssertionError(e);
                }
                // The slot was empty: never activated, or the tenant closed the socket first.
            }
        }
    }

    /**
     * The device with our program attached, counted as used until {@link #leave}.
     *
     * @throws SyscallException EBUSY if it runs in another mode for somebody else, with another
     *     filter, or carries a foreign program
     */
    Attached join(Device device, XdpMode mode, Program program) throws IOException {
        Attached there = attached.get(device.ifindex());
        if (there != null && there.link.attachedIfindex() != device.ifindex()) {
            // Detached from outside, or the ifindex was used again: the old leases keep a dead object.
            attached.remove(device.ifindex());
            there = null;
        }
        if (there == null) {
            there = attach(device, mode, program);
            attached.put(device.ifindex(), there);
        } else if (mode != XdpMode.AUTO && mode != there.link.mode()) {
            throw new SyscallException(
                    "attach XDP to " + device.name() + " in " + mode + " mode while other leases have it in "
                            + there.link.mode() + " mode",
                    Errno.EBUSY.intValue());
        } else if (!program.equals(there.program)) {
            throw new SyscallException(
                    "attach XDP to " + device.name() + " with another filter than the leases on it have",
                    Errno.EBUSY.intValue());
        }
        there.users.incrementAndGet();
        return there;
    }

    /** Gives a device up. */
    void leave(Attached there) {
        if (there.users.decrementAndGet() == 0) {
            attached.remove(there.device.ifindex(), there);
            there.owned.close();
        }
    }

    /** At once: closing the link's descriptor would detach it some time later. */
    private static void detach(BpfLink link) {
        try {
            link.detach();
        } catch (SyscallException e) {
            // The device is gone, and the program with it.
        }
    }

    private Attached attach(Device device, XdpMode mode, Program program) throws IOException {
        try (Closer closer = new Closer()) {
            BpfMap sockets = BpfMap.xskMap("sluice_xsks", MAX_QUEUES);
            closer.add(sockets::close);
            try (BpfProgram loaded = BpfProgram.load(
                    ProgramType.XDP,
                    "sluice_xdp",
                    program,
                    Map.of(Symbol.SOCKETS, sockets.fd().number()))) {
                BpfLink link = BpfLink.attachXdp(loaded, device.ifindex(), mode);
                closer.add(link::close);
                closer.add(() -> detach(link));
                return new Attached(device, sockets, link, program, closer.release(), new AtomicInteger());
            }
        }
    }
}
