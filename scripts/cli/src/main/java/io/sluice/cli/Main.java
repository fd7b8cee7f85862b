package io.sluice.cli;

import io.sluice.control.transport.ControlChannel;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;

/** The command line's process. */
public final class Main {
    private Main() {}

    /** Runs one command and exits with its code: docs/cli.md. */
    public static void main(String[] args) {
        PrintStream out = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)), false, StandardCharsets.UTF_8);
        Terminal terminal = new Terminal(System.getenv(), out, System.err, InstantSource.system(), screen());
        if (!terminal.debug()) {
            // What goes wrong is said once, by us. An empty configuration is also the fastest.
            System.setProperty("java.util.logging.config.file", "/dev/null");
        }
        int code = run(terminal, args);
        out.flush();
        ControlChannel.endAll();
        System.exit(code);
    }

    /** Runs one command. Its output may still be in {@code terminal}'s buffer. */
    static int run(Terminal terminal, String... args) {
        String[] words = args.length > 0 && args[0].equals("help") ? help(args) : args.clone();
        for (int i = 0; i < words.length; i++) {
            if (words[i].equals("--watch")) {
                words[i] = "--watch=1"; // otherwise picocli would take a port that follows for the seconds
            }
        }
        Errors errors = new Errors(terminal);
        return Commands.of(terminal, words)
                .setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
                .setParameterExceptionHandler(errors)
                .setExecutionExceptionHandler(errors)
                .execute(words);
    }

    /** {@code help port add} is {@code port add --help}. */
    private static String[] help(String... args) {
        String[] words = Arrays.copyOfRange(args, 1, args.length + 1);
        words[args.length - 1] = "--help";
        return words;
    }

    /** System.console() would say it of Java 17 only, and of standard input as well. */
    private static boolean screen() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException e) {
            return false;
        }
    }
}
