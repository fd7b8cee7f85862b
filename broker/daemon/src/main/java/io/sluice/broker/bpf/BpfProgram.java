package io.sluice.broker.bpf;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import jnr.constants.platform.Errno;

/**
 * A program that the kernel has verified. A socket or link that runs it keeps it alive, so it can be closed once it is
 * attached. Its descriptor is never passed on: whoever holds it can attach the program elsewhere.
 */
public final class BpfProgram implements AutoCloseable {
    /**
     * What the kernel is told of the licence. It matters to helpers marked gpl_only, which refuse this one; no
     * {@link Helper} is among them, so there is no reason to claim another licence than that of the source.
     */
    private static final ByteBuffer LICENCE = string("Apache-2.0");

    private static final int SLOT = 8;
    private static final int LOG_BYTES = 64 * 1024;
    private static final int ATTEMPTS = 5;

    private final ProgramType type;
    private final Fd fd;

    private BpfProgram(ProgramType type, Fd fd) {
        this.type = type;
        this.fd = fd;
    }

    /**
     * Assembles, verifies and loads a program.
     *
     * @param name up to 15 letters, digits, underscores and dots, for bpftool and the like
     * @throws VerifierException if the verifier refuses the program; its log is in the message
     * @throws SyscallException on other failures, for example EPERM without CAP_BPF and CAP_NET_ADMIN
     * @throws IllegalArgumentException if the program cannot be assembled
     */
    public static BpfProgram load(ProgramType type, String name, List<Insn> insns) throws IOException {
        ByteBuffer code = Assembler.assemble(insns);
        ByteBuffer attributes = BpfCommand.attributes()
                .putInt(0, type.code)
                .putInt(4, code.limit() / SLOT)
                .putLong(8, Native.address(code))
                .putLong(16, Native.address(LICENCE));
        BpfCommand.putName(attributes, 48, name);
        try {
            return new BpfProgram(type, load(attributes, type.name().toLowerCase(Locale.ROOT) + " " + name));
        } finally {
            Reference.reachabilityFence(code);
            Reference.reachabilityFence(insns); // and its maps, whose descriptors the code holds as numbers
        }
    }

    /** Without a log first: making one costs more than the verification of a small program. */
    private static Fd load(ByteBuffer attributes, String what) throws IOException {
        int fd = attempt(attributes);
        if (fd != -1) {
            return Fd.owned(fd, what);
        }
        SyscallException failure = new SyscallException(BpfCommand.PROG_LOAD.operation(what), Native.errno());
        ByteBuffer log = Native.allocate(LOG_BYTES);
        attributes.putInt(24, 1).putInt(28, LOG_BYTES).putLong(32, Native.address(log));
        fd = attempt(attributes);
        if (fd != -1) {
            return Fd.owned(fd, what);
        }
        String text = StandardCharsets.UTF_8.decode(log).toString();
        text = text.substring(0, text.indexOf('\0'));
        throw text.isEmpty() ? failure : new VerifierException(failure, text);
    }

    /** The verifier gives up with EAGAIN when a signal arrives. */
    private static int attempt(ByteBuffer attributes) {
        int fd = -1;
        for (int i = 0; i < ATTEMPTS && fd == -1 && (i == 0 || Native.failedWith(Errno.EAGAIN)); i++) {
            fd = BpfCommand.PROG_LOAD.call(attributes);
        }
        return fd;
    }

    /** The descriptor, borrowed, for SO_ATTACH_BPF. */
    public Fd fd() {
        return fd;
    }

    /** Where it runs. */
    public ProgramType type() {
        return type;
    }

    private static ByteBuffer string(String text) {
        ByteBuffer zeroTerminated = Native.allocate(text.length() + 1);
        return zeroTerminated.put(0, text.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() {
        fd.close();
    }
}
