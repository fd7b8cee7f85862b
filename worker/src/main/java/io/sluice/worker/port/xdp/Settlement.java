package io.sluice.worker.port.xdp;

import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;

/** What is in a TX ring and not yet counted as sent. A packet is sent when the kernel has taken its last descriptor. */
final class Settlement {
    private final Ring tx;
    private final Counters counters;

    /** Up to this index of the ring all is counted. */
    private int settled;

    /** Packets and their bytes from there on. */
    private int packets;

    private long bytes;

    Settlement(Ring tx, Counters counters) {
        this.tx = tx;
        this.counters = counters;
        this.settled = tx.own;
    }

    /** Packets have been published. */
    void add(int newPackets, long newBytes) {
        packets += newPackets;
        bytes += newBytes;
    }

    /** Packets that are not counted yet. */
    int packets() {
        return packets;
    }

    /** Counts as sent what the kernel was last seen to have taken from the ring. */
    void settle() {
        int taken = tx.known();
        if (taken - settled <= 0) {
            return; // less than 0: the kernel is still at what a predecessor queued
        }
        int sent = 0;
        long sentBytes = 0;
        if (taken == tx.own) {
            sent = packets;
            sentBytes = bytes;
            settled = taken;
        } else {
            for (; settled != taken; settled++) {
                int at = tx.at16(settled);
                sentBytes += tx.bytes.getInt(at + 8);
                sent += 1 - tx.bytes.getInt(at + 12); // the options are 0 or CONTINUED
            }
        }
        packets -= sent;
        bytes -= sentBytes;
        counters.add(PortCounter.TX_PACKETS, sent);
        counters.add(PortCounter.TX_BYTES, sentBytes);
    }

    /** No more will be taken: what is left is dropped. */
    void close() {
        tx.pending(); // looks where the kernel is
        settle();
        counters.add(PortCounter.TX_DROP_CLOSED, packets);
        packets = 0;
        settled = tx.own;
    }
}
