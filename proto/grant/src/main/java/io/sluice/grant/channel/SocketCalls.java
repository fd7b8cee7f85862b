package io.sluice.grant.channel;

import java.nio.ByteBuffer;
import jnr.ffi.annotations.Out;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/** The C functions of the channel. Public for jnr-ffi only. */
public interface SocketCalls {
    @ssize_t
    long sendmsg(int fd, ByteBuffer header, int flags);

    @ssize_t
    long read(int fd, @Out ByteBuffer to, @size_t long most);

    long syscall(long number, int first, int second);

    int getsockopt(int fd, int level, int name, @Out ByteBuffer value, ByteBuffer length);
}
