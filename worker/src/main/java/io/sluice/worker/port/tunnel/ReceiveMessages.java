package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Native;
import io.sluice.worker.codec.NetworkOrder;
import java.nio.ByteBuffer;

/**
 * The mmsghdr array of a recvmmsg(2) with the sender's address, two pieces of memory and one control message each, for
 * 64-bit glibc.
 *
 * <pre>
 *  mmsghdr  0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags  56 len   (64 bytes)
 *  iovec    0 base*  8 len                                                                         (16 bytes)
 *  control  0 len u64  8 level  12 type  16 int gso_size                                           (24 bytes)
 * </pre>
 */
final class ReceiveMessages {
    private static final int HEADER = 64;
    private static final int IOVEC = 16;
    private static final int IOVECS = 2 * IOVEC;
    private static final int NAME = 32;
    private static final int CONTROL = 64;
    private static final int SOL_UDP = 17;
    private static final int UDP_GRO = 104;
    private static final int MSG_TRUNC = 0x20;

    private final ByteBuffer headers;
    private final ByteBuffer iovecs;
    private final ByteBuffer names;
    private final ByteBuffer controls;
    private final long address;

    /**
     * @param spill memory of {@code spillEach} bytes for each message, for what does not fit into a frame; borrowed
     */
    ReceiveMessages(int count, ByteBuffer spill, int spillEach) {
        headers = Native.allocate(count * HEADER);
        iovecs = Native.allocate(count * IOVECS);
        names = Native.allocate(count * NAME);
        controls = Native.allocate(count * CONTROL);
        address = Native.address(headers);
        for (int i = 0; i < count; i++) {
            int at = i * HEADER;
            headers.putLong(at, Native.address(names) + (long) i * NAME);
            headers.putLong(at + 16, Native.address(iovecs) + (long) i * IOVECS);
            headers.putLong(at + 24, 2);
            headers.putLong(at + 32, Native.address(controls) + (long) i * CONTROL);
            iovecs.putLong(i * IOVECS + IOVEC, Native.address(spill) + (long) i * spillEach);
            iovecs.putLong(i * IOVECS + IOVEC + 8, spillEach);
            offer(i);
        }
    }

    /** Address of the first message. */
    long address() {
        return address;
    }

    /** Gives message {@code i} its first piece of memory. */
    void data(int i, long base, int length) {
        iovecs.putLong(i * IOVECS, base);
        iovecs.putLong(i * IOVECS + 8, length);
    }

    /** Makes message {@code i} ready for the next call. */
    void offer(int i) {
        headers.putInt(i * HEADER + 8, NAME);
        headers.putLong(i * HEADER + 40, CONTROL);
    }

    /** Bytes received. */
    int length(int i) {
        return headers.getInt(i * HEADER + 56);
    }

    /** Whether there was more than memory for it. */
    boolean truncated(int i) {
        return (headers.getInt(i * HEADER + 48) & MSG_TRUNC) != 0;
    }

    /** Bytes of each datagram in the message but the last, which may be shorter; 0: it is one. */
    int segment(int i) {
        int at = i * CONTROL;
        boolean gro = headers.getLong(i * HEADER + 40) >= 20
                && controls.getInt(at + 8) == SOL_UDP
                && controls.getInt(at + 12) == UDP_GRO;
        return gro ? controls.getInt(at + 16) : 0;
    }

    boolean isIpv4(int i) {
        return names.getShort(i * NAME) == Endpoint.AF_INET;
    }

    /** First half of the sender's address as IPv6. */
    long high(int i) {
        return isIpv4(i) ? 0 : NetworkOrder.i64(names, i * NAME + 8);
    }

    /** Second half of the sender's address as IPv6. */
    long low(int i) {
        return isIpv4(i)
                ? Endpoint.mapped(NetworkOrder.i32(names, i * NAME + 4))
                : NetworkOrder.i64(names, i * NAME + 16);
    }

    /** The sender's UDP port. */
    int port(int i) {
        return NetworkOrder.u16(names, i * NAME + 2);
    }
}
