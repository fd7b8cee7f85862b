package io.sluice.compiler.yaml;

import io.sluice.broker.policy.Range;
import io.sluice.broker.policy.Require;
import io.sluice.compiler.bpf.ClassicFilter;
import io.sluice.compiler.bpf.Pcap;
import io.sluice.compiler.yaml.PolicyException.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.*;

/**
 * A mapping of the policy file, read key by key. Whatever is wrong is added to the problems, and the reader gets a value
 * that it can go on with.
 */
final class Section {
    static final Map<String, Long> NUMBER = Map.of("", 1L);
    static final Map<String, Long> BYTES = Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);
    static final Map<String, Long> MICROS = Map.of("us", 1L, "ms", 1000L);
    static final Map<String, Long> MILLIS = Map.of("ms", 1L, "s", 1000L);
    private static final Pattern QUANTITY = Pattern.compile("(0|[1-9][0-9]{0,17})([A-Za-z]*)");
    private static final Map<String, Boolean> FLAGS = Map.of("true", true, "false", false);

    private final List<Problem> problems;
    private final String what;
    private final Node node;
    private final Map<String, NodeTuple> entries = new LinkedHashMap<>();

    /** {@code what} names it in errors; the node ought to be a mapping with plain keys, each once. */
    Section(List<Problem> problems, String what, Node node) {
        this.problems = problems;
        this.what = what;
        this.node = node;
        if (node instanceof MappingNode mapping) {
            mapping.getValue().forEach(this::add);
        } else {
            problem(node, what + " is " + shown(node) + "; expected a mapping, that is \"key: value\" pairs");
        }
    }

    private void add(NodeTuple entry) {
        Node name = entry.getKeyNode();
        String key = name instanceof ScalarNode scalar ? scalar.getValue() : "";
        if (key.isEmpty()) {
            problem(name, "a key of " + what + " is " + shown(name) + "; expected a name");
        } else if (key.equals("<<")) {
            problem(name, "merge keys (<<) are not allowed; expected every setting written out");
        } else if (entries.putIfAbsent(key, entry) != null) {
            String first = " already, on line " + line(entries.get(key).getKeyNode());
            problem(name, Require.shown(key) + " is in " + what + first + "; expected each key once");
        }
    }

    /** Any other key than these, which blanks separate, is an error. */
    Section allow(String allowed) {
        List<String> list = List.of(allowed.split(" ", -1));
        entries.keySet().stream().filter(key -> !list.contains(key)).forEach(key -> {
            String expected = "; expected one of " + String.join(", ", list) + Words.didYouMean(key, list);
            problem(entries.get(key).getKeyNode(), "unknown key " + Require.shown(key) + " in " + what + expected);
        });
        return this;
    }

    /** It is an error if the key is not there. */
    Section require(String key, String expected) {
        if (!entries.containsKey(key)) {
            problem(what + " has no " + key + "; expected " + key + ": " + expected);
        }
        return this;
    }

    /** The only one of these keys that is there; empty, and an error, if there is none or another. */
    Optional<String> only(String allowed) {
        allow(allowed);
        List<String> given =
                Stream.of(allowed.split(" ", -1)).filter(entries::containsKey).toList();
        if (given.size() != 1) {
            String names = given.isEmpty() ? "nobody" : String.join(" and ", given);
            problem(what + " names " + names + "; expected exactly one of " + allowed.replace(" ", ", "));
            return Optional.empty();
        }
        return Optional.of(given.get(0));
    }

    /** A mapping within this one. */
    Optional<Section> section(String key) {
        return value(key).map(value -> new Section(problems, key + " of " + what, value));
    }

    /** What {@code read} makes of each section, {@code what}, of a mapping within this one, whose keys are names. */
    <T> List<T> named(String key, String what, BiFunction<String, Section, Optional<T>> read) {
        List<T> all = new ArrayList<>();
        section(key)
                .ifPresent(section -> section.entries.forEach((name, entry) -> {
                    String quoted = Require.shown(name);
                    if (!Require.isName(name)) {
                        String expected = " is no name; expected 1 to 32 of a-z, 0-9 and -, not starting with -";
                        problem(entry.getKeyNode(), quoted + " in " + section.what + expected);
                    }
                    Section value = new Section(problems, what + " " + quoted, entry.getValueNode());
                    read.apply(name, value).ifPresent(all::add);
                }));
        return all;
    }

    /** The items of a list; none if it is absent or, which is an error, empty or no list. */
    List<Node> list(String key, String expected) {
        Node value = value(key).orElse(null);
        if (value instanceof SequenceNode list && !list.getValue().isEmpty()) {
            return list.getValue();
        } else if (value != null) {
            bad(value, key, expected);
        }
        return List.of();
    }

    /** What {@code parse} makes of each item, which it may refuse; one item may stand there without its list. */
    <T> List<T> items(String key, String expected, Function<String, T> parse) {
        Node value = value(key).orElse(null);
        List<T> all = new ArrayList<>();
        for (Node item : value instanceof ScalarNode ? List.of(value) : list(key, expected)) {
            try {
                all.add(parse.apply(item instanceof ScalarNode scalar ? scalar.getValue() : ""));
            } catch (IllegalArgumentException e) {
                bad(item, key, expected);
            }
        }
        return all;
    }

    /** What {@code parse} makes of the key's value; empty if it is absent or, which is an error, makes nothing of it. */
    <T> Optional<T> read(String key, String expected, Function<ScalarNode, Optional<T>> parse) {
        Node value = value(key).orElse(null);
        Optional<T> parsed = value instanceof ScalarNode scalar ? parse.apply(scalar) : Optional.empty();
        if (value != null && parsed.isEmpty()) {
            bad(value, key, expected);
        }
        return parsed;
    }

    /** The key's value, in quotes or not; empty if it is absent or, which is an error, not valid. */
    Optional<String> text(String key, String expected, Predicate<String> valid) {
        return read(key, expected, scalar -> Optional.of(scalar.getValue()).filter(valid));
    }

    /** The network device of a grant. */
    String device() {
        String expected = "the name of a network device, 1 to 15 printable ASCII characters without blanks, / and :";
        Predicate<String> valid = Require.INTERFACE.asMatchPredicate();
        return require("interface", expected).text("interface", expected, valid).orElse("");
    }

    /** An expression in the language of tcpdump; empty if it is absent or, which is an error, libpcap refuses it. */
    Optional<ClassicFilter> filter() {
        Node node = value("filter").orElse(null);
        try {
            return node == null
                    ? Optional.empty()
                    : Optional.of(Pcap.compile(node instanceof ScalarNode text ? text.getValue() : "", 0x40000));
        } catch (IllegalArgumentException | IllegalStateException e) {
            problem(node, "filter can't be used: " + e.getMessage() + "; expected an expression as tcpdump has them");
            return Optional.empty();
        }
    }

    /** One of the words. */
    Optional<String> word(String key, List<String> words) {
        Function<Node, String> meant = node -> Words.didYouMean(((ScalarNode) node).getValue(), words);
        String guess =
                value(key).filter(ScalarNode.class::isInstance).map(meant).orElse("");
        return text(key, "one of " + String.join(", ", words) + guess, words::contains);
    }

    /** One of an enumeration's constants, written in lower case. */
    <E extends Enum<E>> E choice(String key, E fallback) {
        Map<String, E> constants = new LinkedHashMap<>();
        for (E constant : fallback.getDeclaringClass().getEnumConstants()) {
            constants.put(constant.name().toLowerCase(Locale.ROOT), constant);
        }
        return word(key, List.copyOf(constants.keySet())).map(constants::get).orElse(fallback);
    }

    boolean flag(String key, boolean fallback) {
        return read(key, "true or false", scalar -> Optional.ofNullable(FLAGS.get(plain(scalar))))
                .orElse(fallback);
    }

    int integer(String key, Range range, int fallback) {
        String expected = (range.powersOfTwo() ? "" : "a whole number ") + range;
        return (int) number(key, NUMBER, range::has, expected, fallback);
    }

    /** A number in the smallest of the units. In quotes it is text and none. */
    long number(String key, Map<String, Long> units, LongPredicate valid, String expected, long fallback) {
        return read(key, expected, scalar -> number(plain(scalar), units).filter(valid::test))
                .orElse(fallback);
    }

    private static Optional<Long> number(String text, Map<String, Long> units) {
        Matcher matcher = QUANTITY.matcher(text);
        if (!matcher.matches() || !units.containsKey(matcher.group(2))) {
            return Optional.empty();
        }
        long count = Long.parseLong(matcher.group(1));
        long unit = units.get(matcher.group(2));
        return Optional.of(count * unit).filter(product -> count <= Long.MAX_VALUE / unit);
    }

    /** A record of what was read, unless something is wrong by now; what its constructor refuses is. */
    <T> Optional<T> make(Supplier<T> constructor) {
        try {
            return problems.isEmpty() ? Optional.of(constructor.get()) : Optional.empty();
        } catch (IllegalArgumentException e) {
            problem(what + " is not possible: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Adds what is wrong with it as a whole, unless it is no mapping, which says enough. */
    void problem(String message) {
        if (node instanceof MappingNode) {
            problem(node, message);
        }
    }

    /** Adds what is wrong with a part of it. */
    void problem(Node where, String message) {
        problems.add(Problem.at(where.getStartMark(), message));
    }

    /** Adds that a value, the one of this key or an item of it, is not what was expected. */
    void bad(Node value, String key, String expected) {
        problem(value, key + " is " + shown(value) + "; expected " + expected);
    }

    Optional<Node> value(String key) {
        return Optional.ofNullable(entries.get(key)).map(NodeTuple::getValueNode);
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    /** What stands there without quotes; empty if nothing does. */
    static String plain(Node node) {
        return node instanceof ScalarNode scalar && scalar.isPlain() ? scalar.getValue() : "";
    }

    private static String shown(Node node) {
        if (node instanceof ScalarNode scalar) {
            String text = Require.shown(scalar.getValue());
            return !scalar.isPlain() ? "the quoted text " + text : text.equals("\"\"") ? "empty" : text;
        }
        boolean empty = ((CollectionNode<?>) node).getValue().isEmpty();
        return (empty ? "an empty " : "a ") + (node instanceof MappingNode ? "mapping" : "list");
    }

    @Override
    public String toString() {
        return what + " (line " + line(node) + ")";
    }
}
