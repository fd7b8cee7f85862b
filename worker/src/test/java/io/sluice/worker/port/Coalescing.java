package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import java.util.ArrayList;
import java.util.List;

/** A coalescer with what it needs, and the segmenter that has to undo what it did. */
final class Coalescing implements AutoCloseable {
    /** All kinds of superframes. */
    static final int ALL = Offload.segmentations();

    private static final int FRAMES = 2 * Vector.CAPACITY + 64;

    final FramePool pool;
    final Counters counters = new Counters();
    private final Coalescer coalescer;
    private final Vector vector = new Vector();

    /**
     * A packet that came.
     *
     * @param header its virtio_net_hdr, or null
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Packet(byte[] header, byte[] frame) {
        static Packet plain(byte[] frame) {
            return new Packet(null, frame);
        }
    }

    Coalescing(int largeFrames) throws SyscallException {
        pool = Pools.of(2048, FRAMES, largeFrames);
        coalescer = new Coalescer(pool, counters);
    }

    /** One poll that brought these; returns what goes on. */
    List<Packet> run(int kinds, List<Packet> packets) {
        vector.clear();
        for (Packet packet : packets) {
            boolean large = packet.frame().length > pool.room();
            int offset = (large ? pool.takeLarge() : pool.take()) + FramePool.HEADROOM;
            if (packet.header() != null) {
                pool.bytes().put(offset - 10, packet.header());
            }
            pool.bytes().put(offset, packet.frame());
            vector.add(offset, packet.frame().length, packet.header() == null ? 0 : Vector.VNET);
        }
        coalescer.run(vector, kinds);
        List<Packet> out = new ArrayList<>();
        for (int i = 0; i < vector.count; i++) {
            byte[] header = null;
            if (vector.flags[i] == Vector.VNET) {
                header = new byte[10];
                pool.bytes().get(vector.offset[i] - 10, header);
            }
            byte[] frame = new byte[vector.length[i]];
            pool.bytes().get(vector.offset[i], frame);
            out.add(new Packet(header, frame));
        }
        pool.giveAll(vector);
        assertThat(pool.freeFrames()).as("every frame is back").isEqualTo(pool.frames());
        return out;
    }

    /** What a port without vnet headers sends of {@code packets}. */
    List<byte[]> plain(List<Packet> packets) {
        List<byte[]> out = new ArrayList<>();
        SoftOffload offload = new SoftOffload(pool, new Counters(), (offset, length) -> {
            byte[] frame = new byte[length];
            pool.bytes().get(offset, frame);
            out.add(frame);
            pool.give(offset);
        });
        for (Packet packet : packets) {
            if (packet.header() == null) {
                out.add(packet.frame());
            } else {
                int offset = pool.takeLarge() + FramePool.HEADROOM;
                pool.bytes().put(offset - 10, packet.header()).put(offset, packet.frame());
                offload.send(offset, packet.frame().length);
            }
        }
        return out;
    }

    @Override
    public void close() {
        pool.close();
    }
}
