package io.sluice.grant.sys;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What tests make of descriptors, and what they look at: this process' own, in /proc. */
public final class Descriptors {
    private static final Path OPEN = Path.of("/proc/self/fd");
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int O_CLOEXEC = 02000000;

    /** Calls of the tests alone. */
    public interface Calls {
        Calls LIBC = Native.libc(Calls.class);

        /** socketpair(2). */
        int socketpair(int domain, int type, int protocol, ByteBuffer pair);

        /** pipe2(2). */
        int pipe2(ByteBuffer pair, int flags);

        /** write(2). */
        long write(int fd, ByteBuffer from, long length);

        /** read(2). */
        long read(int fd, ByteBuffer to, long length);

        /** poll(2). */
        int poll(ByteBuffer pollfds, long count, int timeoutMs);

        /** setsockopt(2). */
        int setsockopt(int fd, int level, int name, ByteBuffer value, int length);

        /** setrlimit(2): soft and hard limit, u64 each. */
        int setrlimit(int resource, ByteBuffer limits);

        /** getrlimit(2). */
        int getrlimit(int resource, ByteBuffer limits);

        /** close(2). */
        int close(int fd);
    }

    private Descriptors() {}

    /** Two connected stream sockets, not close-on-exec, blocking: as libraries leave them. */
    public static List<Fd> socketPair() throws SyscallException {
        ByteBuffer pair = Native.allocate(8);
        Native.check(Calls.LIBC.socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
        return List.of(Fd.owned(pair.getInt(0), "socketpair"), Fd.owned(pair.getInt(4), "socketpair"));
    }

    /** A pipe: its reading and its writing end. */
    public static List<Fd> pipe() throws SyscallException {
        ByteBuffer pair = Native.allocate(8);
        Native.check(Calls.LIBC.pipe2(pair, O_CLOEXEC), "pipe2");
        return List.of(Fd.owned(pair.getInt(0), "pipe2"), Fd.owned(pair.getInt(4), "pipe2"));
    }

    /** Reads all that has come to a non-blocking socket. */
    public static void drain(Fd socket) {
        ByteBuffer bytes = Native.allocate(64 * 1024);
        while (Calls.LIBC.read(socket.number(), bytes, bytes.capacity()) > 0) {
            bytes.clear();
        }
    }

    /** So many descriptors of one pipe. */
    public static List<Fd> pipes(int count) throws SyscallException {
        List<Fd> made = new ArrayList<>(pipe());
        while (made.size() < count) {
            made.add(made.get(0).duplicate());
        }
        while (made.size() > count) {
            made.remove(made.size() - 1).close();
        }
        return made;
    }

    /** What every open descriptor is, sorted; files, which class loading opens and closes, are left out. */
    public static List<String> open() throws IOException {
        List<String> targets = new ArrayList<>();
        try (var entries = Files.list(OPEN)) {
            for (Path entry : entries.toList()) {
                try {
                    String target = Files.readSymbolicLink(entry).toString();
                    if (!target.startsWith("/") || target.startsWith("/memfd:")) {
                        targets.add(target);
                    }
                } catch (NoSuchFileException e) {
                    // The descriptor that listed the directory.
                }
            }
        }
        return targets.stream().sorted().toList();
    }

    /** What one descriptor is, for example {@code pipe:[4711]}. */
    public static String target(Fd fd) throws IOException {
        return Files.readSymbolicLink(OPEN.resolve(Integer.toString(fd.number())))
                .toString();
    }

    /** Whether exec(2) would close it. */
    public static boolean isCloseOnExec(Fd fd) throws IOException {
        return Files.readString(Path.of("/proc/self/fdinfo/" + fd.number()))
                .lines()
                .filter(line -> line.startsWith("flags:"))
                .anyMatch(line ->
                        (Integer.parseInt(line.substring("flags:".length()).strip(), 8) & O_CLOEXEC) != 0);
    }
}
