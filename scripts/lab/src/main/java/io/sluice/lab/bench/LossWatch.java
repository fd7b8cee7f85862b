package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.Namespace.Device;
import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Looks forty times a second at the one data-path thread of a worker, on the load's CPU, and says for each burst of dropped frames what
 * that thread did meanwhile: without it, nobody could tell later whether Sluice or the machine had lost them.
 *
 * <p>It reads {@code /proc/PID/task/TID/schedstat} (Documentation/scheduler/sched-stats.rst: nanoseconds on the CPU, and
 * waiting for it), {@code /proc/stat} (proc(5); what the host took from that CPU, in ticks of 10 ms) and {@code /proc/PID/net/dev}.
 */
final class LossWatch implements AutoCloseable {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(25);
    private static final String NAME = "loss-watch";
    private static final double NS_PER_MS = 1e6;

    // Columns of /proc/net/dev, the name of the device being the first.
    static final int RX_DROPPED = 4;
    static final int TX_PACKETS = 10;

    private final Lab lab;
    private final Path schedstat;
    private final Path devices;
    private final String from;
    private final String to;
    private final long startNs = System.nanoTime();
    private final Losses losses = new Losses();
    private volatile boolean closed;
    private final Thread thread = new Thread(this::run, NAME);

    private LossWatch(Lab lab, RunningProcess worker, RunningProcess neighbour, Device from, Device to) {
        this.lab = lab;
        this.schedstat = DataPathThreads.of(worker).get(0).resolve("schedstat");
        this.devices = Path.of("/proc/" + neighbour.pid() + "/net/dev");
        this.from = from.name();
        this.to = to.name();
    }

    /**
     * Starts it.
     *
     * @param worker that has one data-path thread, on {@link Rig#WORK_CPU}
     * @param neighbour any process in the namespace of the devices
     * @param from the device that drops what the worker does not fetch
     * @param to the device that the worker forwards to
     */
    static LossWatch start(Rig rig, RunningProcess worker, RunningProcess neighbour, Device from, Device to) {
        LossWatch watch = new LossWatch(rig.lab(), worker, neighbour, from, to);
        watch.thread.setDaemon(true);
        watch.thread.start();
        return watch;
    }

    private void run() {
        try {
            String self =
                    Path.of("/proc/thread-self").toRealPath().getFileName().toString();
            lab.run(Command.of("taskset", "-p", "-c", Rig.LOAD_CPU, self));
            while (!closed) {
                losses.next(look()).ifPresent(line -> Turns.progress("  " + line));
                Turns.pause(BETWEEN_LOOKS);
            }
        } catch (IOException | LabException e) {
            Turns.progress("  what loses frames is not looked at any more: " + e.getMessage());
        }
    }

    private Losses.Look look() throws IOException {
        String[] times = Files.readString(schedstat).strip().split(" ", -1);
        List<String> counts = Files.readAllLines(devices);
        return new Losses.Look(
                (System.nanoTime() - startNs) / NS_PER_MS,
                Long.parseLong(times[0]) / NS_PER_MS,
                Long.parseLong(times[1]) / NS_PER_MS,
                StolenTime.millis(Rig.WORK_CPU),
                column(counts, to, TX_PACKETS),
                column(counts, from, RX_DROPPED));
    }

    /** A column of a device in the text of /proc/net/dev. */
    static long column(List<String> devices, String device, int column) {
        return devices.stream()
                .map(String::strip)
                .filter(line -> line.startsWith(device + ":"))
                .map(line -> line.split("[: ]+", -1)[column])
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElseThrow(() -> new LabException("/proc/net/dev has no device " + device));
    }

    @Override
    public void close() {
        // Not an interrupt, which would close the file that is being read and look as if it had gone.
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while measuring", e);
        }
    }
}
