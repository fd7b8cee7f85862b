package io.sluice.broker.bpf;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.nio.ByteBuffer;

/**
 * A map, shared by programs and us. Its descriptor is never passed on: whoever holds it can change the map.
 *
 * <p>A loaded program keeps the maps that it uses alive, so closing this only ends our own access.
 *
 * @param name up to 15 letters, digits, underscores and dots, for bpftool and the like
 * @param valueSize bytes of a value; keys count from 0
 * @param fd the descriptor; the map owns it
 */
public record BpfMap(String name, int valueSize, Fd fd) implements AutoCloseable {
    private static final int ARRAY = 2;
    private static final int DEVMAP = 14;
    private static final int XSKMAP = 17;
    private static final int NAME_OFFSET = 28;
    private static final int CACHE_LINE = 64;

    /** An array of zeroed values of so many bytes. */
    public static BpfMap array(String name, int valueSize, int entries) throws SyscallException {
        return create(ARRAY, name, valueSize, entries);
    }

    /** What an XDP program knows of so many RX queues: sockets, or devices, to send to, or what it counts. */
    public static BpfMap ofQueues(Symbol symbol, int entries) throws SyscallException {
        return switch (symbol) {
            case SOCKETS -> create(XSKMAP, "sluice_xsks", Integer.BYTES, entries);
            case DEVICES -> create(DEVMAP, "sluice_devs", Integer.BYTES, entries);
            default -> array("sluice_counts", CACHE_LINE, entries); // two CPUs may serve two queues
        };
    }

    /** What a program asks before it lets anything pass: a 1, which {@link #open} puts; shut when it is new. */
    public static BpfMap gate(String name) throws SyscallException {
        return array(name, Long.BYTES, 1);
    }

    private static BpfMap create(int type, String name, int valueSize, int entries) throws SyscallException {
        ByteBuffer attributes = BpfCommand.attributes(type, Integer.BYTES, valueSize, entries);
        BpfCommand.putName(attributes, NAME_OFFSET, name);
        return new BpfMap(name, valueSize, BpfCommand.MAP_CREATE.create(attributes, name));
    }

    /** Has what asks this gate let pass what it allows. */
    public void open() throws SyscallException {
        put(0, 1);
    }

    /** Has what asks this gate drop all, but for what it is just looking at. */
    public void shut() {
        try {
            put(0, 0);
        } catch (SyscallException e) {
            // An array slot that exists can always be written; were it not so, the assertion tells the tests.
            throw new AssertionError(e);
        }
    }

    /** Sets a value of 8 bytes in an array. Programs see the old or the new one, never a mixture. */
    public void put(int key, long value) throws SyscallException {
        access(BpfCommand.MAP_UPDATE_ELEM, key, Native.allocate(Long.BYTES).putLong(0, value));
    }

    /**
     * Sends a queue's packets to a socket, by its descriptor, or to a device, by its number in the network namespace of the
     * calling thread (EINVAL if there is none). The socket should be bound: an unbound one swallows the queue. The entry
     * goes when the socket is closed everywhere, or with the device.
     */
    public void direct(int queue, int to) throws SyscallException {
        access(BpfCommand.MAP_UPDATE_ELEM, queue, Native.allocate(Integer.BYTES).putInt(0, to));
    }

    /** A copy of a value of an array, {@link #valueSize()} bytes. */
    public ByteBuffer lookup(int key) throws SyscallException {
        ByteBuffer value = Native.allocate(valueSize);
        access(BpfCommand.MAP_LOOKUP_ELEM, key, value);
        return value;
    }

    /** Takes a queue's socket or device out, at once. The values of an array cannot be deleted. */
    public void delete(int key) throws SyscallException {
        access(BpfCommand.MAP_DELETE_ELEM, key, Native.allocate(valueSize));
    }

    private void access(BpfCommand command, int key, ByteBuffer value) throws SyscallException {
        if (value.capacity() != valueSize) { // the kernel would go beyond it
            throw new IllegalArgumentException(name + " has values of " + valueSize + " bytes");
        }
        ByteBuffer keyBytes = Native.allocate(Integer.BYTES).putInt(0, key);
        ByteBuffer attributes = BpfCommand.attributes(fd.number()).putLong(8, Native.address(keyBytes));
        if (command != BpfCommand.MAP_DELETE_ELEM) {
            attributes.putLong(16, Native.address(value));
        }
        command.run(attributes, name + "[" + key + "]", keyBytes, value);
    }

    @Override
    public void close() {
        fd.close();
    }
}
