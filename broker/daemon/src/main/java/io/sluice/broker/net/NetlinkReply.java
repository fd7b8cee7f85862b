package io.sluice.broker.net;

import static io.sluice.broker.net.NetlinkMessage.HEADER;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * How a request to rtnetlink went: struct nlmsgerr, capped (NETLINK_CAP_ACK), so that no copy of the request is in it.
 *
 * @param errno 0 if all is well
 * @param text what the kernel says about it, NLMSGERR_ATTR_MSG; mostly empty
 */
record NetlinkReply(int errno, String text) {
    private static final int ERROR = 2;
    private static final int HAS_ATTRIBUTES = 0x200;
    private static final int MESSAGE = 1;
    /** Where the attributes are: after the errno and the header of the request. */
    private static final int ATTRIBUTES = HEADER + 4 + HEADER;
    /** The kernel's MAX_ERRNO. */
    private static final int MAX_ERRNO = 4095;

    /**
     * The reply to the request of that sequence number in a datagram, which is from 0 to its limit. Null if there is none:
     * what a look-up has found comes before it, and late replies to a request that was given up.
     *
     * @throws IOException a length or the errno is wrong
     */
    static NetlinkReply find(ByteBuffer datagram, int sequence) throws IOException {
        try {
            for (int at = 0; at < datagram.limit(); ) {
                ByteBuffer message = part(datagram, at, datagram.getInt(at), HEADER);
                if (message.getShort(4) == ERROR && message.getInt(8) == sequence) {
                    int errno = -message.getInt(HEADER);
                    if (errno < 0 || errno > MAX_ERRNO) {
                        throw new IOException("netlink: " + -errno + " is no errno");
                    }
                    return new NetlinkReply(errno, text(message));
                }
                at += NetlinkMessage.padded(message.limit());
            }
            return null;
        } catch (IndexOutOfBoundsException e) {
            throw new IOException("netlink: a message whose lengths are wrong", e);
        }
    }

    private static String text(ByteBuffer message) {
        boolean any = (message.getShort(6) & HAS_ATTRIBUTES) != 0;
        for (int at = ATTRIBUTES; any && at < message.limit(); ) {
            ByteBuffer attribute = part(message, at, Short.toUnsignedInt(message.getShort(at)), 4);
            if (attribute.getShort(2) == MESSAGE) {
                return StandardCharsets.UTF_8
                        .decode(attribute.position(4))
                        .toString()
                        .split("\0", 2)[0];
            }
            at += NetlinkMessage.padded(attribute.limit());
        }
        return "";
    }

    /** So many bytes; throws IndexOutOfBoundsException unless they are there, and enough. */
    private static ByteBuffer part(ByteBuffer whole, int at, int length, int least) {
        if (length < least) {
            throw new IndexOutOfBoundsException(length);
        }
        return whole.slice(at, length).order(whole.order());
    }
}
