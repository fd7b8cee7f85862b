package io.sluice.worker.port;

import java.util.List;
import java.util.stream.Stream;

/**
 * What does not change about a port.
 *
 * @param kind "xdp", "packet", "tap", "hybrid", "null", "generator"...
 * @param grant the grant that it came from; empty, as are the next three, for a port without a device
 * @param lease the broker's lease id; 0 if it has none
 * @param interfaceName device name in the broker's network namespace
 * @param mtu bytes without the Ethernet header
 * @param mac "02:00:00:00:00:01"
 * @param depth most packets that a poll can take; how many it does take is up to {@link Tuning#depth}
 * @param features words for people, for example "vnet-hdr"
 */
public record PortInfo(
        String name,
        String kind,
        String grant,
        long lease,
        String interfaceName,
        int ifindex,
        int mtu,
        String mac,
        int depth,
        List<String> features) {
    public PortInfo {
        features = List.copyOf(features);
    }

    /** The same with more features. */
    public PortInfo with(List<String> more) {
        List<String> all = Stream.concat(features.stream(), more.stream()).toList();
        return new PortInfo(name, kind, grant, lease, interfaceName, ifindex, mtu, mac, depth, all);
    }
}
