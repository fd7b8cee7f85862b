package io.sluice.broker.policy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.snakeyaml.engine.v2.nodes.CollectionNode;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A mapping of the policy file, read key by key. Whatever is wrong is added to the problems, and the reader gets a value
 * that it can go on with.
 */
final class Section {
    private final Problems problems;
    private final String what;
    private final Node node;
    private final Map<String, Node> keys = new LinkedHashMap<>();
    private final Map<String, Node> values = new LinkedHashMap<>();

    /**
     * @param what names the mapping in errors
     * @param node ought to be a mapping with plain keys, each once
     */
    Section(Problems problems, String what, Node node) {
        this.problems = problems;
        this.what = what;
        this.node = node;
        if (node instanceof MappingNode mapping) {
            mapping.getValue().forEach(this::add);
        } else {
            problem(node, what + " is " + shown(node) + "; expected a mapping, that is \"key: value\" pairs");
        }
    }

    private void add(NodeTuple tuple) {
        String key = tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
        if (key.isEmpty()) {
            problem(tuple.getKeyNode(), "a key of " + what + " is " + shown(tuple.getKeyNode()) + "; expected a name");
        } else if (key.equals("<<")) {
            problem(tuple.getKeyNode(), "merge keys (<<) are not allowed; expected every setting written out");
        } else if (keys.putIfAbsent(key, tuple.getKeyNode()) != null) {
            String first = " already, on line " + line(keys.get(key));
            problem(tuple.getKeyNode(), Words.quote(key) + " is in " + what + first + "; expected each key once");
        } else {
            values.put(key, tuple.getValueNode());
        }
    }

    /** Any other key than these, which blanks separate, is an error. */
    Section allow(String allowed) {
        List<String> list = List.of(allowed.split(" ", -1));
        values.keySet().stream().filter(key -> !list.contains(key)).forEach(key -> {
            String expected = "; expected one of " + String.join(", ", list) + Words.didYouMean(key, list);
            problem(keys.get(key), "unknown key " + Words.quote(key) + " in " + what + expected);
        });
        return this;
    }

    /** The values by key, where keys are names that the writer chose. A bad name is an error, and there all the same. */
    Map<String, Node> named() {
        values.keySet().stream().filter(name -> !Require.isName(name)).forEach(name -> {
            String expected = "; expected 1 to 32 of a-z, 0-9 and -, not starting with -";
            problem(keys.get(name), Words.quote(name) + " in " + what + " is no name" + expected);
        });
        return values;
    }

    /** It is an error if the key is not there. */
    void requires(String key, String expected) {
        if (!values.containsKey(key)) {
            problem(what + " has no " + key + "; expected " + key + ": " + expected);
        }
    }

    /** Which of these keys are there. */
    List<String> given(String... candidates) {
        return Arrays.stream(candidates).filter(values::containsKey).toList();
    }

    /** A mapping within this one. */
    Optional<Section> section(String key) {
        return Optional.ofNullable(values.get(key)).map(value -> new Section(problems, key + " of " + what, value));
    }

    /** The items of a list; none if it is absent, empty or no list. */
    List<Node> list(String key, String expected) {
        if (values.get(key) instanceof SequenceNode sequence
                && !sequence.getValue().isEmpty()) {
            return sequence.getValue();
        }
        if (values.containsKey(key)) {
            bad(key, expected);
        }
        return List.of();
    }

    /** What {@code parse} makes of the key's value; empty if it is absent or, which is an error, makes nothing of it. */
    <T> Optional<T> read(String key, String expected, Function<ScalarNode, Optional<T>> parse) {
        Node value = values.get(key);
        Optional<T> parsed = value instanceof ScalarNode scalar ? parse.apply(scalar) : Optional.empty();
        if (value != null && parsed.isEmpty()) {
            bad(key, expected);
        }
        return parsed;
    }

    /** The key's value, in quotes or not; empty if it is absent or, which is an error, not valid. */
    Optional<String> text(String key, String expected, Predicate<String> valid) {
        return read(key, expected, scalar -> Optional.of(scalar.getValue()).filter(valid));
    }

    boolean flag(String key, boolean fallback) {
        Map<String, Boolean> flags = Map.of("true", true, "false", false);
        return read(key, "true or false", scalar -> Optional.ofNullable(flags.get(plain(scalar))))
                .orElse(fallback);
    }

    int integer(String key, int fallback, int min, int max) {
        String expected = "a whole number from " + min + " to " + max;
        return (int) number(key, fallback, Units.NUMBER, expected, value -> value >= min && value <= max);
    }

    int ring(String key, int fallback) {
        String expected = "a power of two from 1 to " + Rings.MAX;
        return (int) number(key, fallback, Units.NUMBER, expected, value -> Require.isRing(value, 1, Rings.MAX));
    }

    long bytes(String key, long fallback, long min, long max) {
        String expected = String.format(
                "a size from %s to %s, such as %s", Units.size(min), Units.size(max), Units.size(fallback));
        return number(key, fallback, Units.BYTES, expected, value -> value >= min && value <= max);
    }

    /** A number in one of the units; in quotes it is text and none. */
    long number(String key, long fallback, Map<String, Long> units, String expected, Predicate<Long> valid) {
        return read(key, expected, scalar -> Units.parse(plain(scalar), units).filter(valid))
                .orElse(fallback);
    }

    /** One of an enumeration's constants, written in lower case. */
    <E extends Enum<E>> E choice(String key, E fallback) {
        Map<String, E> choices = new LinkedHashMap<>();
        for (E constant : fallback.getDeclaringClass().getEnumConstants()) {
            choices.put(constant.name().toLowerCase(Locale.ROOT), constant);
        }
        return oneOf(key, choices).orElse(fallback);
    }

    /** What one of the words stands for; empty if it is absent or wrong. */
    <T> Optional<T> oneOf(String key, Map<String, T> choices) {
        String expected = "one of " + String.join(", ", choices.keySet());
        String meant = values.get(key) instanceof ScalarNode scalar
                ? Words.didYouMean(scalar.getValue(), choices.keySet())
                : "";
        return read(key, expected + meant, scalar -> Optional.ofNullable(choices.get(scalar.getValue())));
    }

    /** Adds that the key's value is not what was expected. */
    void bad(String key, String expected) {
        problem(values.get(key), key + " is " + shown(values.get(key)) + "; expected " + expected);
    }

    /** Adds what is wrong with the section as a whole, unless it is no mapping, which says enough. */
    void problem(String message) {
        if (node instanceof MappingNode) {
            problem(node, message);
        }
    }

    /** Adds what is wrong with a part of it. */
    void problem(Node where, String message) {
        problems.add(where.getStartMark(), message);
    }

    /** How errors name it. */
    String what() {
        return what;
    }

    /** The line that it starts on. */
    int line() {
        return line(node);
    }

    static String plain(Node node) {
        return node instanceof ScalarNode scalar && scalar.isPlain() ? scalar.getValue() : "";
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    static String shown(Node node) {
        if (node instanceof ScalarNode scalar) {
            String text = Words.quote(scalar.getValue());
            return !scalar.isPlain()
                    ? "the quoted text " + text
                    : scalar.getValue().isEmpty() ? "empty" : text;
        }
        boolean empty =
                node instanceof CollectionNode<?> items && items.getValue().isEmpty();
        return (empty ? "an empty " : "a ") + (node instanceof MappingNode ? "mapping" : "list");
    }
}
