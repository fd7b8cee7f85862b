package io.sluice.grant.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** One end of a socket pair as a peer has it that writes what it likes. One thread at a time. */
final class RawEnd {
    /** Largest piece, in bytes: fits a socket's buffer. */
    static final int MOST = 8192;

    private static final int MSG_DONTWAIT = 0x40;

    /** The peer's calls. Public for jnr-ffi only. */
    public interface Calls {
        /** read(2). */
        long read(int fd, ByteBuffer to, long length);
    }

    private static final Calls CALLS = Native.libc(Calls.class);
    private static final SocketCalls SOCKETS = Native.libc(SocketCalls.class);
    private static final ByteBuffer MEMORY = Native.allocate(MOST);
    private static final MessageHeader HEADER = new MessageHeader(FrameChannel.MAX_FDS);

    private RawEnd() {}

    /** Sends a piece whole, with borrowed descriptors. */
    static void send(Fd socket, byte[] piece, List<Fd> fds) throws SyscallException {
        MEMORY.put(0, piece);
        HEADER.payload(MEMORY, piece.length);
        HEADER.fds(fds);
        long sent = Native.check(SOCKETS.sendmsg(socket.number(), HEADER.memory(), MSG_DONTWAIT), "sendmsg");
        assertThat(sent).isEqualTo(piece.length);
    }

    /** What can be read now, at most {@link #MOST} bytes; descriptors that come with it are lost. */
    static byte[] read(Fd descriptor) throws SyscallException {
        int count = (int) Native.check(CALLS.read(descriptor.number(), MEMORY, MOST), "read");
        byte[] bytes = new byte[count];
        MEMORY.get(0, bytes);
        return Arrays.copyOf(bytes, count);
    }
}
