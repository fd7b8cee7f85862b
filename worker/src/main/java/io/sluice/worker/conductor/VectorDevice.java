package io.sluice.worker.conductor;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.synthetic.TestFrame;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Ports as one line of text: the vector devices of User Mode Linux, and two transports of our own for measurements,
 * {@code null} and {@code generator}.
 *
 * <p>The vector devices of User Mode Linux, as its command line has them: {@code vecN:transport=T,key=value,...}. Unlike there,
 * a key that is unknown or has no meaning here is an error, not silently dropped.
 */
public final class VectorDevice {
    private static final List<String> TRANSPORTS = List.of("raw", "null", "generator");
    private static final List<String> LATER = List.of("tap", "hybrid", "gre", "l2tpv3", "bess", "fd", "vde");

    /** Keys of transport=raw. vec=0 (one packet a call), gro, mac and headroom only matter inside a guest. */
    private static final Set<String> RAW_KEYS =
            Set.of("transport", "ifname", "depth", "mtu", "gro", "vec", "mac", "headroom");

    private static final Set<String> GENERATOR_KEYS = Set.of("transport", "frame", "dst", "src", "depth");
    /** Characters; what is wrong is repeated in errors, which have to fit into the headers of an answer. */
    private static final int LONGEST = 256;

    private static final int MIN_FRAME = 60;
    private static final int MAX_FRAME = 1514;
    private static final String ANY_MAC = "02:00:00:00:00:01";
    private static final Pattern MAC = Pattern.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");

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
            throw new IllegalArgumentException("\"" + text
                    + "\": a vector device is expected, for example vec0:transport=raw,ifname=eth1,depth=128");
        }
        String name = text.substring(0, colon);
        Map<String, String> keys = keys(text.substring(colon + 1));
        String transport = keys.get("transport");
        if (transport == null) {
            throw new IllegalArgumentException("transport= is missing; " + TRANSPORTS + " are known");
        }
        if (LATER.contains(transport)) {
            throw new IllegalArgumentException(
                    "transport=" + transport + " is not supported yet; this version has " + TRANSPORTS);
        }
        if (!TRANSPORTS.contains(transport)) {
            throw new IllegalArgumentException("transport=" + transport + " is unknown; " + TRANSPORTS + " are known");
        }
        return switch (transport) {
            case "null" -> synthetic(name, keys, Set.of("transport", "depth"), new PortPlan.Target.Discard());
            case "generator" -> synthetic(name, keys, GENERATOR_KEYS, generator(keys));
            default -> raw(name, keys);
        };
    }

    private static PortPlan synthetic(
            String name, Map<String, String> keys, Set<String> known, PortPlan.Target target) {
        checkKeys(keys, known);
        int depth = Math.min(number(keys, "depth").orElse(Vector.CAPACITY), Vector.CAPACITY);
        return new PortPlan(name, target, GrantRequest.getDefaultInstance(), depth, Optional.empty());
    }

    private static PortPlan.Target generator(Map<String, String> keys) {
        int length = number(keys, "frame").orElse(MIN_FRAME);
        if (length < TestFrame.LEAST || length > MAX_FRAME) {
            throw new IllegalArgumentException("frame=" + length + ": " + TestFrame.LEAST + " to " + MAX_FRAME
                    + " bytes without FCS are expected");
        }
        return new PortPlan.Target.Generator(length, mac(keys, "dst", "ff:ff:ff:ff:ff:ff"), mac(keys, "src", ANY_MAC));
    }

    private static String mac(Map<String, String> keys, String key, String otherwise) {
        String mac = keys.getOrDefault(key, otherwise);
        if (!MAC.matcher(mac).matches()) {
            throw new IllegalArgumentException(key + "=" + mac + ": a MAC address such as " + ANY_MAC + " is expected");
        }
        return mac;
    }

    private static void checkKeys(Map<String, String> keys, Set<String> known) {
        for (String key : keys.keySet()) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException("key " + key + " is unknown to transport=" + keys.get("transport")
                        + "; it has " + known.stream().sorted().toList());
            }
        }
    }

    private static Map<String, String> keys(String options) {
        Map<String, String> keys = new LinkedHashMap<>();
        for (String option : options.split(",", -1)) {
            int equals = option.indexOf('=');
            if (equals < 1 || equals != option.lastIndexOf('=')) {
                throw new IllegalArgumentException("\"" + option + "\": key=value is expected");
            }
            if (keys.putIfAbsent(option.substring(0, equals), option.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("key " + option.substring(0, equals) + " is given twice");
            }
        }
        return keys;
    }

    private static PortPlan raw(String name, Map<String, String> keys) {
        checkKeys(keys, RAW_KEYS);
        String ifname = keys.get("ifname");
        if (ifname == null) {
            throw new IllegalArgumentException("transport=raw needs ifname=");
        }
        return new PortPlan(
                name,
                new PortPlan.Target.Interface("packet", ifname),
                // UML's raw transport always has the vnet header; the grant decides whether it may.
                GrantRequest.newBuilder()
                        .setPacket(PacketRequest.getDefaultInstance())
                        .build(),
                Math.min(number(keys, "depth").orElse(64), Vector.CAPACITY),
                number(keys, "mtu"));
    }

    private static Optional<Integer> number(Map<String, String> keys, String key) {
        String value = keys.get(key);
        if (value == null) {
            return Optional.empty();
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= 0) {
                return Optional.of(number);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(key + "=" + value + ": a number is expected");
    }
}
