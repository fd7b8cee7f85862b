package io.sluice.lab.seccomp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compiles the lists of policies/seccomp to the programs that the kernel takes (struct sock_filter, 8 bytes each,
 * little-endian), while the project is built: the processes only load them. The build runs this file as source, so it uses
 * nothing but the JDK. What a list may say is written in policies/seccomp/README.md.
 */
public final class FilterCompiler {
    /** An architecture: its name in {@code os.arch}, its AUDIT_ARCH, its column in the table of numbers. */
    public enum Architecture {
        AMD64("amd64", 0xC000003E, 0),
        AARCH64("aarch64", 0xC00000B7, 1);

        private final String word;
        private final int audit;
        private final int column;

        Architecture(String word, int audit, int column) {
            this.word = word;
            this.audit = audit;
            this.column = column;
        }

        /** The value of seccomp_data.arch. */
        public int audit() {
            return audit;
        }
    }

    /** {@code (argument & mask) in values}, of the low 32 bits: all that the kernel looks at in arguments listed here. */
    private record Condition(int argument, int mask, List<Integer> values) {}

    /** One line: what must hold for the call to be allowed, or the errno that it gets. */
    private record Rule(List<Condition> conditions, int verdict) {}

    /** SECCOMP_RET_ALLOW. */
    public static final int ALLOW = 0x7fff0000;
    /** SECCOMP_RET_KILL_PROCESS. */
    public static final int KILL = 0x80000000;
    /** SECCOMP_RET_ERRNO with EPERM: everything that is not listed. */
    public static final int REFUSE = 0x50001;

    private static final int NO_SUCH_CALL = 0x50026; // SECCOMP_RET_ERRNO with ENOSYS
    private static final int X32 = 0x40000000;

    private static final int LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private static final int JEQ = 0x15;
    private static final int JGE = 0x35;
    private static final int AND = 0x54;
    private static final int RETURN = 0x06;
    private static final int NUMBER_AT = 0;
    private static final int ARCH_AT = 4;
    private static final int ARGUMENTS_AT = 16;

    private static final Pattern CONDITION = Pattern.compile("a([0-5])(?: & (\\S+))? == (\\S+)");
    private static final int NOT_THERE = -1;

    private final Path lists;
    private final Map<String, int[]> numbers = new LinkedHashMap<>();
    private final Map<String, Integer> constants = new LinkedHashMap<>();

    /** Reads the table of numbers in {@code lists}. */
    public FilterCompiler(Path lists) throws IOException {
        this.lists = lists;
        for (String line : Files.readAllLines(lists.resolve("numbers"))) {
            String[] words = line.replaceAll("#.*", "").strip().split("\\s+", -1);
            if (words.length == 3 && words[1].equals("=")) {
                constants.put(words[0], Long.decode(words[2]).intValue());
            } else if (words.length == 3) {
                numbers.put(words[0], new int[] {number(words[1]), number(words[2])});
            } else if (!words[0].isEmpty()) {
                throw new IllegalArgumentException("numbers: not understood: " + line);
            }
        }
    }

    /** Arguments: the directory of the lists, the directory for the programs, names of lists. */
    public static void main(String[] arguments) throws IOException {
        FilterCompiler compiler = new FilterCompiler(Path.of(arguments[0]));
        Path target = Files.createDirectories(Path.of(arguments[1]));
        for (String list : List.of(arguments).subList(2, arguments.length)) {
            for (Architecture architecture : Architecture.values()) {
                Files.write(
                        target.resolve(list + "." + architecture.word + ".bpf"), compiler.compile(list, architecture));
            }
        }
    }

    /** Numbers of all calls in the table, by name. Empty slots are -1. */
    public Map<String, Integer> numbers(Architecture architecture) {
        Map<String, Integer> result = new LinkedHashMap<>();
        numbers.forEach((name, columns) -> result.put(name, columns[architecture.column]));
        return result;
    }

