package io.sluice.worker;

import io.sluice.worker.control.WorkerServer;
import io.sluice.worker.engine.IdleStrategy;
import io.sluice.worker.memory.FramePool;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The worker's command line.
 *
 * @param broker the broker's tenant socket
 * @param socket where gRPC is served
 * @param frames frames of {@code frameSize} bytes, of all threads together
 * @param largeFrames frames for superframes, of all threads together
 * @param threads of the data path
 * @param confine which system calls are given up
 * @param state directory of what outlives the process
 */
record Options(
        Path broker,
        Path socket,
        String name,
        int frameSize,
        int frames,
        int largeFrames,
        Threads threads,
        IdleStrategy idle,
        Confine confine,
        Optional<Path> state,
        Optional<WorkerServer.Tls> tls) {
    static final String HELP = """
            Usage: sluice worker [options]

            Forwards packets over sockets that the broker passes it, steered by gRPC. Needs no privilege.

              --broker PATH           the broker's socket (env SLUICE_BROKER; default /run/sluice/broker.sock)
              --socket PATH           where gRPC is served, to this uid only (env SLUICE_WORKER; default
                                      $XDG_RUNTIME_DIR/sluice/worker.sock, else /tmp/sluice-UID/worker.sock)
              --name NAME             what the operator sees in `sluice lease ls` (default: worker)
              --frames N              packet buffers (default 16384)
              --frame-size 2048|4096  bytes of each; 2048 is enough for an MTU of 1774 (default 2048)
              --large-frames N        buffers for superframes of up to 64 KiB (default 512)
              --threads N             data-path threads; queues of links are spread over them (default 1, or as --cpus has)
              --cpus LIST             a CPU for each of them, as in 2,4-7; the rest of the worker leaves these
                                      (default: all run anywhere)
              --state DIR             goes on with the ports and links that are written down there, and writes down each
                                      change; takes over what the worker before left, if policy has a grace time
              --idle adaptive|spin    adaptive sleeps when there is nothing to do; spin takes a core (default adaptive)
              --sealed                open no socket and no file any more, once it serves; ends when the broker does
              --no-seccomp            do not give up the system calls that it has no use for
              --listen HOST:PORT      serve gRPC on TCP too; needs the next three
              --tls-cert FILE         server certificate chain, PEM
              --tls-key FILE          its key, PEM (PKCS #8)
              --tls-client-ca FILE    who may call: holders of certificates of this authority, PEM
              --help, --version

            Exit codes: 0 stopped, 1 failed, 2 usage, 3 the broker can't be reached, 5 the broker refuses this user,
            6 the state directory is in use or unreadable, 70 defect.
            """;

    private static final int MAX_FRAMES = 1 << 19;

    /** What one ByteBuffer can map, in whole pages. */
    private static final long MAX_POOL = Integer.MAX_VALUE - 4095;

    /** Which system calls the worker gives up (policies/seccomp). */
    enum Confine {
        /** None: {@code --no-seccomp}. */
        NOT,
        /** What it has no use for. */
        NORMALLY,
        /** Also whatever opens a socket or a file, once it serves. */
        SEALED
    }

    /** A command line that can't be understood. */
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    static Options parse(String[] arguments, Map<String, String> environment, int uid) throws UsageException {
        Values values = new Values(arguments);
        Path broker =
                Path.of(values.get("--broker", environment.getOrDefault("SLUICE_BROKER", "/run/sluice/broker.sock")));
        Path socket = Path.of(values.get("--socket", defaultSocket(environment, uid)));
        String name = values.get("--name", "worker");
        int frameSize = values.number("--frame-size", 2048, 2048, 4096);
        int frames = values.number("--frames", 16384, 64, MAX_FRAMES);
        int large = values.number("--large-frames", 512, 0, 16384);
        Threads threads = Threads.of(values, frames, large);
        IdleStrategy idle = switch (values.get("--idle", "adaptive").toLowerCase(Locale.ROOT)) {
            case "adaptive" -> IdleStrategy.ADAPTIVE;
            case "spin" -> IdleStrategy.SPIN;
            default -> throw new UsageException("--idle: adaptive or spin is expected");
        };
        if (Integer.bitCount(frameSize) != 1) {
            throw new UsageException("--frame-size: 2048 or 4096 is expected");
        }
        if (FramePool.sizeOf(frameSize, frames, large) > MAX_POOL) {
            throw new UsageException("the frame pool would exceed 2 GiB; use fewer --frames or --large-frames");
        }
        String state = values.get("--state", "");
        Options options = new Options(
                broker,
                socket,
                name,
                frameSize,
                frames,
                large,
                threads,
                idle,
                confine(values),
                state.isEmpty() ? Optional.empty() : Optional.of(Path.of(state)),
                tls(values));
        values.rejectOthers();
        return options;
    }

    private static Confine confine(Values values) throws UsageException {
        boolean sealed = values.flag("--sealed");
        if (!values.flag("--no-seccomp")) {
            return sealed ? Confine.SEALED : Confine.NORMALLY;
        }
        if (sealed) {
            throw new UsageException("--sealed is done by seccomp, which --no-seccomp switches off");
        }
        return Confine.NOT;
    }

    private static String defaultSocket(Map<String, String> environment, int uid) {
        if (environment.containsKey("SLUICE_WORKER")) {
            return environment.get("SLUICE_WORKER");
        }
        String runtime = environment.get("XDG_RUNTIME_DIR");
        return (runtime != null ? runtime + "/sluice" : "/tmp/sluice-" + uid) + "/worker.sock";
    }

    private static Optional<WorkerServer.Tls> tls(Values values) throws UsageException {
        String listen = values.get("--listen", "");
        String certificate = values.get("--tls-cert", "");
        String key = values.get("--tls-key", "");
        String clientCa = values.get("--tls-client-ca", "");
        if (listen.isEmpty() && certificate.isEmpty() && key.isEmpty() && clientCa.isEmpty()) {
            return Optional.empty();
        }
        if (listen.isEmpty() || certificate.isEmpty() || key.isEmpty() || clientCa.isEmpty()) {
            throw new UsageException(
                    "--listen, --tls-cert, --tls-key and --tls-client-ca go together: TCP is never served without TLS");
        }
        return Optional.of(
                new WorkerServer.Tls(address(listen), Path.of(certificate), Path.of(key), Path.of(clientCa)));
    }

    private static InetSocketAddress address(String listen) throws UsageException {
        int colon = listen.lastIndexOf(':');
        if (colon < 1) {
            throw new UsageException("--listen " + listen + ": HOST:PORT is expected");
        }
        InetSocketAddress address;
        try {
            address = new InetSocketAddress(listen.substring(0, colon), Integer.parseInt(listen.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw new UsageException("--listen " + listen + ": HOST:PORT is expected");
        }
        if (address.isUnresolved()) {
            throw new UsageException("--listen " + listen + ": there is no host of that name");
        }
        return address;
    }
}
