package io.sluice.worker;

import io.sluice.control.Logs;
import io.sluice.control.transport.ControlServer;
import io.sluice.grant.client.RefusedException;
import io.sluice.grant.sys.Confinement;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.Journal;
import io.sluice.worker.conductor.SelfPortrait;
import io.sluice.worker.control.Restore;
import io.sluice.worker.control.WorkerServer;
import io.sluice.worker.sys.InheritedFds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Starts the worker. */
public final class WorkerMain {
    private static final int EXIT_FAILED = 1;
    private static final int EXIT_USAGE = 2;
    private static final int EXIT_NO_BROKER = 3;
    private static final int EXIT_DENIED = 5;
    private static final int EXIT_STATE = 6;

    private WorkerMain() {}

    /** See {@link Options#HELP}. */
    public static void main(String[] arguments) {
        int status = start(arguments);
        if (status != 0) {
            Runtime.getRuntime().halt(status);
        }
    }

    private static int start(String[] arguments) {
        List<String> words = List.of(arguments);
        if (words.contains("--help") || words.contains("-h")) {
            System.out.print(Options.HELP);
            return 0;
        }
        if (words.contains("--version")) {
            System.out.println("sluice-worker " + version());
            return 0;
        }
        Logs.configure();
        try {
            SelfPortrait self = SelfPortrait.take();
            if (words.equals(List.of("--train"))) {
                train(self);
                return 0;
            }
            return serve(Options.parse(arguments, System.getenv(), self.uid()), self);
        } catch (Options.UsageException e) {
            System.err.println("sluice-worker: " + e.getMessage() + "; see --help");
            return EXIT_USAGE;
        } catch (IOException e) {
            System.err.println("sluice-worker: " + e.getMessage());
            return EXIT_FAILED;
        }
    }

    private static int serve(Options options, SelfPortrait self) throws IOException, Options.UsageException {
        options.threads().clearCpus();
        InheritedFds inherited = InheritedFds.ofProcess(); // before anything of our own is open
        Confinement.hide();
        Journal journal;
        try {
            journal = options.state().isPresent() ? Journal.open(options.state().get()) : Journal.none();
        } catch (IOException e) {
            System.err.println("sluice-worker: --state: " + e.getMessage());
            return EXIT_STATE;
        }
        Conductor conductor;
        try {
            conductor = new Conductor(new Conductor.Settings(
                    options.broker(),
                    options.name(),
                    options.frameSize(),
                    options.frames(),
                    options.largeFrames(),
                    options.threads().count(),
                    options.threads().cpus(),
                    options.idle(),
                    options.confine() == Options.Confine.SEALED,
                    inherited,
                    journal));
        } catch (RefusedException e) {
            System.err.println("sluice-worker: the broker at " + options.broker() + " refuses: " + e.getMessage()
                    + (e.hint().isEmpty() ? "" : "; " + e.hint()));
            return EXIT_DENIED;
        } catch (IOException e) {
            System.err.println("sluice-worker: " + e.getMessage());
            System.err.println("sluice-worker: without a broker a worker has no sockets: it may not open any itself ("
                    + refusals(self) + "); start `sluice broker`, or name its socket with --broker");
            return EXIT_NO_BROKER;
        }
        try {
            Restore.into(conductor, options.frameSize()); // before gRPC, which takes its time: traffic waits
        } catch (IOException e) {
            System.err.println("sluice-worker: --state: " + e.getMessage());
            conductor.close();
            return EXIT_STATE;
        }
        boolean seals = options.confine() == Options.Confine.SEALED;
        if (options.confine() == Options.Confine.NOT) {
            System.err.println("sluice-worker: runs without a system call filter (--no-seccomp)");
        } else {
            restrictTo(options.tls().isPresent() ? "worker-tls" : "worker");
        }
        try (ControlServer server =
                WorkerServer.start(conductor, self, options.frameSize(), options.socket(), options.tls(), version())) {
            Runnable end = options.state().isPresent() ? conductor::leave : conductor::close;
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, end, seals), "stop"));
            if (seals) {
                Sealing.prepare();
                restrictTo("worker-sealed");
            }
            System.out.println("sluice-worker ready: unix:" + options.socket() + ", tenant "
                    + conductor.tenant().orElse("?"));
            if (options.tls().isPresent()) {
                System.out.println("sluice-worker listens: " + server.tlsAddress() + " (mutual TLS)");
            }
            server.awaitTermination();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            conductor.close();
        }
        return 0;
    }

    private static String refusals(SelfPortrait self) {
        return String.join(
                ", ",
                self.attempts().stream()
                        .map(attempt -> attempt.operation() + ": "
                                + (attempt.refused().isEmpty() ? "allowed" : attempt.refused()))
                        .toList());
    }

    private static void restrictTo(String list) throws IOException {
        try {
            Confinement.restrictTo(list);
        } catch (IOException e) {
            throw new IOException(e.getMessage() + "; --no-seccomp starts without a system call filter", e);
        }
    }

    private static void stop(ControlServer server, Runnable end, boolean sealed) {
        end.run();
        try {
            server.close();
        } catch (IOException e) {
            if (sealed) {
                return; // it can't remove its socket; the next worker replaces it
            }
            System.err.println("sluice-worker: stopping: " + e.getMessage());
        }
    }

    /** Touches what a start touches, for the class-data archive. */
    private static void train(SelfPortrait self) throws IOException {
        Path directory = Files.createTempDirectory("sluice-train");
        Path socket = directory.resolve("worker.sock");
        try (ControlServer server = ControlServer.builder()
                .unix(socket, peer -> peer.uid() == self.uid(), "rw-------")
                .start()) {
            server.health("", true);
        } finally {
            Files.deleteIfExists(directory.resolve("worker.sock.lock"));
            Files.deleteIfExists(directory);
        }
    }

    private static String version() {
        String version = WorkerMain.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }
}
