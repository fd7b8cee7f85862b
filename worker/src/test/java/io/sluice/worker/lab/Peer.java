package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.port.line.SocketAddress;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.sys.WorkerCalls;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The other program of a port: makes sockets as that would, blocking ones. */
public final class Peer {
    private static final int MSG_WAITALL = 0x100;
    private static final int CLOEXEC = 0x80000;

    private Peer() {}

    /** Connects to a port that listens. */
    public static Wire connect(int type, SocketAddress address) throws IOException {
        ByteBuffer name = address.encode();
        Fd socket = socket(type, name);
        if (WorkerCalls.LIBC.connect(socket.number(), name, name.capacity()) == -1) {
            int errno = Native.errno();
            socket.close();
            throw new SyscallException("connect(" + address + ")", errno);
        }
        return wire(socket);
    }

    /** A socket bound to a path, whose file is replaced, and connected to another. */
    public static Wire datagram(UnixPath local, UnixPath remote) throws IOException {
        Fd socket = bound(2, local);
        ByteBuffer name = remote.encode();
        Native.check(WorkerCalls.LIBC.connect(socket.number(), name, name.capacity()), "connect(" + remote + ")");
        return wire(socket);
    }

    /** A socket that listens for a port. */
    public static Fd listen(int type, SocketAddress address) throws IOException {
        Fd socket = bound(type, address);
        Native.check(LabCalls.LIBC.listen(socket.number(), 4), "listen");
        return socket;
    }

    /** The next who connects to {@link #listen}; waits. */
    public static Wire accept(Fd listener) throws IOException {
        return wire(Fd.owned(LabCalls.LIBC.accept4(listener.number(), null, null, CLOEXEC), "accept4"));
    }

    /** Sends a message with a descriptor, as an unkind peer might. */
    public static void sendWithDescriptor(Fd socket, byte[] frame, Fd descriptor) throws IOException {
        ByteBuffer message = Native.allocate(56 + 16 + 24 + frame.length);
        long at = Native.address(message);
        message.putLong(16, at + 56).putLong(24, 1).putLong(32, at + 72).putLong(40, 24);
        message.putLong(56, at + 96).putLong(64, frame.length);
        message.putLong(72, 20).putInt(80, 1).putInt(84, 1).putInt(88, descriptor.number()); // SCM_RIGHTS
        message.put(96, frame);
        try {
            Native.check(WorkerCalls.LIBC.sendmsg(socket.number(), at, 0), "sendmsg");
        } finally {
            Reference.reachabilityFence(message);
        }
    }

    /** The next {@code count} bytes of a stream; waits for the first of them. */
    public static byte[] readRaw(Wire stream, int count) throws IOException {
        ByteBuffer into = Native.allocate(count);
        long n = WorkerCalls.LIBC.recv(stream.socket.number(), Native.address(into), count, MSG_WAITALL);
        byte[] bytes = new byte[(int) Native.check(n, "recv")];
        into.get(0, bytes);
        return bytes;
    }

    /** Sends bytes to a stream as they are. */
    public static void sendRaw(Wire stream, byte[] bytes) throws SyscallException {
        ((StreamWire) stream).sendRaw(bytes);
    }

    /** What this process has open: "socket:[4711]" and the like. */
    public static List<String> openDescriptors() throws IOException {
        List<String> open = new ArrayList<>();
        try (Stream<Path> paths = Files.list(Path.of("/proc/self/fd"))) {
            for (Path path : paths.toList()) {
                if (Files.isSymbolicLink(path)) { // the one that lists the directory is gone by now
                    open.add(Files.readSymbolicLink(path).toString());
                }
            }
        }
        return open;
    }

    private static Fd bound(int type, SocketAddress address) throws IOException {
        if (address instanceof UnixPath path) {
            Files.deleteIfExists(path.file());
        }
        ByteBuffer name = address.encode();
        Fd socket = socket(type, name);
        Sockets.set(socket, Sockets.SOL_SOCKET, 2, 1); // SO_REUSEADDR
        Native.check(LabCalls.LIBC.bind(socket.number(), name, name.capacity()), "bind(" + address + ")");
        return socket;
    }

    private static Fd socket(int type, ByteBuffer name) throws SyscallException {
        return Fd.owned(WorkerCalls.LIBC.socket(name.getShort(0), type | CLOEXEC, 0), "socket");
    }

    private static Wire wire(Fd socket) {
        return Sockets.isStream(socket) ? new StreamWire(socket) : new MessageWire(socket);
    }
}
