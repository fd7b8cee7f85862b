package io.sluice.broker.bpf;

import io.sluice.broker.policy.Require;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Objects;

/**
 * A map, shared by programs and us. Its descriptor is never passed on: whoever holds it can change the map.
 *
 * <p>A loaded program keeps the maps that it uses alive, so closing this only ends our own access.
 *
 * @param name up to 15 letters, digits, underscores and dots
 * @param valueSize bytes of a value
 * @param entries how many there may be; keys count from 0
 * @param fd the descriptor; the map owns it
 */
public record BpfMap(Type type, String name, int valueSize, int entries, Fd fd) implements AutoCloseable {
    /** From enum bpf_map_type. */
    enum Type {
        ARRAY(2),
        XSKMAP(17);

        private final int code;

        Type(int code) {
            this.code = code;
        }
    }

    /** An array of zeroed values of so many bytes: 8 for {@link #put(int, long)}. */
    public static BpfMap array(String name, int valueSize, int entries) throws SyscallException {
        return create(Type.ARRAY, name, valueSize, entries);
    }

    /** A map from RX queue to AF_XDP socket; the entries are one more than the highest queue. */
    public static BpfMap xskMap(String name, int entries) throws SyscallException {
        return create(Type.XSKMAP, name, Integer.BYTES, entries);
    }

    private static BpfMap create(Type type, String name, int valueSize, int entries) throws SyscallException {
        Require.that(valueSize > 0 && entries > 0, "a map needs a value size and entries of 1 or more");
        ByteBuffer attributes = BpfCommand.attributes(type.code, Integer.BYTES, valueSize, entries);
        BpfCommand.putName(attributes, 28, name);
        Fd fd = BpfCommand.MAP_CREATE.create(attributes, describe(type, name));
        return new BpfMap(type, name, valueSize, entries, fd);
    }

    /** Sets a value of 8 bytes in an array. Programs see the old or the new one, never a mixture. */
    public void put(int key, long value) throws SyscallException {
        requireType(Type.ARRAY, Long.BYTES);
        access(BpfCommand.MAP_UPDATE_ELEM, key, Native.allocate(Long.BYTES).putLong(0, value));
    }

    /**
     * Sends a queue's packets to a socket. The socket should be bound: an unbound one swallows the queue. The entry goes
     * when the socket is closed everywhere.
     */
    public void put(int key, Fd socket) throws SyscallException {
        requireType(Type.XSKMAP, Integer.BYTES);
        access(BpfCommand.MAP_UPDATE_ELEM, key, Native.allocate(Integer.BYTES).putInt(0, socket.number()));
    }

    /** A copy of a value of an array, {@link #valueSize()} bytes. */
    public ByteBuffer lookup(int key) throws SyscallException {
        requireType(Type.ARRAY, valueSize);
        ByteBuffer value = Native.allocate(valueSize);
        access(BpfCommand.MAP_LOOKUP_ELEM, key, value);
        return value;
    }

    /** Takes a queue's socket out, at once; does nothing if there is none. The values of an array cannot be deleted. */
    public void delete(int key) throws SyscallException {
        requireType(Type.XSKMAP, Integer.BYTES);
        access(BpfCommand.MAP_DELETE_ELEM, key, Native.allocate(Integer.BYTES));
    }

    private void access(BpfCommand command, int key, ByteBuffer value) throws SyscallException {
        ByteBuffer keyBytes = Native.allocate(Integer.BYTES).putInt(0, Objects.checkIndex(key, entries));
        ByteBuffer attributes = BpfCommand.attributes(fd.number()).putLong(8, Native.address(keyBytes));
        if (command != BpfCommand.MAP_DELETE_ELEM) {
            attributes.putLong(16, Native.address(value));
        }
        command.run(attributes, this + "[" + key + "]", keyBytes, value);
    }

    private void requireType(Type wanted, int size) {
        if (type != wanted || valueSize != size) {
            throw new IllegalStateException(this + " has values of " + valueSize + " bytes, this operation needs "
                    + describe(wanted, "map") + " with " + size);
        }
    }

    private static String describe(Type type, String name) {
        return type.name().toLowerCase(Locale.ROOT) + " " + name;
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return describe(type, name);
    }
}
