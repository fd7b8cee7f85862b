package io.sluice.broker.testbed;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/** What tests call beyond the broker's own list. */
public interface TestCalls {
    TestCalls LIBC = Native.libc(TestCalls.class);

    /** open(2), without a mode. */
    int open(String path, int flags);

    /** setns(2). */
    int setns(int fd, int type);

    /** send(2). */
    @ssize_t
    long send(int fd, ByteBuffer data, @size_t long length, int flags);

    /** recv(2). */
    @ssize_t
    long recv(int fd, ByteBuffer data, @size_t long length, int flags);

    /** connect(2). */
    int connect(int fd, ByteBuffer address, int length);

    /** shutdown(2). */
    int shutdown(int fd, int how);

    /** listen(2). */
    int listen(int fd, int backlog);

    /** socketpair(2); two descriptors. */
    int socketpair(int domain, int type, int protocol, ByteBuffer fds);

    /** pipe(2); two descriptors. */
    int pipe(ByteBuffer fds);

    /** getsockname(2). */
    int getsockname(int fd, ByteBuffer address, ByteBuffer length);

    /** syscall(2), for calls that glibc makes for all threads at once and tests need for one. */
    long syscall(long number, long first, long second, long third);
}
