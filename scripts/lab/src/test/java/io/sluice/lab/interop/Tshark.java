package io.sluice.lab.interop;

import io.sluice.lab.Command;
import io.sluice.lab.LabException;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
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

    /** Starts to capture what leaves through {@code device} of the kind that {@code filter} describes. */
    static Tshark on(Path directory, Namespace.Device device, String filter) {
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
                        "-w",
                        file.toString(),
                        filter)
                .in(device.namespace()));
        try {
            capture.awaitError("listening on", READY);
        } catch (LabException e) {
            capture.close();
            throw e;
        }
        return new Tshark(file, capture);
    }

    /**
     * What it makes of the packets.
     *
     * @param understood how many the filter matches
     * @param suspicious a line for each that a dissector has something against
     */
    record Opinion(int understood, List<String> suspicious) {}

    /**
     * Its opinion as soon as {@code filter} matches {@code wanted} packets, or when the time is over. What else the hosts say
     * meanwhile (neighbour discovery, multicast reports) is captured too, whenever it likes to come.
     */
    Opinion opinion(int wanted, String filter, String... options) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (packets() < wanted && capture.isAlive() && System.nanoTime() < deadline) {
            Thread.onSpinWait(); // it starts slowly: not before it can find what it looks for
        }
        Opinion opinion;
        do {
            opinion = read(filter, options);
        } while (opinion.understood < wanted && capture.isAlive() && System.nanoTime() < deadline);
        return opinion;
    }

    private Opinion read(String filter, String... options) {
        try (RunningProcess decoder = lines("eth && " + filter, options);
                RunningProcess critic = lines(SUSPICIOUS, options)) {
            return new Opinion(said(decoder).size(), said(critic));
        }
    }

    /** How many the file has by now: a header of 24 bytes, and one of 16 before each, with its length at 8. */
    private int packets() {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
            int count = 0;
            int at = 24;
            while (at + 16 <= bytes.limit()) {
                at += 16 + bytes.getInt(at + 8);
                count += at <= bytes.limit() ? 1 : 0;
            }
            return count;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> said(RunningProcess tshark) {
        return tshark.await(LIMIT).orThrow().output().lines().toList();
    }

    private RunningProcess lines(String filter, String... options) {
        List<String> words = new ArrayList<>(List.of("tshark", "-n", "-r", file.toString(), "-Y", filter));
        for (String protocol : List.of("ip", "udp", "tcp")) {
            words.addAll(List.of("-o", protocol + ".check_checksum:TRUE"));
        }
        words.addAll(List.of(options));
        words.addAll(List.of("-T", "fields", "-e", "frame.number", "-e", "_ws.col.Info", "-e", "_ws.expert.message"));
        return RunningProcess.start(Command.of(words));
    }

    @Override
    public void close() {
        capture.close();
    }
}
