package io.sluice.worker.codec;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;

/** A session in memory like a pool's, with what is around the packet known, so that a write beside it shows. */
final class Tunnel {
    private static final int AT = 320;
    private static final byte AROUND = 0x5a;

    private final Protocol protocol;
    private final long key;
    private final Session session;
    private final ByteBuffer memory = Native.allocate(8192);

    Tunnel(Encapsulation encapsulation) {
        protocol = encapsulation.protocol();
        key = encapsulation.key();
        session = encapsulation.open();
    }

    /** The packet that {@code frame} becomes. */
    byte[] encapsulate(byte[] frame) {
        fill();
        memory.put(AT, frame);
        session.encapsulate(memory, AT, frame.length);
        byte[] packet = copy(AT - session.overhead(), session.overhead() + frame.length);
        requireUntouched(0, AT - session.overhead());
        requireUntouched(AT + frame.length, memory.capacity());
        return packet;
    }

    /** The header of the next packet, around a frame that stays as it is, in hex. */
    String header() {
        byte[] frame = {1, 2, 3};
        byte[] packet = encapsulate(frame);
        return HexFormat.of().formatHex(packet, 0, packet.length - frame.length);
    }

    /** The frame in {@code packet}, or why there is none; empty if it is for another tunnel. */
    Object receive(byte[] packet) {
        fill();
        memory.put(AT, packet);
        long found = protocol.key(memory, AT, packet.length);
        if (found < 0) {
            return Drop.of(found);
        }
        if (found != key && Nsh.anyIndex(found) != key) {
            return Optional.empty();
        }
        int header = session.strip(memory, AT, packet.length);
        if (header < 0) {
            return Drop.of(header);
        }
        return copy(AT + header, packet.length - header);
    }

    /** What {@link #receive} says of a header in hex, behind which there are three bytes 010203. */
    Object receive(String header) {
        Object outcome = receive(HexFormat.of().parseHex(header.replace(" ", "") + "010203"));
        return outcome instanceof byte[] frame ? HexFormat.of().formatHex(frame) : outcome;
    }

    long outOfOrder() {
        return session.outOfOrder();
    }

    Session session() {
        return session;
    }

    private void fill() {
        for (int i = 0; i < memory.capacity(); i++) {
            memory.put(i, AROUND);
        }
    }

    private byte[] copy(int offset, int length) {
        byte[] bytes = new byte[length];
        memory.get(offset, bytes);
        return bytes;
    }

    private void requireUntouched(int from, int to) {
        for (int i = from; i < to; i++) {
            if (memory.get(i) != AROUND) {
                throw new AssertionError("byte " + (i - AT) + " is outside of the header and was written");
            }
        }
    }

    // Configurations

    static Encapsulation.Gre gre(OptionalInt key, Counting sequence, int first) {
        return new Encapsulation.Gre(key, key, sequence, first, false, Optional.empty());
    }

    static Encapsulation.L2tpv3 l2tp(boolean udp, Encapsulation.Cookie cookie, Counting counter) {
        return new Encapsulation.L2tpv3(udp, 0x55667788, 0x55667788, cookie, cookie, counter, 1, 0);
    }

    static Encapsulation.Cookie cookie(int size, long value) {
        return new Encapsulation.Cookie(size, value);
    }

    static Nsh nsh(int mdType) {
        return new Nsh(mdType, 123, OptionalInt.empty(), 123, 255, 63, 0, 0);
    }
}
