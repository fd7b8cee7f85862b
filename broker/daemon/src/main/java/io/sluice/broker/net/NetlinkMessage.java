package io.sluice.broker.net;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * A request to rtnetlink, which is always acknowledged: header, one family header, then attributes, each padded to 4
 * bytes; BufferOverflowException if that is more than {@link #MAX}. All numbers are in host byte order. Layouts: include/uapi/linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h.
 *
 * <pre>
 *   0 length u32   4 type u16   6 flags u16   8 sequence u32   12 port u32 (0: the kernel fills it in)
 *  16 family header, then attributes {length u16 with these 4 bytes, type u16, value}
 * </pre>
 */
final class NetlinkMessage {
    /** Bytes in front of the family header. */
    static final int HEADER = 16;
    /** More than any request of ours. */
    static final int MAX = 1024;
    /** Flag of an attribute's type: holds attributes. Few readers in the kernel insist on it. */
    static final int NESTED = 0x8000;

    static final int CREATE = 0x400;
    static final int EXCL = 0x200;
    private static final int REQUEST_ACK = 5;

    private final ByteBuffer bytes = Native.allocate(MAX);

    /** An empty message: RTM_* and NLM_F_* beyond REQUEST and ACK. */
    NetlinkMessage(int type, int flags) {
        bytes.putInt(0).putShort((short) type).putShort((short) (flags | REQUEST_ACK));
        bytes.putLong(0);
    }

    /** Appends bytes of a family header. */
    NetlinkMessage octets(int... values) {
        for (int each : values) {
            bytes.put((byte) each);
        }
        return this;
    }

    /** Appends words of a family header. */
    NetlinkMessage words(int... values) {
        for (int each : values) {
            bytes.putInt(each);
        }
        return this;
    }

    /** Appends an attribute. */
    NetlinkMessage bytes(int type, byte... value) {
        int length = 4 + value.length;
        int padding = padded(length) - length;
        bytes.putShort((short) length).putShort((short) type);
        bytes.put(value).put(new byte[padding]);
        return this;
    }

    /** Bytes that so many take among others. */
    static int padded(int length) {
        return (length + 3) & ~3;
    }

    /** Appends an attribute of 4 bytes. */
    NetlinkMessage u32(int type, int value) {
        bytes.putShort((short) 8).putShort((short) type).putInt(value);
        return this;
    }

    /** Appends a string attribute, with the zero that ends it. */
    NetlinkMessage text(int type, String value) {
        return bytes(type, (value + '\0').getBytes(StandardCharsets.UTF_8));
    }

    /** Appends an attribute that holds what {@code inner} appends. */
    NetlinkMessage nest(int type, Consumer<NetlinkMessage> inner) {
        int start = bytes.position();
        bytes.putInt(0);
        inner.accept(this);
        bytes.putShort(start, (short) (bytes.position() - start)).putShort(start + 2, (short) type);
        return this;
    }

    /** The whole message, from position 0 on. */
    ByteBuffer encode(int sequence) {
        ByteBuffer whole = bytes.duplicate().order(bytes.order()).flip();
        return whole.putInt(0, whole.limit()).putInt(8, sequence);
    }
}
