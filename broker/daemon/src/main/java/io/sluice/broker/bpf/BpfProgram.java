package io.sluice.broker.bpf;

import io.sluice.broker.policy.Program;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import jnr.constants.platform.Errno;

/**
 * A program that the kernel has verified. A socket or link that runs it keeps it alive, so it can be closed once it is
 * attached. Its descriptor is never passed on: whoever holds it can attach the program elsewhere.
 *
 * @param fd the descriptor, for SO_ATTACH_BPF; the program owns it
 */
public record BpfProgram(Fd fd) implements AutoCloseable {
    /** Helpers marked gpl_only refuse it; none that the compiler uses is, so the kernel is told what the source has. */
    private static final byte[] LICENCE = "Apache-2.0\0".getBytes(StandardCharsets.US_ASCII);

    private static final int XDP_HAS_FRAGS = 32; // ours look at the first bytes of a frame, wherever the rest is
    private static final int LOG_BYTES = 64 * 1024;
    private static final int ATTEMPTS = 5;

    /**
     * Links, verifies and loads a program.
     *
     * @param values for its symbols: descriptors of maps, which stay open meanwhile, or an ifindex
     * @param name up to 15 letters, digits, underscores and dots, for bpftool and the like
     * @throws SyscallException without a word of the verifier, for example EPERM without CAP_BPF and CAP_NET_ADMIN
     * @throws IOException if the verifier refuses the program; its log is in the message
     * @throws IllegalArgumentException if a value is missing
     */
    public static BpfProgram load(ProgramType type, String name, Program program, Map<Symbol, Integer> values)
            throws IOException {
        String what = type.name().toLowerCase(Locale.ROOT) + " " + name;
        ByteBuffer code = program.linked(values);
        ByteBuffer licence = Native.allocate(LICENCE.length).put(0, LICENCE);
        ByteBuffer attributes = BpfCommand.attributes(type.code, code.limit() / Program.SLOT);
        attributes.putLong(8, Native.address(code)).putLong(16, Native.address(licence));
        attributes.putInt(44, type == ProgramType.XDP ? XDP_HAS_FRAGS : 0);
        BpfCommand.putName(attributes, 48, name);
        // Without a log first: making one costs more than the verification of a small program.
        int fd = attempt(attributes, code, licence);
        if (fd == -1) {
            SyscallException failure = new SyscallException(BpfCommand.PROG_LOAD.operation(what), Native.errno());
            ByteBuffer log = Native.allocate(LOG_BYTES);
            attributes.putInt(24, 1).putInt(28, LOG_BYTES).putLong(32, Native.address(log));
            fd = attempt(attributes, code, licence, log);
            if (fd == -1) {
                String text = StandardCharsets.UTF_8.decode(log).toString();
                text = text.substring(0, text.indexOf('\0'));
                throw text.isEmpty()
                        ? failure
                        : new IOException(failure.getMessage() + ", says the verifier:\n" + text, failure);
            }
        }
        return new BpfProgram(Fd.owned(fd, what));
    }

    /** The verifier gives up with EAGAIN when a signal arrives. */
    private static int attempt(ByteBuffer attributes, Object... pointees) {
        int fd = -1;
        for (int i = 0; i < ATTEMPTS && fd == -1 && (i == 0 || Native.failedWith(Errno.EAGAIN)); i++) {
            fd = BpfCommand.PROG_LOAD.call(attributes, pointees);
        }
        return fd;
    }

    @Override
    public void close() {
        fd.close();
    }
}
