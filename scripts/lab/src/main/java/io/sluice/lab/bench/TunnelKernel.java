package io.sluice.lab.bench;

import io.sluice.lab.RunningProcess;
import java.util.Optional;

/** The kernel's tunnel device at both ends: at the near one in a bridge with A's device, at the far one it is host B. */
record TunnelKernel(TunnelNet net) implements TunnelContender {
    static final String NAME = "kernel";

    /** The far end's device, {@code peer}, which all contenders of the row talk to. */
    static void device(TunnelNet net, TunnelRow row) {
        TunnelNet.End far = TunnelNet.End.FAR;
        net.run(net.at(far), "ip link add peer " + row.at(far, row.kernel().orElseThrow()));
        net.hostIsFar();
    }

    /** Takes the far end's device away. */
    static void noDevice(TunnelNet net) {
        net.run(net.at(TunnelNet.End.FAR), "ip link delete peer");
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Optional<String> missing(TunnelRow row) {
        return row.kernel().isPresent() ? Optional.empty() : Optional.of("it has no such device");
    }

    @Override
    public Running start(TunnelRow row) {
        net.prepare(true);
        TunnelNet.End near = TunnelNet.End.NEAR;
        net.run(
                net.at(near),
                "ip link add tun mtu 1400 " + row.at(near, row.kernel().orElseThrow())
                        + "; ip link add br0 up type bridge mcast_snooping 0; ip link set v1 master br0;"
                        + " ip link set tun up master br0");
        device(net, row);
        return new Devices(net);
    }

    private record Devices(TunnelNet net) implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.empty();
        }

        @Override
        public void pin(String nearCpu, String farCpu) {
            // It works wherever packets come from.
        }

        @Override
        public void close() {
            net.run(net.at(TunnelNet.End.NEAR), "ip link delete br0; ip link delete tun");
            noDevice(net);
        }
    }
}
