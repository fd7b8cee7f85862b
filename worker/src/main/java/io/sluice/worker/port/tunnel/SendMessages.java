package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;

/**
 * The mmsghdr array of a sendmmsg(2) with a destination each, and one or more packets: several go as one message that the
 * kernel cuts again (UDP_SEGMENT), so that its stack is passed once. Layouts as in {@link ReceiveMessages}; the control
 * message holds a u16.
 */
final class SendMessages {
    private static final int HEADER = 64;
    private static final int IOVEC = 16;
    private static final int CONTROL = 24;
    private static final int CONTROL_LENGTH = 18;
    private static final int SOL_UDP = 17;
    private static final int UDP_SEGMENT = 103;

    private final ByteBuffer headers;
    private final ByteBuffer iovecs;
    private final ByteBuffer controls;
    private final long address;
    private final long iovecsAddress;
    private final long controlsAddress;
    private final int[] packets;
    private int messages;
    private int pieces;

    /** @param capacity most packets at a time */
    SendMessages(int capacity) {
        headers = Native.allocate(capacity * HEADER);
        iovecs = Native.allocate(capacity * IOVEC);
        controls = Native.allocate(capacity * CONTROL);
        address = Native.address(headers);
        iovecsAddress = Native.address(iovecs);
        controlsAddress = Native.address(controls);
        packets = new int[capacity];
        for (int i = 0; i < capacity; i++) {
            controls.putLong(i * CONTROL, CONTROL_LENGTH);
            controls.putInt(i * CONTROL + 8, SOL_UDP);
            controls.putInt(i * CONTROL + 12, UDP_SEGMENT);
        }
    }

    /** Forgets all messages. */
    void clear() {
        messages = 0;
        pieces = 0;
    }

    /** Begins a message to a sockaddr; 0 and 0: to whom the socket is connected. */
    void begin(long name, int nameLength) {
        int at = messages * HEADER;
        headers.putLong(at, name).putInt(at + 8, nameLength);
        headers.putLong(at + 16, iovecsAddress + (long) pieces * IOVEC);
        packets[messages] = 0;
        messages++;
    }

    /** Adds a packet to the message begun last. */
    void add(long base, int length) {
        iovecs.putLong(pieces * IOVEC, base).putLong(pieces * IOVEC + 8, length);
        pieces++;
        packets[messages - 1]++;
    }

    /** Ends the message; all its packets but the last are {@code segment} bytes long. */
    void end(int segment) {
        int i = messages - 1;
        int at = i * HEADER;
        headers.putLong(at + 24, packets[i]);
        if (packets[i] > 1) {
            controls.putShort(i * CONTROL + 16, (short) segment);
            headers.putLong(at + 32, controlsAddress + (long) i * CONTROL);
            headers.putLong(at + 40, CONTROL);
        } else {
            headers.putLong(at + 32, 0).putLong(at + 40, 0);
        }
    }

    /** Address of message {@code i}. */
    long address(int i) {
        return address + (long) i * HEADER;
    }

    int count() {
        return messages;
    }

    /** Packets of message {@code i}. */
    int packets(int i) {
        return packets[i];
    }
}
