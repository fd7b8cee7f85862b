package io.sluice.worker;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Options of the form {@code --name value}, or {@code --name} for a few, each at most once, taken out as they are understood. */
final class Values {
    private static final Set<String> FLAGS = Set.of("--sealed", "--no-seccomp");

    private final Map<String, String> left = new LinkedHashMap<>();

    Values(String[] arguments) throws Options.UsageException {
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i];
            if (!name.startsWith("--")) {
                throw new Options.UsageException("unexpected argument " + name);
            }
            boolean flag = FLAGS.contains(name);
            if (!flag && i + 1 == arguments.length) {
                throw new Options.UsageException(name + " needs a value, or is unknown");
            }
            if (left.put(name, flag ? "" : arguments[++i]) != null) {
                throw new Options.UsageException(name + " is given twice");
            }
        }
    }

    /** Whether an option without a value is there. */
    boolean flag(String name) {
        return left.remove(name) != null;
    }

    String get(String name, String otherwise) {
        String value = left.remove(name);
        return value == null ? otherwise : value;
    }

    int number(String name, int otherwise, int least, int most) throws Options.UsageException {
        String text = get(name, Integer.toString(otherwise));
        try {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new Options.UsageException(
                name + " " + text + ": a number from " + least + " to " + most + " is expected");
    }

    void rejectOthers() throws Options.UsageException {
        if (!left.isEmpty()) {
            throw new Options.UsageException(
                    "unknown option " + left.keySet().iterator().next());
        }
    }
}
