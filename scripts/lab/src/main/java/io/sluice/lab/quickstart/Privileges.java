package io.sluice.lab.quickstart;

import io.sluice.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the kernel says that a process may do: lines of /proc/PID/status.
 *
 * @param uid effective user id
 * @param capEff effective capabilities, 16 hexadecimal digits
 * @param capBnd bounding set, likewise
 * @param noNewPrivs whether exec can never give it more
 */
record Privileges(int uid, String capEff, String capBnd, boolean noNewPrivs) {
    private static final String NONE = "0".repeat(16);

    /** Those of a running process. */
    static Privileges of(long pid) {
        try {
            return parse(Files.readString(Path.of("/proc/" + pid + "/status")));
        } catch (IOException e) {
            throw new LabException("process " + pid + " has ended", e);
        }
    }

    /** Parses the text of a status file. */
    static Privileges parse(String status) {
        return new Privileges(
                Integer.parseInt(field(status, "Uid:\\s+\\d+\\s+(\\d+)")),
                field(status, "CapEff:\\s+(\\p{XDigit}{16})"),
                field(status, "CapBnd:\\s+(\\p{XDigit}{16})"),
                field(status, "NoNewPrivs:\\s+(\\d)").equals("1"));
    }

    /** Whether it has no privilege and cannot get one. */
    boolean none() {
        return uid != 0 && capEff.equals(NONE) && capBnd.equals(NONE) && noNewPrivs;
    }

    private static String field(String status, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(status);
        if (!matcher.find()) {
            throw new LabException("no match for " + pattern + " in /proc/PID/status");
        }
        return matcher.group(1);
    }
}
