package io.sluice.lab.bench;

import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Kind;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Sluice at the near end and, unless the kernel is there, at the far one: a broker at each end for all runs, and fresh workers
 * for each run. The workers live in the ends' networks, where they open UDP sockets by themselves; those of raw IP come from the
 * brokers, in jails.
 */
final class TunnelSluice implements TunnelContender {
    static final String NAME = "sluice";
    private static final Duration READY = Duration.ofSeconds(30);

    private final TunnelNet net;
    private final Kind kind;
    private final Install install = Install.find();
    private final Map<TunnelNet.End, SluiceStack> stacks = new EnumMap<>(TunnelNet.End.class);

    /** @param kind of the ports towards the hosts */
    TunnelSluice(TunnelNet net, Kind kind) {
        this.net = net;
        this.kind = kind;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Optional<String> missing(TunnelRow row) {
        return Optional.empty();
    }

    @Override
    public Running start(TunnelRow row) {
        net.prepare(kind == Kind.PACKET);
        RunningProcess near = worker(TunnelNet.End.NEAR, row);
        if (row.kernel().isPresent()) {
            TunnelKernel.device(net, row);
            return new Working(net, near, Optional.empty());
        }
        return new Working(net, near, Optional.of(worker(TunnelNet.End.FAR, row)));
    }

    private RunningProcess worker(TunnelNet.End end, TunnelRow row) {
        SluiceStack stack =
                stacks.computeIfAbsent(end, there -> SluiceStack.start(net.around(there), install, policy(there)));
        RunningProcess worker = net.lab()
                .start(stack.workerCommand("--broker", stack.brokerSocket().toString())
                        .in(net.at(end)));
        worker.awaitLine("sluice-worker ready", READY);
        stack.addPort("left", kind);
        stack.tenant(("port add " + row.at(end, row.ours())).split(" ", -1)).orThrow();
        stack.tenant("link", "add", "left", "tun").orThrow();
        return worker;
    }

    private String policy(TunnelNet.End end) {
        String left = kind == Kind.PACKET
                ? "{kind: packet, interface: v1, unconfined: true}"
                : "{kind: xdp, interface: v1, queues: [0], mode: auto, busy-poll: {timeout: 20us, budget: 64}}";
        String jail = "jail: {gateway: " + end.gateway() + ", mac: \"02:00:00:00:07:%d" + end.number() + "\", ipv4: ["
                + end.jail() + "]}}";
        return String.join(
                "\n",
                "# Made for one run of a benchmark.",
                "version: 1",
                "admins: [{uid: 0}]",
                "tenants:",
                "  bench:",
                "    identity: {uid: " + Identity.TENANT.uid() + "}",
                "    quota: {leases: 16, memory: 256MiB}",
                "    grants:",
                "      left: " + left,
                "      gre4: {kind: gre, " + String.format(jail, 1),
                "      l2tp4: {kind: l2tpv3, " + String.format(jail, 2),
                "");
    }

    private record Working(TunnelNet net, RunningProcess near, Optional<RunningProcess> far) implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.of(near);
        }

        @Override
        public void pin(String nearCpu, String farCpu) {
            DataPathThreads.pin(net.lab(), near, nearCpu);
            far.ifPresent(worker -> DataPathThreads.pin(net.lab(), worker, farCpu));
        }

        @Override
        public void close() {
            near.close();
            far.ifPresentOrElse(RunningProcess::close, () -> TunnelKernel.noDevice(net));
        }
    }
}
