package io.sluice.worker.port;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.line.Lookout;
import io.sluice.worker.port.packet.ReceiveSlots;

/** The data-path thread that serves a queue, as the queue knows it. */
public interface Home {
    /** The thread's frames. */
    FramePool pool();

    /**
     * Receive slots that the thread's sockets share.
     *
     * @param large whether frames that hold superframes are wanted
     * @param vnet bytes of virtio_net_hdr before each packet: 0 or 10
     */
    ReceiveSlots slots(boolean large, int vnet);

    /** What the thread's lines wait for. */
    Lookout lookout();

    /** Receive slots that the thread's sockets of messages share, without control data. */
    ReceiveSlots messageSlots(boolean large);
}
