package io.sluice.worker.sys;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import jnr.ffi.Pointer;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/**
 * Every C function that the worker calls beyond those of the channel. Addresses are {@code long} where the call is hot and
 * its signature is not six integers (jnr-ffi passes a wrong sixth), else pointers.
 */
public interface WorkerCalls {
    /** The C library. */
    WorkerCalls LIBC = Native.libc(WorkerCalls.class);

    /** recvmmsg(2); {@code messages} is the address of mmsghdr structs, the timeout is 0 for none. */
    int recvmmsg(int fd, long messages, int count, int flags, long timeout);

    /** sendmmsg(2). */
    int sendmmsg(int fd, long messages, int count, int flags);

    /** send(2). On an AF_XDP socket, with no data: transmit what the TX ring holds. */
    @ssize_t
    long send(int fd, long data, @size_t long length, int flags);

    /** recv(2). On an AF_XDP socket, with no room: receive now, in this thread, if busy polling is on. */
    @ssize_t
    long recv(int fd, long data, @size_t long length, int flags);

    /** epoll_create1(2). */
    int epoll_create1(int flags);

    /** epoll_ctl(2). */
    int epoll_ctl(int epoll, int operation, int fd, ByteBuffer event);

    /** epoll_wait(2). */
    int epoll_wait(int epoll, long events, int count, int timeoutMs);

    /** eventfd(2). */
    int eventfd(int initial, int flags);

    /** read(2). */
    @ssize_t
    long read(int fd, long into, @size_t long length);

    /** write(2). */
    @ssize_t
    long write(int fd, long from, @size_t long length);

    /** sendmsg(2); {@code header} is the address of a msghdr. */
    @ssize_t
    long sendmsg(int fd, long header, int flags);

    /** socket(2). For the sockets of ports, and as an attempt, to show what the worker may not do. */
    int socket(int domain, int type, int protocol);

    /** bind(2). */
    int bind(int fd, ByteBuffer address, int length);

    /** listen(2). */
    int listen(int fd, int backlog);

    /** accept4(2); the peer's address is not asked for if the buffers are null. */
    int accept4(int fd, ByteBuffer address, ByteBuffer length, int flags);

    /** connect(2). */
    int connect(int fd, ByteBuffer address, int length);

    /** getpeername(2). */
    int getpeername(int fd, ByteBuffer address, ByteBuffer length);

    /** poll(2); {@code set} is an array of {fd u32, events u16, revents u16}. */
    int poll(ByteBuffer set, long count, int timeoutMs);

    /** open(2), without a mode. */
    int open(String path, int flags);

    /** ioctl(2) with a structure. */
    int ioctl(int fd, long request, ByteBuffer argument);

    /** ioctl(2) with a number. */
    int ioctl(int fd, long request, long argument);

    /** if_nametoindex(3). */
    int if_nametoindex(String name);

    /** timerfd_create(2). */
    int timerfd_create(int clock, int flags);

    /** timerfd_settime(2); {@code value} is an itimerspec. */
    int timerfd_settime(int fd, int flags, ByteBuffer value, ByteBuffer old);

    /** inotify_init1(2). */
    int inotify_init1(int flags);

    /** inotify_add_watch(2); {@code path} ends with NUL. */
    int inotify_add_watch(int fd, ByteBuffer path, int mask);

    /** inotify_rm_watch(2). */
    int inotify_rm_watch(int fd, int watch);

    /** syscall(2), for bpf(2) as an attempt. */
    long syscall(long number, int command, ByteBuffer attributes, int size);

    /** setsockopt(2). */
    int setsockopt(int fd, int level, int name, ByteBuffer value, int length);

    /** getsockopt(2). */
    int getsockopt(int fd, int level, int name, ByteBuffer value, ByteBuffer length);

    /** memfd_create(2). */
    int memfd_create(String name, int flags);

    /** ftruncate(2). */
    int ftruncate(int fd, @off_t long length);

    /** mmap(2). */
    Pointer mmap(Pointer address, @size_t long length, int protection, int flags, int fd, @off_t long offset);

    /** munmap(2). */
    int munmap(Pointer address, @size_t long length);

    /** sched_setaffinity(2); pid 0 is the calling thread. */
    int sched_setaffinity(int pid, @size_t long size, ByteBuffer mask);

    /** sched_getaffinity(2); pid 0 is the calling thread. */
    int sched_getaffinity(int pid, @size_t long size, ByteBuffer mask);

    /** clock_gettime(2); {@code time} is the address of a timespec. */
    int clock_gettime(int clock, long time);

    /** geteuid(2). */
    int geteuid();
}
