package io.sluice.worker.conductor.plan;

import io.sluice.worker.memory.Vector;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Ports as QEMU has them on its command line: {@code -netdev TYPE,id=NAME,key=value,...}, with or without the first word
 * (qemu(1); qapi/net.json).
 *
 * <p>A string means what it means there: two commas are one comma of a value, of a key given twice the last counts, a
 * switch without a value is on, and a key that is not expected is an error. The port is called as {@code id} says. Keys of our
 * own: {@code grant}, the grant of the broker's policy that the port's socket comes from, {@code depth} and {@code mtu}.
 */
public final class Netdev {
    /** Characters; what is wrong is repeated in errors, which have to fit into the headers of an answer. */
    private static final int LONGEST = 512;

    private Netdev() {}

    /**
     * @throws IllegalArgumentException it can't be understood; the message says where
     */
    public static PortPlan parse(String text) {
        if (text.length() > LONGEST) {
            throw new IllegalArgumentException(
                    "a netdev of " + text.length() + " characters; at most " + LONGEST + " are expected");
        }
        String options = text.strip().replaceFirst("^--?netdev(\\s+|=)", "");
        if (options.startsWith("{")) {
            throw new IllegalArgumentException(
                    "a netdev in JSON is not understood; TYPE,id=NAME,key=value,... is expected");
        }
        Map<String, String> pairs = split(options);
        String type = pairs.remove("type");
        if (type == null || type.isEmpty()) {
            throw new IllegalArgumentException("\"" + PortPlan.shown(text)
                    + "\": a netdev is expected, for example dgram,id=n0,local.type=fd,local.str=5");
        }
        Keys keys = new Keys("netdev " + PortPlan.shown(type), pairs);
        String name = keys.required("id");
        Transport transport = NetdevTransports.of(type, keys);
        int depth = keys.decimal("depth", 1, Vector.CAPACITY).orElse(Vector.CAPACITY);
        Optional<Integer> mtu = keys.decimal("mtu", 68, 65535);
        if (!keys.others().isEmpty()) {
            throw new IllegalArgumentException(keys.of() + ": key "
                    + PortPlan.shown(keys.others().get(0)) + " is unknown, or has no meaning beside the others; it has "
                    + keys.known());
        }
        return new PortPlan(name, transport, depth, mtu, keys.notes());
    }

    /** The first one without a key is the type. */
    private static Map<String, String> split(String options) {
        Map<String, String> pairs = new LinkedHashMap<>();
        int at = 0;
        while (at < options.length()) {
            StringBuilder option = new StringBuilder();
            boolean first = at == 0;
            at = take(options, at, option);
            if (option.isEmpty()) {
                throw new IllegalArgumentException(
                        "an option is empty; a comma of a value is written as two: ,, and none stands at the end");
            }
            int equals = option.indexOf("=");
            String key = equals < 0 ? (first ? "type" : option.toString()) : option.substring(0, equals);
            String value = equals < 0 ? (first ? option.toString() : "on") : option.substring(equals + 1);
            pairs.put(key, value);
        }
        return pairs;
    }

    /** Appends the option at {@code at}; returns where the next one begins. */
    private static int take(String options, int at, StringBuilder option) {
        int i = at;
        while (i < options.length()) {
            char c = options.charAt(i++);
            if (c == ',') {
                if (i == options.length() || options.charAt(i) != ',') {
                    return i;
                }
                i++;
            }
            option.append(c);
        }
        return i;
    }
}
