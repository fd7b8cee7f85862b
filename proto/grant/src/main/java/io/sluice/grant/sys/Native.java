package io.sluice.grant.sys;

import com.kenai.jffi.MemoryIO;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.constants.platform.Errno;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.mapper.ToNativeContext;
import jnr.ffi.mapper.ToNativeConverter;

/**
 * Loading of native interfaces, errno, and memory that system calls read and write.
 *
 * <p>jnr-ffi passes a wrong sixth argument to functions of exactly six integers (x86-64). Every JVM of ours starts with
 * {@code -Djnr.ffi.x86asm.enabled=false}, and no binding has such a signature: addresses are buffers or pointers.
 */
public final class Native {
    private static final Runtime RUNTIME = Runtime.getSystemRuntime();
    private static final MemoryIO MEMORY = MemoryIO.getInstance();

    private Native() {}

    /** Binds {@code type}, an interface of C functions, to the C library. */
    public static <T> T libc(Class<T> type) {
        return library(type).load("c");
    }

    /** Binds {@code type} to a library. A buffer keeps its memory until the function that it is passed to has returned. */
    public static <T> LibraryLoader<T> library(Class<T> type) {
        return LibraryLoader.create(type).map(ByteBuffer.class, new Kept());
    }

    /**
     * Keeps a buffer reachable during a call. jnr-ffi takes its address and forgets it: once the callers are compiled, the
     * collector frees the memory of one that nobody uses again, and the kernel writes into what is somebody else's by then.
     */
    private static final class Kept implements ToNativeConverter.PostInvocation<ByteBuffer, ByteBuffer> {
        @Override
        public ByteBuffer toNative(ByteBuffer buffer, ToNativeContext context) {
            return buffer;
        }

        @Override
        @SuppressWarnings("ReachabilityFenceUsage") // the call is where this is called
        public void postInvoke(ByteBuffer buffer, ByteBuffer same, ToNativeContext context) {
            Reference.reachabilityFence(buffer);
        }

        @Override
        public Class<ByteBuffer> nativeType() {
            return ByteBuffer.class;
        }
    }

    /** The errno of this thread's last failed call. Only valid directly after the failure. */
    public static int errno() {
        return LastError.getLastError(RUNTIME);
    }

    /** Whether this thread's last failed call failed with {@code errno}. */
    public static boolean failedWith(Errno errno) {
        return errno() == errno.intValue();
    }

    /** Returns {@code result} unless it is -1; then throws with the errno. */
    public static int check(int result, String operation) throws SyscallException {
        return (int) check((long) result, operation);
    }

    /** Returns {@code result} unless it is -1; then throws with the errno. */
    public static long check(long result, String operation) throws SyscallException {
        if (result == -1) {
            throw new SyscallException(operation, errno());
        }
        return result;
    }

    /** Zeroed native memory of {@code size} bytes in host byte order. It lives as long as the buffer is reachable. */
    public static ByteBuffer allocate(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    /** The address of a direct buffer's first byte (not of its position). The caller keeps the buffer reachable. */
    public static long address(ByteBuffer direct) {
        return MEMORY.getDirectBufferAddress(direct);
    }
}
