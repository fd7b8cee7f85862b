package io.sluice.broker.testbed;

import io.sluice.broker.server.Compiler;
import io.sluice.compiler.CompilerMain;
import io.sluice.compiler.yaml.Identities;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The policy compiler on a thread of this process, joined to a broker by two pipes as the launcher joins them. */
public final class Compiling implements AutoCloseable {
    private final Compiler compiler;
    private final Thread thread;

    /** Starts it; it ends when the broker closes its ends. */
    public Compiling(Path policy) throws IOException {
        Fd[] answers = pipe();
        Fd[] questions = pipe();
        this.compiler = new Compiler(answers[0], questions[1]);
        // By name, since Java has no other way from a number to a stream.
        FileInputStream in = new FileInputStream("/proc/self/fd/" + questions[0].number());
        FileOutputStream out = new FileOutputStream("/proc/self/fd/" + answers[1].number());
        questions[0].close();
        answers[1].close();
        this.thread = new Thread(
                () -> {
                    try (in;
                            out) {
                        CompilerMain.serve(policy, Identities.libc(), in, out);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e); // to standard error
                    }
                },
                "compiler");
        thread.start();
    }

    /** The broker's side; the broker closes it. */
    public Compiler compiler() {
        return compiler;
    }

    private static Fd[] pipe() throws IOException {
        ByteBuffer numbers = Native.allocate(8);
        Native.check(TestCalls.LIBC.pipe(numbers), "pipe");
        return new Fd[] {Fd.owned(numbers.getInt(0), "pipe"), Fd.owned(numbers.getInt(4), "pipe")};
    }

    /** Waits until it has ended. */
    @Override
    public void close() {
        compiler.close();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
