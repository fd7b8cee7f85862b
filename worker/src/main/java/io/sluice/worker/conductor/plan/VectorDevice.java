package io.sluice.worker.conductor.plan;

import io.sluice.worker.memory.Vector;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Ports as one line of text: the vector devices of User Mode Linux, as its command line has them
 * ({@code vecN:transport=T,key=value,...}; arch/um/drivers/vector_kern.c), and two transports of our own for measurements,
 * {@code null} and {@code generator}.
 *
 * <p>A string means what it means there: pairs are separated by commas without any quoting, at most 20 of them count as a
 * device, the first of a key given twice wins, a transport is known by how it begins, and keys that nobody knows are
 * ignored. What is ignored is noted. A value that User Mode Linux would silently replace by its default is an error.
 *
 * <p>Keys of our own, which it ignores: {@code grant=}, the grant of the broker's policy that the port's socket comes from;
 * and a bess device with {@code src=} alone listens there.
 */
public final class VectorDevice {
    /** Characters; what is wrong is repeated in errors, which have to fit into the headers of an answer. */
    private static final int LONGEST = 512;

    private static final int MOST_PAIRS = 20;
    private static final int DEPTH = 64;

    private VectorDevice() {}

    /**
     * @throws IllegalArgumentException it can't be understood; the message says where
     */
    public static PortPlan parse(String text) {
        if (text.length() > LONGEST) {
            throw new IllegalArgumentException(
                    "a vector device of " + text.length() + " characters; at most " + LONGEST + " are expected");
        }
        int colon = text.indexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("\"" + PortPlan.shown(text)
                    + "\": a vector device is expected, for example vec0:transport=raw,ifname=eth1,depth=128");
        }
        Map<String, String> pairs = new LinkedHashMap<>();
        Keys keys = new Keys(wanted(text.substring(colon + 1)), pairs);
        split(text.substring(colon + 1), pairs, keys);
        return plan(text.substring(0, colon), keys);
    }

    /** What errors call the device. */
    private static String wanted(String options) {
        for (String option : options.split(",", -1)) {
            if (option.startsWith("transport=")) {
                return PortPlan.shown(option);
            }
        }
        return "a vector device";
    }

    private static void split(String options, Map<String, String> pairs, Keys keys) {
        int count = 0;
        for (String option : options.split(",", -1)) {
            if (option.isEmpty()) {
                continue; // a comma too many does no harm there either
            }
            int equals = option.indexOf('=');
            if (equals < 1 || equals != option.lastIndexOf('=')) {
                throw new IllegalArgumentException("\"" + PortPlan.shown(option)
                        + "\": key=value is expected; no comma and no second '=' can be in a value");
            }
            if (++count > MOST_PAIRS) {
                throw new IllegalArgumentException(
                        "more than " + MOST_PAIRS + " pairs, which is all that User Mode Linux takes");
            }
            String key = option.substring(0, equals);
            if (pairs.putIfAbsent(key, option.substring(equals + 1)) != null) {
                keys.note(PortPlan.shown(key) + "= is given twice; the first one counts");
            }
        }
    }

    private static PortPlan plan(String name, Keys keys) {
        Transport transport = VectorTransports.of(keys);
        boolean ours = transport instanceof Synthetic;
        int depth = keys.decimal("depth", 1, Integer.MAX_VALUE).orElse(ours ? Vector.CAPACITY : DEPTH);
        if (depth > Vector.CAPACITY) {
            keys.note("depth=" + depth + ": a vector holds " + Vector.CAPACITY + " packets here");
        }
        Optional<Integer> mtu = keys.decimal("mtu", 68, 65535);
        insideTheGuest(keys);
        for (String other : keys.others()) {
            keys.note(PortPlan.shown(other) + "= is ignored: " + keys.of() + " has no such key");
        }
        return new PortPlan(name, transport, Math.min(depth, Vector.CAPACITY), mtu, keys.notes());
    }

    /** Keys that concern the guest's side of a device only, or what starts programs there. */
    private static void insideTheGuest(Keys keys) {
        keys.text("transport");
        keys.decimal("headroom", 0, Integer.MAX_VALUE);
        keys.positive("gro");
        keys.positive("vec");
        keys.text("mac").ifPresent(mac -> Checks.mac("mac", mac));
        if (keys.has("ifup")) {
            keys.note("ifup= is ignored: a worker starts no programs");
        }
        if (keys.has("bpffile") || keys.has("bpfflash")) {
            keys.note("bpffile= and bpfflash= are ignored: they filter what a guest receives");
        }
    }
}
