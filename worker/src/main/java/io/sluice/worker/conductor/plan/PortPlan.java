package io.sluice.worker.conductor.plan;

import io.sluice.worker.memory.Vector;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A port as it was asked for.
 *
 * @param depth most packets a poll takes, 1..256
 * @param mtu bytes without the Ethernet header; empty: the device's, or 1500 where there is none
 * @param notes what whoever asked for it should know, such as an option that has no effect here
 */
public record PortPlan(String name, Transport transport, int depth, Optional<Integer> mtu, List<String> notes) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}");
    private static final int MAX_MTU = 65535;
    private static final int SHOWN = 64;

    public PortPlan {
        notes = List.copyOf(notes);
        if (!isName(name)) {
            throw new IllegalArgumentException("port name \"" + shown(name)
                    + "\": 1 to 32 letters, digits, '_', '.' or '-' are expected, the first a letter or digit");
        }
        Checks.range("depth", depth, 1, Vector.CAPACITY);
        mtu.ifPresent(bytes -> {
            if (bytes < 68 || bytes > MAX_MTU) {
                throw new IllegalArgumentException("mtu " + bytes + ": 68 to " + MAX_MTU + " bytes are expected");
            }
        });
        if (transport instanceof TunnelTransport.VxlanGpe gpe
                && gpe.payload() == TunnelTransport.VxlanGpe.Payload.NSH) {
            throw new IllegalArgumentException(
                    "payload nsh: what is behind that header has to be said, too; ask for nsh with vxlan-gpe as its carrier");
        }
    }

    /** A plan without notes. */
    public PortPlan(String name, Transport transport, int depth, Optional<Integer> mtu) {
        this(name, transport, depth, mtu, List.of());
    }

    /** A name of any length as errors repeat it: they have to fit into the headers of an answer. */
    public static String shown(String name) {
        return name.length() <= SHOWN ? name : name.substring(0, SHOWN) + "...";
    }

    /** Whether ports and links may have this name. */
    public static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }
}
