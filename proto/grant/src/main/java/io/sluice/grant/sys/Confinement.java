package io.sluice.grant.sys;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** What a process takes away from itself, for good: being looked into, and system calls. */
public final class Confinement {
    /** The C functions. Public for jnr-ffi only. */
    public interface Calls {
        int prctl(int option, long second, long third, long fourth, long fifth);

        long syscall(long number, int operation, int flags, ByteBuffer program);

        int getpid();
    }

    private static final Calls CALLS = Native.libc(Calls.class);
    private static final String ARCHITECTURE = System.getProperty("os.arch");
    private static final int PR_SET_DUMPABLE = 4;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int FILTER_FLAG_TSYNC = 1;
    private static final int HEADER = 16;
    private static final int INSTRUCTION = 8;

    /** A comparison (BPF_JMP | BPF_JEQ | BPF_K) whose constant is to become our process id. */
    private static final short COMPARE = 0x15;

    private static final int SELF = 0x50494421;

    private Confinement() {}

    /** No core dumps, and no ptrace(2) or /proc/PID/mem by processes of the same user (PR_SET_DUMPABLE). */
    public static void hide() throws SyscallException {
        Native.check(CALLS.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)");
    }

    /**
     * Restricts all threads of this process, those to come too, to the system calls of a list in policies/seccomp. Also sets
     * no_new_privs. A further list restricts further.
     *
     * @throws IOException there is no such list for this architecture, or the kernel does not take it; nothing has changed
     */
    public static void restrictTo(String list) throws IOException {
        byte[] compiled;
        String name = "/seccomp/" + list + "." + ARCHITECTURE + ".bpf";
        try (InputStream resource = Confinement.class.getResourceAsStream(name)) {
            if (resource == null) {
                throw new FileNotFoundException("no system call filter " + name + " was built for this architecture");
            }
            compiled = resource.readAllBytes();
        }
        // struct sock_fprog { u16 len; struct sock_filter *filter; }, and the filter behind it
        ByteBuffer program = Native.allocate(HEADER + compiled.length).put(HEADER, compiled);
        program.putShort(0, (short) (compiled.length / INSTRUCTION)).putLong(8, Native.address(program) + HEADER);
        for (int at = HEADER; at < program.capacity(); at += INSTRUCTION) {
            if (program.getShort(at) == COMPARE && program.getInt(at + 4) == SELF) {
                program.putInt(at + 4, CALLS.getpid());
            }
        }
        Native.check(CALLS.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)");
        long number = ARCHITECTURE.equals("amd64") ? 317 : 277;
        long thread = Native.check(
                CALLS.syscall(number, SECCOMP_SET_MODE_FILTER, FILTER_FLAG_TSYNC, program), "seccomp(" + list + ")");
        if (thread != 0) {
            throw new IOException("thread " + thread + " cannot take the system call filter " + list);
        }
    }
}
