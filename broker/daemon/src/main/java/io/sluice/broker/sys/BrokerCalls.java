package io.sluice.broker.sys;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.Delegate;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/**
 * Every C function that the broker calls beyond those of the channel. What is not here, it does not do; the seccomp list
 * follows from this interface.
 */
public interface BrokerCalls {
    /** The C library. */
    BrokerCalls LIBC = Native.libc(BrokerCalls.class);

    /** socket(2). */
    int socket(int domain, int type, int protocol);

    /** bind(2). */
    int bind(int fd, ByteBuffer address, int length);

    /** listen(2). */
    int listen(int fd, int backlog);

    /** connect(2). */
    int connect(int fd, ByteBuffer address, int length);

    /** accept4(2); the address is not asked for. */
    int accept4(int fd, ByteBuffer address, ByteBuffer length, int flags);

    /** setsockopt(2). */
    int setsockopt(int fd, int level, int name, ByteBuffer value, int length);

    /** getsockopt(2). */
    int getsockopt(int fd, int level, int name, ByteBuffer value, ByteBuffer length);

    /** ioctl(2), with a pointer argument. */
    int ioctl(int fd, long request, ByteBuffer argument);

    /** ioctl(2), with an integer argument. */
    int ioctl(int fd, long request, long argument);

    /** syscall(2), for bpf(2): command, attributes, size of the attributes. */
    long syscall(long number, int command, ByteBuffer attributes, int size);

    /** memfd_create(2). */
    int memfd_create(String name, int flags);

    /** ftruncate(2). */
    int ftruncate(int fd, @off_t long length);

    /** fcntl(2), with an integer argument. */
    int fcntl(int fd, int command, long argument);

    /** mmap(2). The address is a pointer so that jnr-ffi passes the sixth argument right. */
    Pointer mmap(Pointer address, @size_t long length, int protection, int flags, int fd, @off_t long offset);

    /** munmap(2). */
    int munmap(Pointer address, @size_t long length);

    /** poll(2). */
    int poll(ByteBuffer pollfds, long count, int timeoutMs);

    /** eventfd(2). */
    int eventfd(int initial, int flags);

    /** read(2). */
    @ssize_t
    long read(int fd, ByteBuffer into, @size_t long length);

    /** write(2). */
    @ssize_t
    long write(int fd, ByteBuffer from, @size_t long length);

    /** open(2), without a mode. */
    int open(String path, int flags);

    /** umask(2), of the whole process; returns the one before. */
    int umask(int mask);

    /** unshare(2): moves the calling thread alone. */
    int unshare(int flags);

    /** setns(2): moves the calling thread alone. */
    int setns(int fd, int type);

    /** if_nametoindex(3); 0 if there is no such device in this thread's network namespace. */
    int if_nametoindex(String name);

    /** signal(2). The handler must stay reachable. */
    Pointer signal(int number, SignalHandler handler);

    /** What a signal calls, in whatever thread the kernel chooses. */
    interface SignalHandler {
        @Delegate
        void handle(int number);
    }
}
