package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.Vswitch;
import java.util.Optional;

/**
 * Open vSwitch's data path in user space at the near end and, unless the kernel is there, at the far one. As its manual
 * wants it: a bridge with the underlay's device and addresses, another one that ends the tunnel, and flows that name both
 * ports, so that nothing is looked up among MAC addresses. It takes frames, not superframes.
 */
record TunnelVswitch(TunnelNet net) implements TunnelContender {
    static final String NAME = "openvswitch";

    private static final String ENCAP = "encap(nsh(md_type=1)),set_field:291->nsh_spi,set_field:255->nsh_si";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Optional<String> missing(TunnelRow row) {
        if (row.vswitch().isEmpty()) {
            return Optional.of("it has no such transport");
        }
        return Vswitch.isInstalled() ? Optional.empty() : Optional.of("it is missing (Debian: openvswitch-switch)");
    }

    @Override
    public Running start(TunnelRow row) {
        net.prepare(false);
        Vswitch near = end(TunnelNet.End.NEAR, row);
        if (row.kernel().isPresent()) {
            TunnelKernel.device(net, row);
            return new Working(net, near, Optional.empty());
        }
        return new Working(net, near, Optional.of(end(TunnelNet.End.FAR, row)));
    }

    private Vswitch end(TunnelNet.End end, TunnelRow row) {
        Vswitch vswitch = Vswitch.start(net.lab(), net.at(end));
        vswitch.vsctl("add-br br-phy -- set bridge br-phy datapath_type=netdev -- add-port br-phy v2");
        vswitch.vsctl("add-br br-int -- set bridge br-int datapath_type=netdev -- add-port br-int v1");
        // Values with colons need double quotes, which are the table's own.
        String options = row.at(end, row.vswitch().orElseThrow()).replaceAll("remote_ip=(\\S+)", "remote_ip=\"$1\"");
        vswitch.vsctl("add-port br-int peer -- set interface peer " + options);
        net.run(net.at(end), "ethtool -K br-phy tx off tso off gso off gro off");
        net.noUnderlay(end, "v2");
        net.underlay(end, "br-phy");
        vswitch.flows("br-int", row.serviceHeaders() ? serviceFlows() : plainFlows());
        return vswitch;
    }

    private static String[] plainFlows() {
        return new String[] {"in_port=v1,actions=output:peer", "in_port=peer,actions=output:v1"};
    }

    private static String[] serviceFlows() {
        return new String[] {
            "in_port=peer,packet_type=(1,0x894f),actions=decap(),resubmit(,1)",
            "in_port=v1,actions=" + ENCAP + ",output:peer",
            "table=1,actions=output:v1"
        };
    }

    private record Working(TunnelNet net, Vswitch near, Optional<Vswitch> far) implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.of(near.daemon());
        }

        @Override
        public void pin(String nearCpu, String farCpu) {
            pin(near, nearCpu);
            far.ifPresent(vswitch -> pin(vswitch, farCpu));
        }

        /** The main thread is the one that polls devices without a poll mode driver. */
        private void pin(Vswitch vswitch, String cpu) {
            String thread = Long.toString(vswitch.daemon().pid());
            net.lab().run(Command.of("taskset", "-p", "-c", cpu, thread));
        }

        @Override
        public void close() {
            end(TunnelNet.End.NEAR, near);
            far.ifPresentOrElse(vswitch -> end(TunnelNet.End.FAR, vswitch), () -> TunnelKernel.noDevice(net));
        }

        private void end(TunnelNet.End end, Vswitch vswitch) {
            vswitch.vsctl("del-br br-int -- del-br br-phy");
            vswitch.close();
            net.underlay(end, "v2");
        }
    }
}
