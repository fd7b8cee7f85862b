package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Counters;
import io.sluice.lab.Json;
import io.sluice.lab.Namespace;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Frames that the kernel dropped so far, by where: at an xdp port, whose rings had no room as its worker was not there, or at a device
 * on the way to it or from it. The device that a port is bound to counts the port's as well. Not for the time of a measurement:
 * asking a worker makes garbage in it and starts a program.
 *
 * @param frames how many, by where
 */
record Drops(Map<String, Double> frames) {
    private static final List<String> OF_PORT = List.of("kernel_rx_dropped", "kernel_rx_ring_full");

    /** Those of {@code port} of the worker of {@code stack} and of the devices of {@code net}. */
    static Drops of(Topology net, SluiceStack stack, String port) {
        Map<String, Double> frames = new LinkedHashMap<>();
        Counters counters =
                Counters.of(stack.tenant("stats", "--json").orThrow().output());
        OF_PORT.forEach(name -> frames.put(name + " of port " + port, counters.value(port, name)));
        for (Namespace.Device device : List.of(net.v0(), net.v1(), net.v2(), net.v3())) {
            Object link = Json.parse(net.lab()
                    .run(Command.of("ip", "-s", "-j", "link", "show", "dev", device.name())
                            .in(device.namespace()))
                    .output());
            for (String way : List.of("rx", "tx")) {
                frames.put(way + " of device " + device.name(), Json.number(link, 0, "stats64", way, "dropped"));
            }
        }
        return new Drops(frames);
    }

    /** Where more were dropped than {@code before}, and how many. */
    Map<String, Double> since(Drops before) {
        Map<String, Double> more = new LinkedHashMap<>();
        frames.forEach((where, now) -> more.put(where, now - before.frames.get(where)));
        more.values().removeIf(count -> count == 0);
        return more;
    }
}
