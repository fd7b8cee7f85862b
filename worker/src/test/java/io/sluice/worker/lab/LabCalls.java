package io.sluice.worker.lab;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/** What tests call beyond the worker's own list: the broker's part, and both ends of the wire. */
public interface LabCalls {
    LabCalls LIBC = Native.libc(LabCalls.class);

    /** open(2), without a mode. */
    int open(String path, int flags);

    /** setns(2). */
    int setns(int fd, int type);

    /** bind(2). */
    int bind(int fd, ByteBuffer address, int length);

    /** getsockname(2). */
    int getsockname(int fd, ByteBuffer address, ByteBuffer length);

    /** connect(2). */
    int connect(int fd, ByteBuffer address, int length);

    /** listen(2). */
    int listen(int fd, int backlog);

    /** accept4(2); the address is not asked for. */
    int accept4(int fd, ByteBuffer address, ByteBuffer length, int flags);

    /** socketpair(2). */
    int socketpair(int domain, int type, int protocol, ByteBuffer pair);

    /** if_nametoindex(3). */
    int if_nametoindex(String name);

    /** send(2). */
    @ssize_t
    long send(int fd, ByteBuffer data, @size_t long length, int flags);

    /** recvmsg(2). */
    @ssize_t
    long recvmsg(int fd, ByteBuffer header, int flags);

    /** poll(2). */
    int poll(ByteBuffer set, long count, int timeoutMs);
}
