package io.sluice.worker.conductor.plan;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The pairs of an option string, taken out as they are understood; every error names the key and its value. */
final class Keys {
    private static final Pattern NUMBER =
            Pattern.compile("(-?)(?:0[xX]([0-9a-fA-F]{1,32})|(0[0-7]{0,48})|([1-9][0-9]{0,40}))");
    private static final Pattern DECIMAL = Pattern.compile("-?[0-9]{1,40}");
    private static final long S32_LEAST = Integer.MIN_VALUE;

    private final String of;
    private final Map<String, String> values;
    private final Set<String> asked = new TreeSet<>();
    private final List<String> notes = new ArrayList<>();

    /** @param of what has the keys, for errors: "transport=gre" */
    Keys(String of, Map<String, String> values) {
        this.of = of;
        this.values = values;
    }

    /** What has the keys. */
    String of() {
        return of;
    }

    /** Something that the user should know. */
    void note(String text) {
        notes.add(text);
    }

    List<String> notes() {
        return notes;
    }

    boolean has(String key) {
        asked.add(key);
        return values.containsKey(key);
    }

    Optional<String> text(String key) {
        asked.add(key);
        return Optional.ofNullable(values.get(key));
    }

    String required(String key) {
        return text(key).orElseThrow(() -> new IllegalArgumentException(of + " needs " + key + "="));
    }

    /** The keys that nobody asked for. */
    List<String> others() {
        return values.keySet().stream().filter(key -> !asked.contains(key)).toList();
    }

    /** Those that were. */
    Set<String> known() {
        return asked;
    }

    /** A number in C's notation: 0x for hexadecimal, 0 for octal. */
    Optional<Long> number(String key, long least, long most) {
        return text(key)
                .map(value -> big(key, value, BigInteger.valueOf(least), BigInteger.valueOf(most))
                        .longValueExact());
    }

    int number(String key, int least, int most, int otherwise) {
        return Math.toIntExact(number(key, least, most).orElse((long) otherwise));
    }

    /** A number in decimal notation, whatever it begins with. */
    Optional<Integer> decimal(String key, int least, int most) {
        return text(key).map(value -> {
            if (!DECIMAL.matcher(value).matches()) {
                throw wrong(key, value, "a number");
            }
            BigInteger number = new BigInteger(value);
            if (number.compareTo(BigInteger.valueOf(least)) < 0 || number.compareTo(BigInteger.valueOf(most)) > 0) {
                throw wrong(key, value, least + " to " + most);
            }
            return number.intValueExact();
        });
    }

    /** 32 bits, which may be written as a signed number, too: User Mode Linux reads them so. */
    Optional<Long> word(String key) {
        return number(key, S32_LEAST, Checks.U32).map(value -> value & Checks.U32);
    }

    /** 64 bits without sign. */
    Optional<Long> unsigned64(String key) {
        BigInteger most = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
        return text(key).map(value -> big(key, value, BigInteger.ZERO, most).longValue());
    }

    /** A switch of User Mode Linux: a number, on if it is more than 0. */
    boolean positive(String key) {
        return number(key, Integer.MIN_VALUE, Integer.MAX_VALUE).orElse(0L) > 0;
    }

    /** A switch of QEMU. */
    boolean on(String key) {
        return text(key)
                .map(value -> switch (value) {
                    case "on", "yes", "true", "y" -> true;
                    case "off", "no", "false", "n" -> false;
                    default -> throw wrong(key, value, "on or off");
                })
                .orElse(false);
    }

    /** A grant's name: a key of ours, which User Mode Linux ignores. */
    Optional<GrantRef> grant() {
        return text("grant").map(GrantRef.Named::new);
    }

    IllegalArgumentException wrong(String key, String value, String expected) {
        return new IllegalArgumentException(key + "=" + PortPlan.shown(value) + ": " + expected + " is expected");
    }

    private BigInteger big(String key, String value, BigInteger least, BigInteger most) {
        Matcher matcher = NUMBER.matcher(value);
        if (!matcher.matches()) {
            throw wrong(key, value, "a number");
        }
        BigInteger number = matcher.group(2) != null
                ? new BigInteger(matcher.group(2), 16)
                : matcher.group(3) != null ? new BigInteger(matcher.group(3), 8) : new BigInteger(matcher.group(4));
        number = matcher.group(1).isEmpty() ? number : number.negate();
        if (number.compareTo(least) < 0 || number.compareTo(most) > 0) {
            throw wrong(key, value, least + " to " + most);
        }
        return number;
    }
}
