package io.sluice.lab.hostile;

import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import jnr.constants.platform.Errno;

/**
 * Code of an enemy in the broker's own process, loaded as a Java agent: as soon as a file appears, which is when the broker
 * serves, it tries to leave the process, from a thread that is older than the broker's main(), and from a new one. It says
 * on standard error what came of it: {@code guest: THREAD WHAT RESULT}.
 */
final class BrokerGuest {
    /** What its last line is. */
    static final String DONE = "guest: done";

    private static final boolean AMD64 = System.getProperty("os.arch").equals("amd64");
    private static final long CLONE = AMD64 ? 56 : 220;
    private static final long EXECVE = AMD64 ? 59 : 221;
    private static final long EXECVEAT = AMD64 ? 322 : 281;
    private static final long PTRACE = AMD64 ? 101 : 117;
    private static final long EXIT_GROUP = AMD64 ? 231 : 94;
    private static final int SIGCHLD = 17;
    private static final int PTRACE_ATTACH = 16;
    private static final long PAUSE_NS = 10_000_000;

    /** The C functions. Public for jnr-ffi only. */
    public interface Calls {
        long syscall(long number, long first, long second, long third, long fourth);
    }

    private static final Calls CALLS = Native.libc(Calls.class);

    private BrokerGuest() {}

    /** Called by the JVM before the broker's main(). */
    public static void premain(String file) {
        CALLS.syscall(PTRACE, PTRACE_ATTACH, Integer.MAX_VALUE, 0, 0);
        Thread older = new Thread(() -> act(Path.of(file)), "guest");
        older.setDaemon(true);
        older.start();
    }

    private static void act(Path file) {
        while (!Files.exists(file)) {
            LockSupport.parkNanos(PAUSE_NS);
        }
        try {
            attempts("older-thread");
            Thread newer = new Thread(() -> attempts("new-thread"));
            newer.start();
            newer.join();
        } catch (Exception | Error e) {
            System.err.println("guest: failed: " + e);
        }
        System.err.println(DONE);
    }

    private static void attempts(String thread) {
        say(thread, "ProcessBuilder", process());
        // Without a path: EFAULT where it is not refused, and the broker lives on.
        say(thread, "execve", outcome(CALLS.syscall(EXECVE, 0, 0, 0, 0)));
        say(thread, "execveat", outcome(CALLS.syscall(EXECVEAT, -1, 0, 0, 0)));
        say(thread, "ptrace", outcome(CALLS.syscall(PTRACE, PTRACE_ATTACH, Integer.MAX_VALUE, 0, 0)));
        long child = CALLS.syscall(CLONE, SIGCHLD, 0, 0, 0);
        if (child == 0) {
            CALLS.syscall(EXIT_GROUP, 0, 0, 0, 0);
        }
        say(thread, "fork", outcome(child));
    }

    private static String outcome(long result) {
        return result == -1 ? Errno.valueOf(Native.errno()).name() : "ok";
    }

    private static String process() {
        try {
            new ProcessBuilder("/bin/true").start().getOutputStream().close();
            return "ok";
        } catch (IOException e) {
            return e.getMessage().matches("(?s).*(error[=:] ?1\\b|Operation not permitted).*")
                    ? "EPERM"
                    : e.getMessage().replace(' ', '-');
        }
    }

    private static void say(String thread, String what, String result) {
        System.err.println("guest: " + thread + " " + what + " " + result);
    }
}
