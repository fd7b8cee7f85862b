package io.sluice.worker.port.xdp;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The mapped rings of one socket. A second process may map them once the socket is bound (Linux 6.4).
 *
 * @param tx null for an RX-only lease
 */
record XskRings(Ring rx, Ring tx, Ring fill, Ring completion) implements AutoCloseable {
    private static final int SOL_XDP = 283;
    private static final int XDP_MMAP_OFFSETS = 1;
    private static final int RING_OFFSET = 32;
    private static final long PGOFF_RX = 0;
    private static final long PGOFF_TX = 0x80000000L;
    private static final long PGOFF_FILL = 0x100000000L;
    private static final long PGOFF_COMPLETION = 0x180000000L;

    /** Maps the rings of a socket, which is borrowed. */
    static XskRings map(XdpPort.Socket sizes) throws SyscallException {
        Fd socket = sizes.fd();
        ByteBuffer offsets = Native.allocate(4 * RING_OFFSET);
        ByteBuffer length = Native.allocate(4).putInt(0, offsets.capacity());
        Native.check(
                LIBC.getsockopt(socket.number(), SOL_XDP, XDP_MMAP_OFFSETS, offsets, length),
                "getsockopt(XDP_MMAP_OFFSETS)");
        List<Ring> mapped = new ArrayList<>();
        try {
            Ring rx = ring(socket, offsets, 0, PGOFF_RX, sizes.rx(), 16, false, mapped);
            Ring tx = sizes.tx() == 0 ? null : ring(socket, offsets, 1, PGOFF_TX, sizes.tx(), 16, true, mapped);
            Ring fill = ring(socket, offsets, 2, PGOFF_FILL, sizes.fill(), 8, true, mapped);
            Ring completion = ring(socket, offsets, 3, PGOFF_COMPLETION, sizes.completion(), 8, false, mapped);
            return new XskRings(rx, tx, fill, completion);
        } catch (SyscallException | RuntimeException e) {
            mapped.forEach(Ring::close);
            throw e;
        }
    }

    /** xdp_ring_offset {producer u64, consumer u64, desc u64, flags u64}. */
    private static Ring ring(
            Fd socket,
            ByteBuffer table,
            int row,
            long pageOffset,
            int size,
            int entry,
            boolean weProduce,
            List<Ring> mapped)
            throws SyscallException {
        int at = row * RING_OFFSET;
        Ring.Offsets offsets = new Ring.Offsets(
                (int) table.getLong(at), (int) table.getLong(at + 8), (int) table.getLong(at + 16), (int)
                        table.getLong(at + 24));
        Mapping mapping = Mapping.of(socket, pageOffset, offsets.desc() + size * entry, "AF_XDP ring");
        Ring ring = new Ring(mapping, offsets, size, weProduce);
        mapped.add(ring);
        return ring;
    }

    @Override
    public void close() {
        rx.close();
        if (tx != null) {
            tx.close();
        }
        fill.close();
        completion.close();
    }
}
