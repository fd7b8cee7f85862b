package io.sluice.worker.port.line;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A socket to which peers connect, one at a time: the next is let in when the one before has gone. */
public final class ListeningLine implements Line {
    private final Fd listener;
    private final ByteBuffer address;
    private final Optional<BoundFile> file;
    private Fd peer;

    private ListeningLine(Fd listener, ByteBuffer address, Optional<BoundFile> file) {
        this.listener = listener;
        this.address = address;
        this.file = file;
    }

    /**
     * @param type {@link Sockets#STREAM} or {@link Sockets#SEQPACKET}
     */
    public static ListeningLine open(int type, SocketAddress address) throws IOException {
        try (Closer closer = new Closer()) {
            Fd listener = closer.add(Sockets.bound(type, address));
            Optional<BoundFile> file = BoundFile.of(address);
            closer.add(() -> file.ifPresent(BoundFile::remove));
            Sockets.listen(listener, address);
            closer.release();
            return new ListeningLine(listener, address.encode(), file);
        }
    }

    @Override
    public int socket() {
        return peer == null ? NONE : peer.number();
    }

    @Override
    public Fd fd() {
        return peer == null ? listener : peer;
    }

    @Override
    public boolean connected() {
        return peer != null;
    }

    @Override
    public void attend() {
        if (peer == null) {
            Fd accepted = Sockets.accept(listener);
            if (accepted != null) {
                peer = accepted;
                Sockets.tune(accepted.number(), address);
            }
        }
    }

    @Override
    public void lost() {
        if (peer != null) {
            peer.close();
            peer = null;
        }
    }

    @Override
    public boolean ends() {
        return true;
    }

    @Override
    public void close() {
        lost();
        listener.close();
        file.ifPresent(BoundFile::remove);
    }
}
