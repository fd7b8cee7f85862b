package io.sluice.cli;

import io.sluice.worker.v1.FdOptions;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.SeqpacketOptions;
import io.sluice.worker.v1.StreamOptions;
import io.sluice.worker.v1.TapOptions;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of {@code sluice port add} for taps and sockets. */
final class SocketFlags {
    @Option(names = "--ifname", paramLabel = "DEV", description = "tap: a persistent device of the worker's user")
    String ifname = "";

    @Option(
            names = "--fds",
            paramLabel = "N,N,...",
            hideParamSyntax = true,
            split = ",",
            description = "tap: descriptors that the worker inherited, one a queue")
    List<Integer> fds = List.of();

    @Option(names = "--path", paramLabel = "PATH", description = "seqpacket, stream: of a unix socket")
    String path;

    @Option(names = "--address", paramLabel = "IP:PORT", description = "stream: of a TCP socket")
    String address;

    @Option(names = "--fd", paramLabel = "N", description = "fd, stream: a socket that the worker inherited")
    Integer fd;

    @Option(names = "--listen", description = "seqpacket, stream: wait for the peer (default: connect)")
    boolean listen;

    @Option(
            names = "--reconnect-ms",
            paramLabel = "N",
            description = "stream: connect again after so long (default: never)")
    int reconnectMs;

    /**
     * Puts the options of a port of {@code kind} into {@code spec}; false: the kind is none of these.
     *
     * @param queues of a tap, or 0
     * @param offloads of a tap; null: as the device has them
     */
    boolean fill(PortKind kind, PortSpec.Builder spec, int queues, Boolean offloads) {
        switch (kind) {
            case TAP -> {
                TapOptions.Builder tap =
                        TapOptions.newBuilder().setIfname(ifname).addAllFds(fds).setQueues(queues);
                if (offloads != null) {
                    tap.setVnetHeader(offloads);
                }
                spec.setTap(tap);
            }
            case SEQPACKET ->
                spec.setSeqpacket(SeqpacketOptions.newBuilder()
                        .setPath(path == null ? "" : path)
                        .setListen(listen));
            case STREAM -> spec.setStream(stream());
            case FD -> spec.setFd(FdOptions.newBuilder().setFd(fd == null ? 0 : fd));
            default -> {
                return false;
            }
        }
        return true;
    }

    private StreamOptions.Builder stream() {
        StreamOptions.Builder stream =
                StreamOptions.newBuilder().setServer(listen).setReconnectMs(reconnectMs);
        if ((path == null ? 0 : 1) + (address == null ? 0 : 1) + (fd == null ? 0 : 1) > 1) {
            throw new IllegalArgumentException("a stream has one of --path, --address and --fd");
        }
        if (path != null) {
            stream.setPath(path);
        } else if (address != null) {
            stream.setAddress(address);
        } else if (fd != null) {
            stream.setFd(fd);
        }
        return stream;
    }
}
