package io.sluice.worker.conductor;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.worker.memory.Vector;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A port as it was asked for.
 *
 * @param target where its descriptors come from
 * @param narrow the request to the broker, without the grant's name; its kind may be open
 * @param depth most packets a poll takes, 1..256
 * @param mtu bytes without the Ethernet header; empty: the device's
 */
public record PortPlan(String name, Target target, GrantRequest narrow, int depth, Optional<Integer> mtu) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}");
    private static final int MAX_MTU = 65535;
    private static final int SHOWN = 64;

    /** How the grant is found. */
    public sealed interface Target {
        /** By its name in the policy. */
        record Grant(String name) implements Target {}

        /** By the interface that it is for, among the tenant's grants of one kind. */
        record Interface(String kind, String name) implements Target {}

        /** By none: the port forgets what it is given. */
        record Discard() implements Target {}

        /**
         * By none: the port makes packets.
         *
         * @param length bytes without FCS
         * @param destination MAC address, as text
         * @param source MAC address, as text
         */
        record Generator(int length, String destination, String source) implements Target {}
    }

    public PortPlan {
        if (!isName(name)) {
            throw new IllegalArgumentException("port name \"" + shown(name)
                    + "\": 1 to 32 letters, digits, '_', '.' or '-' are expected, the first a letter or digit");
        }
        if (depth < 1 || depth > Vector.CAPACITY) {
            throw new IllegalArgumentException("depth " + depth + ": 1 to " + Vector.CAPACITY + " is expected");
        }
        mtu.ifPresent(bytes -> {
            if (bytes < 68 || bytes > MAX_MTU) {
                throw new IllegalArgumentException("mtu " + bytes + ": 68 to " + MAX_MTU + " bytes are expected");
            }
        });
    }

    /** A name of any length as errors repeat it: they have to fit into the headers of an answer. */
    public static String shown(String name) {
        return name.length() <= SHOWN ? name : name.substring(0, SHOWN) + "...";
    }

    /** Whether ports and links may have this name. */
    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }
}