    /** The program of the list {@code name}. */
    public byte[] compile(String name, Architecture architecture) throws IOException {
        Map<String, List<Rule>> rules = new LinkedHashMap<>();
        read(name, rules);
        List<Long> code = new ArrayList<>();
        code.add(instruction(LOAD, 0, 0, ARCH_AT));
        code.add(instruction(JEQ, 1, 0, architecture.audit));
        code.add(instruction(RETURN, 0, 0, KILL));
        code.add(instruction(LOAD, 0, 0, NUMBER_AT));
        if (architecture == Architecture.AMD64) {
            code.add(instruction(JGE, 0, 1, X32));
            code.add(instruction(RETURN, 0, 0, KILL));
        }
        rules.forEach((call, alternatives) -> {
            int number = numbers.get(call)[architecture.column];
            if (number != NOT_THERE) {
                List<Long> block = block(alternatives);
                code.add(instruction(JEQ, 0, block.size(), number));
                code.addAll(block);
            }
        });
        code.add(instruction(RETURN, 0, 0, REFUSE));
        ByteBuffer bytes = ByteBuffer.allocate(8 * code.size()).order(ByteOrder.LITTLE_ENDIAN);
        code.forEach(bytes::putLong);
        return bytes.array();
    }

    /** What follows when the number is right. It ends in a verdict on every path. */
    private static List<Long> block(List<Rule> alternatives) {
        List<Long> block = new ArrayList<>();
        for (Rule rule : alternatives) {
            int size = 1;
            for (Condition condition : rule.conditions) {
                size += 1 + (condition.mask == -1 ? 0 : 1) + condition.values.size();
            }
            int end = block.size() + size;
            for (Condition condition : rule.conditions) {
                block.add(instruction(LOAD, 0, 0, ARGUMENTS_AT + 8 * condition.argument));
                if (condition.mask != -1) {
                    block.add(instruction(AND, 0, 0, condition.mask));
                }
                int last = condition.values.size() - 1;
                for (int i = 0; i <= last; i++) {
                    int otherwise = i < last ? 0 : end - block.size() - 1;
                    block.add(instruction(JEQ, last - i, otherwise, condition.values.get(i)));
                }
            }
            block.add(instruction(RETURN, 0, 0, rule.verdict));
        }
        if (!alternatives.get(alternatives.size() - 1).conditions.isEmpty()) {
            block.add(instruction(RETURN, 0, 0, REFUSE));
        }
        return block;
    }

    private static long instruction(int code, int ifTrue, int ifFalse, int k) {
        if (ifTrue > 255 || ifFalse > 255) {
            throw new IllegalArgumentException("a call has more alternatives than a jump can skip");
        }
        return code | (long) ifTrue << 16 | (long) ifFalse << 24 | (long) k << 32;
    }

    private void read(String name, Map<String, List<Rule>> rules) throws IOException {
        for (String line : Files.readAllLines(lists.resolve(name + ".list"))) {
            try {
                readLine(line.strip(), rules);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(name + ".list: " + e.getMessage() + ": " + line, e);
            }
        }
    }

    private void readLine(String line, Map<String, List<Rule>> rules) throws IOException {
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        if (line.startsWith("include ")) {
            read(line.substring(8).strip(), rules);
            return;
        }
        String[] parts = line.split("#", 2);
        require(parts.length == 2 && !parts[1].isBlank(), "every call needs its reason");
        String[] words = parts[0].strip().split("\\s+", 2);
        require(numbers.containsKey(words[0]), "the table of numbers lacks this call");
        List<Rule> alternatives = rules.computeIfAbsent(words[0], any -> new ArrayList<>());
        Rule rule = rule(words.length == 1 ? "" : words[1].strip());
        require(
                alternatives.stream().noneMatch(other -> other.conditions.isEmpty()),
                "another line settles this call without conditions");
        alternatives.add(rule);
    }

    private Rule rule(String text) {
        if (text.isEmpty()) {
            return new Rule(List.of(), ALLOW);
        }
        if (text.equals("-> ENOSYS")) {
            return new Rule(List.of(), NO_SUCH_CALL);
        }
        List<Condition> conditions = new ArrayList<>();
        for (String part : text.split(" and ", -1)) {
            Matcher matcher = CONDITION.matcher(part.strip());
            require(matcher.matches(), "this condition is not understood");
            int mask = matcher.group(2) == null ? -1 : sum(matcher.group(2));
            List<Integer> values = new ArrayList<>();
            for (String value : matcher.group(3).split(",", -1)) {
                values.add(sum(value));
            }
            conditions.add(new Condition(Integer.parseInt(matcher.group(1)), mask, values));
        }
        return new Rule(conditions, ALLOW);
    }

    /** Constants joined by {@code +}, which are disjoint bits, or a number. */
    private int sum(String text) {
        int sum = 0;
        for (String word : text.split("\\+", -1)) {
            require(constants.containsKey(word), "the table of numbers lacks " + word);
            sum |= constants.get(word);
        }
        return sum;
    }

    private static int number(String word) {
        return word.equals("-") ? NOT_THERE : Integer.parseInt(word);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
