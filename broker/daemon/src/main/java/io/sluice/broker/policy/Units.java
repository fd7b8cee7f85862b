package io.sluice.broker.policy;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers, sizes and times as the policy file writes them. */
public final class Units {
    static final Map<String, Long> NUMBER = Map.of("", 1L);
    static final Map<String, Long> BYTES = Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);
    static final Map<String, Long> MICROS = Map.of("us", 1L, "ms", 1000L);

    private static final Pattern QUANTITY = Pattern.compile("(0|[1-9][0-9]{0,17})([A-Za-z]*)");

    private Units() {}

    /** The size with the largest unit that divides it: {@code 256MiB}. */
    public static String size(long bytes) {
        int shift = bytes == 0 ? 0 : Math.min(Long.numberOfTrailingZeros(bytes) / 10, 3) * 10;
        return (bytes >> shift) + new String[] {"B", "KiB", "MiB", "GiB"}[shift / 10];
    }

    /** The text in the smallest of the units; empty if it is no such thing, or overflows. */
    static Optional<Long> parse(String text, Map<String, Long> units) {
        Matcher matcher = QUANTITY.matcher(text);
        if (!matcher.matches() || !units.containsKey(matcher.group(2))) {
            return Optional.empty();
        }
        long count = Long.parseLong(matcher.group(1));
        long unit = units.get(matcher.group(2));
        return count > Long.MAX_VALUE / unit ? Optional.empty() : Optional.of(count * unit);
    }
}
