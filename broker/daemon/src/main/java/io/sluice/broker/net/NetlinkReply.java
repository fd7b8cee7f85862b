package io.sluice.broker.net;

import static io.sluice.broker.net.NetlinkMessage.HEADER;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A message from rtnetlink. Every length in it is checked; one that is wrong ends in an IOException that says which.
 *
 * @param flags NLM_F_*
 * @param sequence that of the request
 * @param payload what follows the header, host byte order, from 0 to its capacity
 */
record NetlinkReply(int type, int flags, int sequence, ByteBuffer payload) {
    private static final int ERROR = 2;
    private static final int DONE = 3;
    private static final int TYPE_MASK = 0x3FFF; // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
    private static final int CAPPED = 0x100;
    private static final int HAS_ATTRIBUTES = 0x200;
    private static final int MESSAGE = 1;
    /** The kernel's MAX_ERRNO. */
    private static final int MAX_ERRNO = 4095;

    /** All messages of a datagram, which is from position to limit. They share its memory. */
    static List<NetlinkReply> parse(ByteBuffer datagram) throws IOException {
        List<NetlinkReply> replies = new ArrayList<>();
        ByteBuffer rest = datagram.slice().order(datagram.order());
        while (rest.hasRemaining()) {
            int at = rest.position();
            int length = length(rest.remaining() < 4 ? 0 : rest.getInt(at), HEADER, rest.remaining(), "a message");
            ByteBuffer payload = rest.slice(at + HEADER, length - HEADER);
            replies.add(new NetlinkReply(
                    Short.toUnsignedInt(rest.getShort(at + 4)),
                    Short.toUnsignedInt(rest.getShort(at + 6)),
                    rest.getInt(at + 8),
                    payload.order(datagram.order())));
            skip(rest, length);
        }
        return replies;
    }

    /** Whether nothing follows: the acknowledgement, an error, or the end of a dump. */
    boolean isLast() {
        return type == ERROR || type == DONE;
    }

    /** The errno of a last message, 0 if all is well. */
    int errno() throws IOException {
        int errno = type == DONE && payload.capacity() < 4 ? 0 : -word(0);
        if (errno < 0 || errno > MAX_ERRNO) {
            throw new IOException("netlink: " + -errno + " is no errno");
        }
        return errno;
    }

    /** What the kernel says about the error of a last message; empty if it says nothing. */
    String text() throws IOException {
        if ((flags & HAS_ATTRIBUTES) == 0) {
            return "";
        }
        int start = 4; // the errno; in an error then the header of the request, and if not capped, all of it
        if (type == ERROR) {
            boolean capped = (flags & CAPPED) != 0;
            start += capped ? HEADER : length(word(4), HEADER, payload.capacity() - 4, "the request") + 3 & ~3;
        }
        ByteBuffer text = attributes(start).get(MESSAGE);
        return text == null
                ? ""
                : StandardCharsets.UTF_8.decode(text).toString().split("\0", 2)[0];
    }

    /** A number of the family header. */
    int word(int offset) throws IOException {
        length(payload.capacity(), offset + 4, Integer.MAX_VALUE, "a payload");
        return payload.getInt(offset);
    }

    /** The value of an attribute of {@code length} bytes. */
    ByteBuffer attribute(int header, int wanted, int length) throws IOException {
        ByteBuffer value = attributes(header).get(wanted);
        if (value == null || value.capacity() != length) {
            throw new IOException(
                    "netlink: a reply of type " + type + " has no attribute " + wanted + " of " + length + " bytes");
        }
        return value;
    }

    /** The attributes after a family header, by type; of equal ones the last. */
    Map<Integer, ByteBuffer> attributes(int header) throws IOException {
        if (header < 0 || header > payload.capacity()) {
            throw new IOException("netlink: a header of " + header + " bytes in a payload of " + payload.capacity());
        }
        Map<Integer, ByteBuffer> attributes = new HashMap<>();
        ByteBuffer rest = payload.duplicate().order(payload.order()).position(header);
        while (rest.hasRemaining()) {
            int at = rest.position();
            int claimed = rest.remaining() < 4 ? 0 : Short.toUnsignedInt(rest.getShort(at));
            int length = length(claimed, 4, rest.remaining(), "an attribute");
            attributes.put(
                    rest.getShort(at + 2) & TYPE_MASK,
                    rest.slice(at + 4, length - 4).order(payload.order()));
            skip(rest, length);
        }
        return attributes;
    }

    private static int length(int claimed, int least, int most, String what) throws IOException {
        if (claimed < least || claimed > most) {
            throw new IOException("netlink: a length of " + claimed + " for " + what + ", which has at least " + least
                    + " bytes and here at most " + most);
        }
        return claimed;
    }

    /** The last may lack its padding. */
    private static void skip(ByteBuffer rest, int length) {
        rest.position(Math.min(rest.limit(), rest.position() + length + (-length & 3)));
    }
}
