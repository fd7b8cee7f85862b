package io.sluice.cli;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Base64;

/**
 * The command line for tests that use it some hundred times: each line of input is a command, run as {@link Main} would, but
 * without the start of a JVM for each. An answer is a line {@code =CODE OUT ERR}, the last two in base64.
 */
public final class CommandLoop {
    /** Between the words of a command. */
    public static final String SEPARATOR = "\u001f";

    private CommandLoop() {}

    /** Serves standard input until its end. */
    public static void main(String[] args) throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            int code;
            try (PrintStream results = new PrintStream(out, true, StandardCharsets.UTF_8);
                    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8)) {
                Terminal terminal = new Terminal(System.getenv(), results, errors, InstantSource.system(), false);
                code = Main.run(terminal, line.split(SEPARATOR, -1));
            }
            System.out.println("=" + code + " " + encoded(out) + " " + encoded(err));
        }
    }

    private static String encoded(ByteArrayOutputStream bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
