package io.sluice.worker.port.vde;

import io.sluice.grant.sys.Closer;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.line.BoundSocket;
import io.sluice.worker.port.line.Line;
import io.sluice.worker.port.line.Lookout;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.port.message.MessagePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.concurrent.atomic.AtomicInteger;

/** Builds a port that is plugged into a VDE switch. */
public final class VdePort {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private VdePort() {}

    /**
     * That there is no switch yet is no error.
     *
     * @throws IOException our own socket can't be made; the message says why
     * @throws IllegalArgumentException the port needs large frames and the pool has none
     */
    public static Port open(PortInfo info, VdePlug plug, FramePool pool, MessagePort.SlotSource slots, Lookout lookout)
            throws IOException {
        Line line = VdeLine.open(plug, admitting(plug, socket(plug)), lookout);
        try (Closer closer = new Closer()) {
            closer.add(line::close);
            Port port = MessagePort.open(info, line, pool, slots);
            closer.release();
            return port;
        }
    }

    private static BoundSocket admitting(VdePlug plug, BoundSocket socket) throws IOException {
        try (Closer closer = new Closer()) {
            closer.add(socket::close);
            Path file = socket.path().file();
            if (plug.group().isPresent()) {
                Files.setAttribute(file, "posix:group", group(file, plug.group().get()));
            }
            if (plug.mode().isPresent()) {
                Files.setAttribute(file, "unix:mode", plug.mode().get());
            }
            closer.release();
            return socket;
        }
    }

    private static GroupPrincipal group(Path file, String name) throws IOException {
        try {
            return file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(name);
        } catch (UserPrincipalNotFoundException e) {
            throw new IOException("there is no group " + name + " here; name one that the worker's user is in", e);
        }
    }

    private static BoundSocket socket(VdePlug plug) throws IOException {
        if (plug.local().isPresent()) {
            return BoundSocket.datagram(plug.local().get());
        }
        String name = "sluice-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        try {
            return BoundSocket.datagram(new UnixPath(plug.directory().path() + "/." + name));
        } catch (IOException e) { // another user's directory, or one that the switch has yet to make
            Path temporary = Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
            return BoundSocket.datagram(new UnixPath(temporary.resolve(name).toString()));
        }
    }
}
