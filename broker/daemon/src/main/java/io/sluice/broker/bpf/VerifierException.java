package io.sluice.broker.bpf;

import io.sluice.grant.sys.SyscallException;
import java.io.IOException;

/** The kernel's verifier refused a program. The message holds its log, the cause the errno. */
public final class VerifierException extends IOException {
    private static final long serialVersionUID = 1L;

    VerifierException(SyscallException cause, String log) {
        super(cause.getMessage() + ", says the verifier:\n" + log, cause);
    }
}
