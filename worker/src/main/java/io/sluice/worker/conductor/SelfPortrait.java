package io.sluice.worker.conductor;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;

/**
 * What this process is and what it can't do by itself.
 *
 * @param effectiveCapabilities CapEff of /proc/self/status
 * @param attempts what was tried, and how the kernel refused it
 */
public record SelfPortrait(int uid, long effectiveCapabilities, boolean noNewPrivs, List<Attempt> attempts) {
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    private static final int AF_INET = 2;
    private static final int AF_PACKET = 17;
    private static final int AF_XDP = 44;
    private static final int IPPROTO_GRE = 47;
    private static final long BPF = System.getProperty("os.arch").equals("amd64") ? 321 : 280;
    private static final int BPF_MAP_CREATE = 0;
    private static final int MAP_TYPE_XSKMAP = 17;

    /**
     * One attempt.
     *
     * @param refused name of the errno; empty if it was not refused
     */
    public record Attempt(String operation, String refused) {}

    public SelfPortrait {
        attempts = List.copyOf(attempts);
    }

    /** Looks at this process, and tries what the broker is for. Whatever succeeds is closed again at once. */
    public static SelfPortrait take() throws IOException {
        List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
        List<Attempt> attempts = new ArrayList<>();
        attempt(attempts, "socket(AF_PACKET, SOCK_RAW)", () -> LIBC.socket(AF_PACKET, SOCK_RAW_CLOEXEC, 0));
        attempt(attempts, "socket(AF_XDP, SOCK_RAW)", () -> LIBC.socket(AF_XDP, SOCK_RAW_CLOEXEC, 0));
        attempt(
                attempts,
                "socket(AF_INET, SOCK_RAW, IPPROTO_GRE)",
                () -> LIBC.socket(AF_INET, SOCK_RAW_CLOEXEC, IPPROTO_GRE));
        ByteBuffer map = Native.allocate(128)
                .putInt(0, MAP_TYPE_XSKMAP)
                .putInt(4, 4)
                .putInt(8, 4)
                .putInt(12, 1);
        attempt(attempts, "bpf(BPF_MAP_CREATE, XSKMAP)", () -> (int) LIBC.syscall(BPF, BPF_MAP_CREATE, map, 128));
        return new SelfPortrait(
                LIBC.geteuid(),
                Long.parseUnsignedLong(field(status, "CapEff"), 16),
                field(status, "NoNewPrivs").equals("1"),
                attempts);
    }

    private static void attempt(List<Attempt> attempts, String operation, IntSupplier call) {
        try {
            Fd.owned(call.getAsInt(), operation).close();
            attempts.add(new Attempt(operation, ""));
        } catch (SyscallException e) {
            attempts.add(new Attempt(operation, e.errno().name()));
        }
    }

    private static String field(List<String> status, String name) {
        return status.stream()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip().toLowerCase(Locale.ROOT))
                .findFirst()
                .orElse("0");
    }
}
