package io.sluice.broker;

import io.sluice.broker.server.Broker;
import io.sluice.broker.server.Compiler;
import io.sluice.broker.server.Wakeup;
import io.sluice.broker.sys.BrokerCalls;
import io.sluice.grant.sys.Confinement;
import io.sluice.grant.sys.Fd;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Starts the broker in stages: understand, check the privileges, listen, get the policy, serve. */
public final class BrokerMain {
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_USAGE = 2;
    private static final int EXIT_POLICY = 4;
    private static final int EXIT_PRIVILEGES = 5;
    private static final long STOP_PATIENCE_S = 5;
    /** Where the launcher puts the broker's ends of the pipes to and from the policy compiler. */
    private static final int FROM_COMPILER = 0;

    private static final int TO_COMPILER = 3;
    private static final int SIGHUP = 1;
    /** Here for good: native code calls nothing that the collector has taken away. */
    private static BrokerCalls.SignalHandler onHangUp;

    private BrokerMain() {}

    /** See help.txt. */
    public static void main(String[] arguments) {
        int status = start(arguments);
        if (status != 0) {
            Runtime.getRuntime().halt(status);
        }
    }

    private static int start(String[] arguments) {
        List<String> words = List.of(arguments);
        if (words.contains("--version")) {
            System.out.println("sluice-broker " + BrokerVersion.STRING);
            return 0;
        }
        System.setProperty("java.util.logging.SimpleFormatter.format", "%1$tFT%1$tT.%1$tL %4$s %5$s%6$s%n");
        try {
            if (words.contains("--help") || words.contains("-h")) {
                BrokerMain.class.getResourceAsStream("help.txt").transferTo(System.out);
                return 0;
            }
            return serve(arguments);
        } catch (Compiler.Refusal e) {
            System.err.println(e.getMessage());
            System.err.println("sluice-broker: the policy is not usable; `sluice policy check FILE` tries it out");
            return EXIT_POLICY;
        } catch (IOException e) {
            System.err.println("sluice-broker: " + e.getMessage());
            return EXIT_FAILED;
        }
    }

    private static int serve(String[] arguments) throws IOException, Compiler.Refusal {
        Options options;
        try {
            options = Options.parse(arguments, System.getenv());
        } catch (IllegalArgumentException e) {
            System.err.println("sluice-broker: " + e.getMessage() + "; see --help");
            return EXIT_USAGE;
        }
        List<String> complaints = Privileges.complaints(options.allowExtraCapabilities());
        if (!complaints.isEmpty() && !options.training()) {
            complaints.forEach(complaint -> System.err.println("sluice-broker: " + complaint));
            System.err.println("sluice-broker: start it with `sluice broker` as root, or with the unit in policies/,"
                    + " which give it what it needs and no more (--allow-extra-capabilities insists)");
            return EXIT_PRIVILEGES;
        }
        Confinement.hide();
        PrintStream audit = options.audit().equals("-")
                ? System.out
                : new PrintStream(new FileOutputStream(options.audit(), true), false, StandardCharsets.UTF_8);
        Wakeup wakeup = new Wakeup();
        CountDownLatch stopped = new CountDownLatch(1);
        // A copy: were 0 ever free, a file of the JDK would get it, and that closes standard input differently.
        Compiler compiler = new Compiler(Fd.duplicateOf(FROM_COMPILER), Fd.owned(TO_COMPILER, "pipe"));
        try (Broker broker = Broker.listening(compiler, options.socket(), options.adminSocket(), audit, wakeup)) {
            onHangUp = number -> wakeup.reload();
            BrokerCalls.LIBC.signal(SIGHUP, onHangUp);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(wakeup, stopped), "stop"));
            if (options.training()) {
                wakeup.stop();
            } else {
                restrict(options);
            }
            System.out.println("sluice-broker ready: tenants " + options.socket() + ", administrators "
                    + options.adminSocket() + ", policy " + options.policy());
            broker.run();
        } finally {
            stopped.countDown();
        }
        return 0;
    }

    private static void restrict(Options options) throws IOException {
        if (!options.seccomp()) {
            System.err.println("sluice-broker: runs without a system call filter (--no-seccomp)");
            return;
        }
        try {
            Confinement.restrictTo("broker");
        } catch (IOException e) {
            throw new IOException(e.getMessage() + "; --no-seccomp starts without a system call filter", e);
        }
    }

    private static void stopAndWait(Wakeup wakeup, CountDownLatch stopped) {
        wakeup.stop();
        try {
            if (!stopped.await(STOP_PATIENCE_S, TimeUnit.SECONDS)) {
                System.err.println("sluice-broker: did not stop in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
