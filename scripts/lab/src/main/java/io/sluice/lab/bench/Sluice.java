package io.sluice.lab.bench;

import io.sluice.lab.Counters;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import java.time.Duration;
import java.util.Optional;

/**
 * Sluice: one broker for all runs, a fresh worker for each, so that no run profits from the warm-up of an earlier one.
 * The worker's data-path thread runs on CPU 1 as testpmd's forwarding core does; its other threads run elsewhere.
 */
final class Sluice implements Contender {
    /** A MAC address that no device has, so that the receiver drops the frames at once, as it does testpmd's. */
    private static final String NOBODY = "02:00:00:00:00:02";

    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Options of a worker whose one thread runs where forwarders run, and everything else of it elsewhere. */
    static final String[] ON_WORK_CPU = {"--cpus", Rig.WORK_CPU};

    private final boolean offload;
    private Optional<SluiceStack> stack = Optional.empty();

    Sluice() {
        this(false);
    }

    /** @param offload whether the grants allow the kernel to forward links */
    Sluice(boolean offload) {
        this.offload = offload;
    }

    @Override
    public String name() {
        return "sluice";
    }

    @Override
    public Optional<String> missing(Rig rig) {
        return Optional.empty();
    }

    @Override
    public Running start(Rig rig) {
        SluiceStack running = stack(rig);
        RunningProcess worker = running.startWorker(ON_WORK_CPU);
        Optional<RunningProcess> watch = Optional.empty();
        switch (rig.options().work()) {
            case RX -> {
                running.addPort("left", rig.options().kind());
                join(running, "left", "sink:transport=null");
                watch = Optional.of(watch(rig, running));
            }
            case TX -> {
                running.addPort("right", rig.options().kind());
                join(
                        running,
                        "right",
                        "source:transport=generator,dst=" + NOBODY + ",frame="
                                + rig.options().frame());
            }
            case L2FWD, TCP, JAIL -> running.connect(rig.options().kind());
        }
        return new Worker(running, worker, watch);
    }

    /** The broker, and what belongs to it; started if it is not there yet. */
    SluiceStack stack(Rig rig) {
        String policy = SluiceStack.policy(rig.options().kind(), rig.options().mode());
        SluiceStack running = stack.orElseGet(() -> SluiceStack.start(
                rig.net(),
                rig.install(),
                offload ? policy.replace("kind: xdp,", "kind: xdp, offload: true,") : policy));
        stack = Optional.of(running);
        return running;
    }

    /** Links {@code port} to a port without a device. */
    private static void join(SluiceStack running, String port, String vector) {
        running.tenant("port", "add", vector).orThrow();
        running.tenant("link", "add", port, vector.substring(0, vector.indexOf(':')))
                .orThrow();
    }

    /**
     * Tells the counters from now on, a line every 200 ms. To ask for them with a program that has to start first takes half a second of
     * the processors that are being measured.
     */
    private static RunningProcess watch(Rig rig, SluiceStack running) {
        RunningProcess watch = rig.lab().start(running.tenantCommand("stats", "--json", "--watch=0.2"));
        watch.awaitLine("{", LIMIT);
        return watch;
    }

    /** @param watch there if its counters are asked for */
    private record Worker(SluiceStack stack, RunningProcess running, Optional<RunningProcess> watch)
            implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.of(running);
        }

        @Override
        public Sample received() {
            Counters counters = Counters.of(
                    watch.orElseThrow().lastLine(line -> line.startsWith("{")).orElseThrow());
            return new Sample(counters.timeNs(), counters.value("left", "rx_packets"));
        }

        @Override
        public void close() {
            watch.ifPresent(RunningProcess::close);
            running.close();
        }
    }
}
