package io.sluice.broker.server;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.broker.policy.Policy;
import io.sluice.broker.policy.PolicyDecoder;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Compiled;
import java.io.EOFException;
import java.io.IOException;
import jnr.constants.platform.Errno;

/**
 * The policy compiler, an unprivileged process, as the broker sees it: two pipes. A byte on one asks for the policy as its
 * file is now; on the other comes a frame as on the fd plane, a {@link Compiled}. The first answer comes unasked.
 */
public final class Compiler implements AutoCloseable {
    /** Bytes of an answer; the largest policy file, 256 KiB, makes a fraction of this. */
    private static final int MAX_ANSWER = 64 << 20;

    private final FrameChannel answers;
    private final Fd requests;

    /** Takes over the ends of the pipes: from the compiler, to the compiler. */
    public Compiler(Fd answers, Fd requests) throws SyscallException {
        this.answers = new FrameChannel(answers, MAX_ANSWER);
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
        return answers.socket();
    }

    /** Asks once; EPIPE or EBADF if there is nobody. */
    void ask() throws SyscallException {
        String what = "ask the policy compiler (ended? restart the broker)";
        if (requests.isClosed()) {
            throw new SyscallException(what, Errno.EPIPE.intValue());
        }
        Native.check(LIBC.write(requests.number(), Native.allocate(1), 1), what);
    }

    /**
     * Takes what has come.
     *
     * @return an answer, or null while it is not whole
     * @throws Refusal the file is no policy
     * @throws IOException the compiler is gone or broken
     */
    Policy receive() throws IOException, Refusal {
        try {
            byte[] answer = answers.receive();
            if (answer == null) {
                return null;
            }
            Compiled compiled = Compiled.parseFrom(answer);
            if (compiled.hasPolicy()) {
                return PolicyDecoder.policy(compiled.getPolicy());
            }
            throw new Refusal(compiled.getRefused());
        } catch (EOFException e) {
            throw new IOException("the policy compiler has ended; restart the broker with `sluice broker`", e);
        } catch (InvalidProtocolBufferException | ProtocolException | IllegalArgumentException e) {
            throw new IOException("the policy compiler answers what is no policy: " + e.getMessage(), e);
        }
    }

    /** Waits for the first answer. */
    Policy first() throws IOException, Refusal {
        PollSet polls = new PollSet();
        polls.add(fd().number(), false, () -> {});
        Policy policy = null;
        while (policy == null) {
            polls.await(-1);
            policy = receive();
        }
        return policy;
    }

    @Override
    public void close() {
        answers.close();
        requests.close();
    }
}
