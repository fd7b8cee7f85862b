package io.sluice.broker.kind;

import io.sluice.broker.bpf.BpfLink;
import io.sluice.broker.bpf.BpfMap;
import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.bpf.ProgramType;
import io.sluice.broker.policy.Program;
import io.sluice.broker.policy.XdpMode;
import io.sluice.broker.policy.XdpOrder;
import io.sluice.broker.sys.Device;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.OffloadCounters;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import jnr.constants.platform.Errno;

/**
 * The devices that carry our XDP program now: one program and link each, with the maps that it uses, shared by all leases on
 * the device's queues, gone with the last of them. No map leaves the broker: a queue without a lease passes its frames to
 * the host's stack.
 */
public final class XdpDevices {
    private static final int MAX_QUEUES = 1024;

    private final Map<Integer, Attached> attached = new HashMap<>();

    /** One device with our program on it, and how many use that. */
    record Attached(
            Device device, Map<Symbol, BpfMap> maps, BpfLink link, Program program, Closer owned, AtomicInteger users) {
        /** Whether the device is there still, and its number not another one's. */
        boolean isThere() throws SyscallException {
            return link.attachedIfindex() == device.ifindex();
        }

        void clear(Symbol map, int queue) {
            try {
                maps.get(map).delete(queue);
            } catch (SyscallException e) {
                if (!e.is(Errno.ENOENT) && !e.is(Errno.EINVAL)) {
                    throw new AssertionError(e);
                }
                // The slot was empty: never activated, or the tenant closed the socket first.
            }
        }
    }

    /**
     * What one lease has of a device: queues that lead to its sockets or, by a detour, to another lease's device. That is an
     * entry in the map that the program asks first, so with or without it there is no moment at which a frame goes nowhere.
     */
    public record Share(Attached on, List<Integer> queues, List<Fd> sockets, AtomicReference<Share> detour)
            implements Made.Activation {
        /** Directs the queues to the sockets, one each, which are bound by now. */
        @Override
        public void run() throws SyscallException {
            for (int i = 0; i < sockets.size(); i++) {
                on.maps.get(Symbol.SOCKETS).direct(queues.get(i), sockets.get(i).number());
            }
        }

        /** Directs the queues back to the host's stack; nothing more reaches the sockets, nor another lease's device. */
        void shut() {
            rejoin();
            queues.forEach(queue -> on.clear(Symbol.SOCKETS, queue));
        }

        /**
         * Has the two lead to each other's device, until either is shut or led elsewhere, or no longer.
         *
         * @return whether that is a change
         * @throws SyscallException a device is gone; then neither leads anywhere
         */
        public boolean detour(Share other, boolean wanted) throws SyscallException {
            if (wanted == other.equals(detour.get())) {
                return false;
            }
            rejoin();
            other.rejoin();
            try (Closer undo = new Closer()) {
                undo.add(this::rejoin);
                if (wanted) {
                    lead(other);
                    other.lead(this);
                }
                undo.release();
            }
            return true;
        }

        private void lead(Share other) throws SyscallException {
            detour.set(other);
            for (int queue : queues) {
                on.maps.get(Symbol.DEVICES).direct(queue, other.on.device.ifindex());
            }
            // Afterwards: from now on the entries go with the device. Another one may have got its number before.
            if (!other.on.isThere()) {
                throw new SyscallException("offload to " + other.on.device.name(), Errno.ENODEV.intValue());
            }
        }

        /** Ends the detour both ways, for all but what a CPU is just looking at. */
        @Override
        public void rejoin() {
            Share other = detour.getAndSet(null);
            if (other != null) {
                queues.forEach(queue -> on.clear(Symbol.DEVICES, queue));
                other.rejoin();
            }
        }

        /** What took a detour from these queues since the program was attached. */
        public OffloadCounters.Builder counters() throws SyscallException {
            OffloadCounters.Builder sums = OffloadCounters.newBuilder();
            for (int queue : queues) {
                ByteBuffer counted = on.maps.get(Symbol.FORWARDED).lookup(queue);
                sums.setPackets(sums.getPackets() + counted.getLong(0)).setBytes(sums.getBytes() + counted.getLong(8));
            }
            return sums;
        }
    }

    /**
     * Queues of the device with our program attached, counted as used until {@link #leave}.
     *
     * @param sockets borrowed; there when it is activated
     * @throws SyscallException EBUSY if it runs in another mode for somebody else, with another filter or word on offload, or
     *     carries a foreign program
     */
    Share join(Device device, XdpOrder order, List<Fd> sockets) throws IOException {
        XdpMode mode = order.mode();
        Program program = order.program();
        Attached there = attached.get(device.ifindex());
        if (there != null && !there.isThere()) {
            // Detached from outside, or the ifindex was used again: the old leases keep a dead object.
            attached.remove(device.ifindex());
            there = null;
        }
        if (there == null) {
            there = attach(device, mode, program);
            attached.put(device.ifindex(), there);
        } else if ((mode != XdpMode.AUTO && mode != there.link.mode()) || !program.equals(there.program)) {
            String other = program.equals(there.program)
                    ? " in " + mode + " mode while other leases have it in " + there.link.mode() + " mode"
                    : " with another filter or offload than the leases on it have";
            throw new SyscallException("attach XDP to " + device.name() + other, Errno.EBUSY.intValue());
        }
        there.users.incrementAndGet();
        return new Share(there, order.queues(), sockets, new AtomicReference<>());
    }

    /** Gives a device up. */
    void leave(Share share) {
        Attached there = share.on;
        if (there.users.decrementAndGet() == 0) {
            attached.remove(there.device.ifindex(), there);
            there.owned.close();
        }
    }

    private static Attached attach(Device device, XdpMode mode, Program program) throws IOException {
        try (Closer closer = new Closer()) {
            Map<Symbol, BpfMap> maps = new EnumMap<>(Symbol.class);
            Map<Symbol, Integer> values = new EnumMap<>(Symbol.class);
            for (Symbol symbol : Set.copyOf(program.relocations().values())) {
                BpfMap map = BpfMap.ofQueues(symbol, MAX_QUEUES);
                closer.add(map::close);
                maps.put(symbol, map);
                values.put(symbol, map.fd().number());
            }
            try (BpfProgram loaded = BpfProgram.load(ProgramType.XDP, "sluice_xdp", program, values)) {
                BpfLink link = BpfLink.attachXdp(loaded, device.ifindex(), mode);
                closer.add(link::close);
                return new Attached(device, maps, link, program, closer.release(), new AtomicInteger());
            }
        }
    }
}
