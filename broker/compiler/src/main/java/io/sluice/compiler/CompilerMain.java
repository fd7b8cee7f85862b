package io.sluice.compiler;

import io.sluice.compiler.yaml.Identities;
import io.sluice.compiler.yaml.PolicyException;
import io.sluice.compiler.yaml.PolicyLoader;
import io.sluice.grant.sys.Confinement;
import io.sluice.policy.v1.Compiled;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;

/**
 * The policy compiler: what reads YAML, looks up users, compiles expressions of tcpdump and assembles programs, so that the
 * broker, which has the privileges, does none of it. The launcher starts the two together, joined by two pipes.
 */
public final class CompilerMain {
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_USAGE = 2;

    private CompilerMain() {}

    /**
     * {@code FILE}: writes the policy to standard output, and again for each byte that comes on standard input.
     * {@code --train FILE} does so without a system call filter, under which no start-up archive could be written.
     */
    public static void main(String[] arguments) {
        boolean training = arguments.length > 1 && arguments[0].equals("--train");
        if (arguments.length != (training ? 2 : 1)) {
            System.err.println("sluice-compiler: started by `sluice broker`, with the policy's file as only argument;"
                    + " `sluice policy check FILE` is for people");
            System.exit(EXIT_USAGE);
        }
        try {
            Confinement.hide();
            if (!training) {
                Confinement.restrictTo("compiler");
            }
            serve(Path.of(arguments[arguments.length - 1]), Identities.libc(), System.in, System.out);
        } catch (IOException e) {
            System.err.println("sluice-compiler: " + e.getMessage());
            System.exit(EXIT_FAILED);
        }
    }

    /**
     * Answers until {@code requests} ends, which is when the broker is gone. The first answer comes unasked.
     *
     * @throws IOException the broker is gone in the middle of an answer
     */
    public static void serve(Path file, Identities identities, InputStream requests, OutputStream answers)
            throws IOException {
        DataOutputStream out = new DataOutputStream(answers);
        do {
            byte[] answer = compile(file, identities).toByteArray();
            out.writeInt(answer.length);
            out.write(answer);
            out.flush();
        } while (requests.read() != -1);
    }

    private static Compiled compile(Path file, Identities identities) {
        Compiled.Builder compiled = Compiled.newBuilder();
        try {
            return compiled.setPolicy(PolicyLoader.compile(file, identities)).build();
        } catch (PolicyException e) {
            return compiled.setRefused(e.getMessage()).build();
        }
    }
}
