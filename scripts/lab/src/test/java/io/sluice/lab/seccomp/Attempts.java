package io.sluice.lab.seccomp;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Type;
import io.sluice.grant.sys.Confinement;
import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jnr.constants.platform.Errno;
import jnr.ffi.Pointer;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;

/**
 * A program that restricts itself to the lists in its arguments, then tries what they refuse, and says what came of it, a
 * line each: {@code THREAD WHAT ERRNO}. With {@code i386} or {@code x32} as the last argument it makes a call that kills it.
 */
final class Attempts {
    /** The C functions. Public for jnr-ffi only. */
    public interface Calls {
        long syscall(long number, long a, long b, long c, long d);

        Pointer mmap(Pointer address, @size_t long length, int protection, int flags, int fd, @off_t long offset);
    }

    private static final Calls CALLS = Native.libc(Calls.class);
    private static final boolean AMD64 = System.getProperty("os.arch").equals("amd64");
    private static final int NOBODY = Integer.MAX_VALUE;
    private static final int CLONE_NEWNS = 0x20000;
    private static final int SIGCHLD = 17;

    private Attempts() {}

    public static void main(String[] arguments) throws Exception {
        List<String> words = List.of(arguments);
        String kill = words.isEmpty() ? "" : words.get(words.size() - 1);
        warmUp();
        for (String list : words) {
            if (!list.equals("i386") && !list.equals("x32")) {
                Confinement.restrictTo(list);
            }
        }
        if (kill.equals("i386")) {
            intEighty();
        } else if (kill.equals("x32")) {
            CALLS.syscall(0x40000000 | 39, 0, 0, 0, 0);
        }
        attempts("main");
        Thread thread = new Thread(() -> attempts("thread"));
        thread.start();
        thread.join();
    }

    /** What a sealed process can't load any more. */
    private static void warmUp() throws IOException {
        attempts(null);
        if (Attempts.class.getResource("/no such resource") != null) {
            throw new IOException("impossible");
        }
    }

    private static void attempts(String thread) {
        Map<String, String> results = new LinkedHashMap<>();
        raw().forEach((what, call) -> results.put(what, thread == null ? "" : result(call)));
        if (thread != null) {
            results.put("ProcessBuilder", processBuilder());
            results.put("file", file());
        }
        results.forEach((what, errno) -> {
            if (thread != null) {
                System.out.println(thread + " " + what + " " + errno);
            }
        });
    }

    /** Name to number and arguments; harmless, and fails otherwise than with EPERM, where it is not refused. */
    private static Map<String, long[]> raw() {
        Map<String, long[]> calls = new LinkedHashMap<>();
        calls.put("execve", call(59, 221, 0, 0, 0, 0));
        calls.put("execveat", call(322, 281, -1, 0, 0, 0));
        calls.put("fork", call(56, 220, SIGCHLD, 0, 0, 0));
        calls.put("ptrace", call(101, 117, 16, NOBODY, 0, 0));
        calls.put("process_vm_readv", call(310, 270, NOBODY, 0, 0, 0));
        calls.put("mount", call(165, 40, 0, 0, 0, 0));
        calls.put("pivot_root", call(155, 41, 0, 0, 0, 0));
        calls.put("chroot", call(161, 51, 0, 0, 0, 0));
        calls.put("swapon", call(167, 224, 0, 0, 0, 0));
        calls.put("sethostname", call(170, 161, 0, -1, 0, 0));
        calls.put("reboot", call(169, 142, 0, 0, 0, 0));
        calls.put("kexec_load", call(246, 104, 0, 17, 0, -1));
        calls.put("init_module", call(175, 105, 0, 0, 0, 0));
        calls.put("perf_event_open", call(298, 241, 0, -1, -1, -1));
        calls.put("userfaultfd", call(323, 282, -1, 0, 0, 0));
        calls.put("kill", call(62, 129, NOBODY, 9, 0, 0));
        calls.put("tgkill", call(234, 131, NOBODY, NOBODY, 9, 0));
        calls.put("unshare(CLONE_NEWNS)", call(272, 97, CLONE_NEWNS, 0, 0, 0));
        calls.put("setns(any)", call(308, 268, -1, 0, 0, 0));
        calls.put("bpf(BPF_MAP_FREEZE)", call(321, 280, 22, 0, 0, 0));
        calls.put("prctl(PR_SET_DUMPABLE)", call(157, 167, 4, 0, 0, 0));
        calls.put("socket(AF_ALG)", call(41, 198, 38, 5, 0, 0));
        calls.put("socket(AF_PACKET)", call(41, 198, 17, 3, 0, 0));
        calls.put("socket(AF_INET, SOCK_STREAM)", call(41, 198, 2, 1, 0, 0));
        calls.put("socket(AF_UNIX)", call(41, 198, 1, 1, 0, 0));
        calls.put("connect", call(42, 203, -1, 0, 0, 0));
        calls.put("bind", call(49, 200, -1, 0, 0, 0));
        calls.put("listen", call(50, 201, -1, 0, 0, 0));
        calls.put("openat(O_RDONLY)", call(257, 56, -1, 0, 0, 0));
        return calls;
    }

    private static long[] call(long amd64, long aarch64, long a, long b, long c, long d) {
        return new long[] {AMD64 ? amd64 : aarch64, a, b, c, d};
    }

    private static String result(long[] call) {
        long result = CALLS.syscall(call[0], call[1], call[2], call[3], call[4]);
        if (result != -1) {
            boolean child = result == 0 && call[1] == SIGCHLD;
            if (child) {
                CALLS.syscall(AMD64 ? 231 : 94, 0, 0, 0, 0); // exit_group
            }
            return "allowed";
        }
        return Errno.valueOf(Native.errno()).name();
    }

    private static String processBuilder() {
        try {
            new ProcessBuilder("true").start().getOutputStream().close();
            return "allowed";
        } catch (IOException e) {
            return e.getMessage().matches("(?s).*error[=:] ?1\\b.*") ? "EPERM" : e.getMessage();
        }
    }

    private static String file() {
        try {
            Files.delete(Files.createTempFile("attempt", ""));
            return "allowed";
        } catch (IOException e) {
            return e.getMessage().contains("Operation not permitted") ? "EPERM" : e.getMessage();
        }
    }

    /** {@code mov eax, 20; int 0x80; ret}: getpid of i386. */
    private static void intEighty() {
        Pointer page = CALLS.mmap(null, 4096, 7, 0x22, -1, 0);
        byte[] code = {(byte) 0xb8, 20, 0, 0, 0, (byte) 0xcd, (byte) 0x80, (byte) 0xc3};
        page.put(0, code, 0, code.length);
        CallContext context = CallContext.getCallContext(Type.SINT, new Type[0], CallingConvention.DEFAULT, true);
        System.out.println("survived: " + Invoker.getInstance().invokeI0(context, page.address()));
    }
}
