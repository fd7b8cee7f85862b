package io.sluice.lab.quickstart;

import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * Shows the whole path: two hosts joined by nothing but a broker and a worker. Exit codes: 0 everything held, 1
 * something did not, 2 the command line was wrong.
 */
public final class Quickstart {
    private Quickstart() {}

    /** Runs it. With {@code --keep FILE} it writes the exit code there and stays until it is told to end. */
    public static void main(String[] args) throws InterruptedException {
        Options options;
        try {
            options = Options.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("quickstart: " + e.getMessage() + ". See scripts/quickstart --help");
            System.exit(2);
            return;
        }
        System.exit(run(options));
    }

    private static int run(Options options) throws InterruptedException {
        try (Lab lab = Lab.open()) {
            Show show = new Show(lab, Install.find(), options);
            Report report = show.run();
            System.out.print(options.json() ? report.json() + "\n" : "\n" + report.text() + "\n");
            int exit = report.held() ? 0 : 1;
            if (options.keep().isPresent()) {
                System.out.print(show.invitation());
                stay(lab, options.keep().get(), exit);
            } else {
                say(exit == 0 ? "all of it held" : "not all of it held");
            }
            return exit;
        } catch (LabException | IOException e) {
            say(e.getMessage());
            return 1;
        }
    }

    /** Lets the caller's shell go on and waits for the end that {@code scripts/quickstart --stop} brings. */
    private static void stay(Lab lab, Path verdict, int exit) throws IOException, InterruptedException {
        Path file = lab.directory("quickstart").resolve("pid");
        Files.writeString(file, ProcessHandle.current().pid() + "\n");
        Files.writeString(verdict, exit + "\n");
        // Whoever reads our output should see its end; the JVM puts /dev/null in the place of both.
        System.out.close();
        System.err.close();
        new CountDownLatch(1).await();
    }

    /** Progress, for people. */
    static void say(String line) {
        System.err.println("quickstart: " + line);
    }
}
