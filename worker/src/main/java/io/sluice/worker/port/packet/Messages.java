package io.sluice.worker.port.packet;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;

/**
 * An array of {@code mmsghdr}, each with one iovec and optionally room for one control message, laid out for 64-bit glibc
 * (recvmmsg(2)).
 *
 * <pre>
 *  mmsghdr  0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags  56 len   (64 bytes)
 *  iovec    0 base*  8 len                                                                         (16 bytes)
 * </pre>
 */
public final class Messages {
    private static final int HEADER = 64;
    private static final int IOVEC = 16;
    private static final int MSG_TRUNC = 0x20;

    /** cmsghdr (16) and tpacket_auxdata (20), padded to 8. */
    public static final int CONTROL = 40;

    private final ByteBuffer headers;
    private final ByteBuffer iovecs;
    private final ByteBuffer controls;
    private final long address;

    /**
     * @param withControl whether there is room for control data; without, descriptors that come with a message are discarded
     */
    public Messages(int count, boolean withControl) {
        headers = Native.allocate(count * HEADER);
        iovecs = Native.allocate(count * IOVEC);
        controls = withControl ? Native.allocate(count * CONTROL) : null;
        address = Native.address(headers);
        for (int i = 0; i < count; i++) {
            headers.putLong(i * HEADER + 16, Native.address(iovecs) + (long) i * IOVEC);
            headers.putLong(i * HEADER + 24, 1);
            if (withControl) {
                headers.putLong(i * HEADER + 32, Native.address(controls) + (long) i * CONTROL);
                offerControl(i);
            }
        }
    }

    /** Address of message {@code i}. */
    public long address(int i) {
        return address + (long) i * HEADER;
    }

    /** Points message {@code i} at memory. */
    public void data(int i, long base, int length) {
        iovecs.putLong(i * IOVEC, base);
        iovecs.putLong(i * IOVEC + 8, length);
    }

    /** Bytes received into message {@code i}. */
    public int length(int i) {
        return headers.getInt(i * HEADER + 56);
    }

    /** Whether message {@code i} was longer than its memory. */
    public boolean truncated(int i) {
        return (headers.getInt(i * HEADER + 48) & MSG_TRUNC) != 0;
    }

    /** Whether control data came with message {@code i}. */
    public boolean hasControl(int i) {
        return headers.getLong(i * HEADER + 40) == CONTROL;
    }

    /** Gives message {@code i} its whole control buffer again. */
    public void offerControl(int i) {
        headers.putLong(i * HEADER + 40, CONTROL);
    }

    /** A u32 of the auxiliary data of message {@code i}. */
    public int auxInt(int i, int at) {
        return controls.getInt(i * CONTROL + 16 + at);
    }

    /** A u16 of the auxiliary data of message {@code i}. */
    public short auxShort(int i, int at) {
        return controls.getShort(i * CONTROL + 16 + at);
    }
}
