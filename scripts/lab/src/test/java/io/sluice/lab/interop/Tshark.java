package io.sluice.lab.interop;

import io.sluice.lab.Command;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Wireshark's dissectors over what a device has sent: a second opinion on every byte and checksum. */
final class Tshark implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration READY = Duration.ofSeconds(30);

    /** What is wrong with a packet, in the dissectors' words; nothing if all is well. */
    private static final String SUSPICIOUS =
            "_ws.malformed || _ws.short || _ws.unreassembled || ip.checksum.status == 0"
                    + " || udp.checksum.status == 0 || tcp.checksum.status == 0 || icmp.checksum.status == 0"
                    + " || gre.checksum.status == 0 || _ws.expert.group == \"Malformed\" || _ws.expert.group == \"Checksum\""
                    + " || _ws.expert.group == \"Protocol\" || _ws.expert.group == \"Undecoded\"";

    private final Path file;
    private final RunningProcess capture;

    private Tshark(Path file, RunningProcess capture) {
        this.file = file;
        this.capture = capture;
    }

    /** Starts to capture what leaves through {@code device}: at most {@code packets}, of the kind that {@code filter} describes. */
    static Tshark on(Path directory, Namespace.Device device, int packets, String filter) {
        Path file = directory.resolve("sent-" + System.nanoTime() + ".pcap");
        RunningProcess capture = RunningProcess.start(Command.of(
                        "tcpdump",
                        "-Z",
                        "root",
                        "-U",
                        "-n",
                        "-Q",
                        "out",
                        "-i",
                        device.name(),
                        "-c",
                        Integer.toString(packets),
                        "-w",
                        file.toString(),
                        filter)
                .in(device.namespace()));
        long deadline = System.nanoTime() + READY.toNanos();
        while (!capture.errors().contains("listening on")) {
            if (!capture.isAlive() || System.nanoTime() > deadline) {
                capture.close();
                throw new AssertionError("tcpdump does not listen: " + capture.said());
            }
            Thread.onSpinWait();
        }
        return new Tshark(file, capture);
    }

    /** Waits until as many packets as were to be captured are in the file. */
    void awaitAll() {
        capture.await(LIMIT);
    }

    /** How many packets have {@code protocol} as a layer. */
    int decoded(String protocol, String... options) {
        return lines("eth && " + protocol, options).size();
    }

    /** A line for each packet that a dissector has something against. */
    List<String> suspicious(String... options) {
        return lines(SUSPICIOUS, options);
    }

    private List<String> lines(String filter, String... options) {
        List<String> words = new ArrayList<>(List.of("tshark", "-n", "-r", file.toString(), "-Y", filter));
        for (String protocol : List.of("ip", "udp", "tcp")) {
            words.addAll(List.of("-o", protocol + ".check_checksum:TRUE"));
        }
        words.addAll(List.of(options));
        words.addAll(List.of("-T", "fields", "-e", "frame.number", "-e", "_ws.col.Info", "-e", "_ws.expert.message"));
        return RunningProcess.run(Command.of(words), LIMIT)
                .orThrow()
                .output()
                .lines()
                .toList();
    }

    @Override
    public void close() {
        capture.close();
    }
}
