package io.sluice.broker.server;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.broker.policy.Policy;
import io.sluice.broker.policy.PolicyDecoder;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Compiled;
import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;

/**
 * The policy compiler, an unprivileged process, as the broker sees it: two pipes. A byte on one asks for the policy as its
 * file is now; on the other comes a 4-byte big-endian length and a {@link Compiled}. The first answer comes unasked.
 */
public final class Compiler implements AutoCloseable {
    /** Bytes of an answer; the largest policy file, 256 KiB, makes a fraction of this. */
    private static final int MAX_ANSWER = 64 << 20;

    private static final int CHUNK = 64 * 1024;
    private static final int HEADER = Integer.BYTES;

    private final Fd answers;
    private final Fd requests;
    private final ByteBuffer chunk = Native.allocate(CHUNK);
    private ByteBuffer received = ByteBuffer.allocate(CHUNK);

    /** Takes over the ends of the pipes: from the compiler, to the compiler. */
    public Compiler(Fd answers, Fd requests) {
        this.answers = answers;
        this.requests = requests;
    }

    /** An answer that is no policy: why, a line for each error. */
    public static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    Fd fd() {
        return answers;
    }

    /** Asks once; EPIPE or EBADF if there is nobody. */
    void ask() throws SyscallException {
        if (requests.isClosed()) {
            throw new SyscallException("ask the policy compiler that has ended", Errno.EPIPE.intValue());
        }
        Native.check(LIBC.write(requests.number(), chunk, 1), "ask the policy compiler");
    }

    /**
     * Takes what has come; waits if nothing has.
     *
     * @return an answer, or null while it is not whole
     * @throws Refusal the file is no policy
     * @throws IOException the compiler is gone or broken
     */
    Policy receive() throws IOException, Refusal {
        int wanted = Math.min(CHUNK, missing());
        int count = (int) Native.check(LIBC.read(answers.number(), chunk, wanted), "hear from the policy compiler");
        if (count == 0) {
            throw new IOException("the policy compiler has ended; restart the broker with `sluice broker`");
        }
        if (received.remaining() < count) {
            received = ByteBuffer.allocate(2 * received.capacity()).put(received.flip());
        }
        received.put(chunk.slice(0, count));
        return missing() == 0 ? take() : null;
    }

    /** Bytes until an answer, or its length, is whole. */
    private int missing() throws IOException {
        if (received.position() < HEADER) {
            return HEADER - received.position();
        }
        int length = received.getInt(0);
        if (length <= 0 || length > MAX_ANSWER) {
            throw new IOException("an answer of " + length + " bytes is none of the policy compiler");
        }
        return HEADER + length - received.position();
    }

    private Policy take() throws IOException, Refusal {
        try {
            Compiled compiled = Compiled.parseFrom(received.flip().position(HEADER));
            if (compiled.hasPolicy()) {
                return PolicyDecoder.policy(compiled.getPolicy());
            }
            throw new Refusal(compiled.getRefused());
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            throw new IOException("the policy compiler answers what is no policy: " + e.getMessage(), e);
        } finally {
            received.clear();
        }
    }

    @Override
    public void close() {
        answers.close();
        requests.close();
    }
}
