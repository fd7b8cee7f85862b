package io.sluice.worker.conductor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32C;

/**
 * Bytes that survive the process, whenever it is killed: two files that are written in turn, of which the newer whole
 * one counts. Both stay open, so that a process that may open no file any more can go on writing.
 *
 * <pre>
 *  magic u32 | version u32 | generation u64 | length u32 | CRC-32C of generation and bytes u32 | bytes   (big-endian)
 * </pre>
 *
 * What follows the bytes is left from an earlier generation. Not synced to the disk: it is for the next process, and
 * where the host has gone down there is nothing to go on with.
 */
final class StateFile implements AutoCloseable {
    private static final int MAGIC = 0x534c5354;
    private static final int VERSION = 1;
    private static final int HEADER = 24;
    private static final int MAX_BYTES = 64 << 20;

    /** A predecessor that was killed has its lock until the kernel has torn it down. */
    private static final long LOCK_PATIENCE_NS = TimeUnit.SECONDS.toNanos(3);

    private static final long LOCK_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(5);

    private final List<FileChannel> slots = new ArrayList<>();
    private long generation;
    private byte[] found = {};

    private record Content(long generation, ByteBuffer bytes) {}

    /**
     * Opens it and keeps it from everybody else.
     *
     * @param directory created, for its owner alone, if it is not there
     * @throws IOException somebody has it, or what is there is no state; the message says what to do
     */
    StateFile(Path directory) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            for (int i = 0; i < 2; i++) {
                slots.add(FileChannel.open(
                        directory.resolve("state." + i),
                        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
            }
            lock(directory);
            read(directory);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void lock(Path directory) throws IOException {
        long deadline = System.nanoTime() + LOCK_PATIENCE_NS;
        while (!tryLock()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("another worker uses the state in " + directory
                        + "; give each worker a directory of its own, or end the other one");
            }
            LockSupport.parkNanos(LOCK_PAUSE_NS);
        }
    }

    private boolean tryLock() throws IOException {
        try {
            return slots.get(0).tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // somebody in this process
        }
    }

    private void read(Path directory) throws IOException {
        boolean anything = false;
        for (FileChannel slot : slots) {
            anything |= slot.size() > 0;
            Content content = read(slot);
            if (content.generation() > generation) {
                generation = content.generation();
                found = content.bytes().array();
            }
        }
        if (anything && generation == 0) {
            throw new IOException("what is in " + directory + " is not the state of a worker of this version; remove "
                    + directory.resolve("state.0") + " and " + directory.resolve("state.1")
                    + " to start without ports and links");
        }
    }

    /** What a slot has; generation 0 if that is nothing whole. */
    private static Content read(FileChannel slot) throws IOException {
        Content nothing = new Content(0, ByteBuffer.allocate(0));
        ByteBuffer header = ByteBuffer.allocate(HEADER);
        readAll(slot, header, 0);
        if (header.position() < HEADER || header.getInt(0) != MAGIC || header.getInt(4) != VERSION) {
            return nothing;
        }
        int length = header.getInt(16);
        if (length < 0 || length > MAX_BYTES || length > slot.size() - HEADER) {
            return nothing;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        readAll(slot, bytes, HEADER);
        return bytes.hasRemaining() || crc(header.getLong(8), bytes.array()) != header.getInt(20)
                ? nothing
                : new Content(header.getLong(8), bytes);
    }

    private static void readAll(FileChannel slot, ByteBuffer into, long from) throws IOException {
        int n = 0;
        while (into.hasRemaining() && n >= 0) {
            n = slot.read(into, from + into.position());
        }
    }

    private static int crc(long generation, byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES).putLong(generation).flip());
        crc.update(bytes);
        return (int) crc.getValue();
    }

    /** What was there when this was opened; empty if nothing was. */
    byte[] found() {
        return found.clone();
    }

    /** Replaces what is there. */
    void write(byte[] bytes) throws IOException {
        long next = generation + 1;
        ByteBuffer all = ByteBuffer.allocate(HEADER + bytes.length)
                .putInt(MAGIC)
                .putInt(VERSION)
                .putLong(next)
                .putInt(bytes.length)
                .putInt(crc(next, bytes))
                .put(bytes)
                .flip();
        FileChannel slot = slots.get((int) (next & 1));
        while (all.hasRemaining()) {
            slot.write(all, all.position());
        }
        generation = next;
    }

    @Override
    public void close() {
        for (FileChannel slot : slots) {
            try {
                slot.close();
            } catch (IOException e) {
                // What was written is written.
            }
        }
    }
}
