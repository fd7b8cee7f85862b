package io.sluice.worker;

import java.util.LinkedHashMap;
import java.util.Map;

/** Options of the form {@code --name value}, each at most once, taken out as they are understood. */
final class Values {
    private final Map<String, String> left = new LinkedHashMap<>();

    Values(String[] arguments) throws Options.UsageException {
        for (int i = 0; i < arguments.length; i += 2) {
            if (!arguments[i].startsWith("--")) {
                throw new Options.UsageException("unexpected argument " + arguments[i]);
            }
            if (i + 1 == arguments.length) {
                throw new Options.UsageException(arguments[i] + " needs a value, or is unknown");
            }
            if (left.put(arguments[i], arguments[i + 1]) != null) {
                throw new Options.UsageException(arguments[i] + " is given twice");
            }
        }
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
