package io.sluice.lab.bench;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sluice.control.transport.ControlChannel;
import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.PacketOptions;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.RemoveLinkRequest;
import io.sluice.worker.v1.RemovePortRequest;
import io.sluice.worker.v1.XdpOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A program of the tenant's that steers its worker by gRPC, as an orchestrator does: started once, so that what is measured
 * is no start of a command line. Reads commands, a line each, and answers each with {@code done} or {@code failed: WHY}:
 *
 * <pre>
 *   connect              to the worker that is there now
 *   port GRANT KIND      adds a port named as its grant
 *   netdev TEXT          adds a port as QEMU has it
 *   link A B             links two ports
 *   unlink A B           removes that link
 *   remove PORT          removes a port
 * </pre>
 *
 * A port that the broker can't give yet, because the kernel has not let go of what another process had, is asked for again.
 */
public final class Steward {
    private static final long PATIENCE_NS = 10_000_000_000L;
    private static final int AGAIN_MS = 2;
    private static final int DEADLINE_S = 10;

    private final Path socket;
    private ManagedChannel channel;

    private Steward(Path socket) {
        this.socket = socket;
        this.channel = ControlChannel.open(socket);
    }

    /** The argument is the worker's socket. */
    public static void main(String[] args) throws IOException {
        Steward steward = new Steward(Path.of(args[0]));
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(steward.answer(line));
        }
    }

    private String answer(String line) {
        long deadline = System.nanoTime() + PATIENCE_NS;
        while (true) {
            try {
                obey(line.split(" ", -1));
                return "done";
            } catch (StatusRuntimeException e) {
                // A worker that has kept what it had does not need to be told.
                if (e.getStatus().getCode() == Status.Code.ALREADY_EXISTS) {
                    return "done";
                }
                if (!mayPass(e) || System.nanoTime() > deadline) {
                    return "failed: " + e.getMessage();
                }
                Turns.pause(java.time.Duration.ofMillis(AGAIN_MS));
            } catch (IllegalArgumentException e) {
                return "failed: " + e.getMessage();
            }
        }
    }

    private static boolean mayPass(StatusRuntimeException e) {
        return switch (e.getStatus().getCode()) {
            case FAILED_PRECONDITION, UNAVAILABLE, RESOURCE_EXHAUSTED -> true;
            default -> false;
        };
    }

    private void obey(String[] words) {
        switch (words[0]) {
            case "connect" -> {
                channel.shutdownNow();
                channel = ControlChannel.open(socket);
            }
            case "port" -> add(AddPortRequest.newBuilder().setSpec(spec(words[1], words[2])));
            case "netdev" -> add(AddPortRequest.newBuilder().setNetdev(words[1]));
            case "link" ->
                LinksGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(DEADLINE_S, TimeUnit.SECONDS)
                        .addLink(AddLinkRequest.newBuilder()
                                .setA(words[1])
                                .setB(words[2])
                                .build());
            case "unlink" ->
                LinksGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(DEADLINE_S, TimeUnit.SECONDS)
                        .removeLink(RemoveLinkRequest.newBuilder()
                                .setName(words[1] + "-" + words[2])
                                .build());
            case "remove" ->
                PortsGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(DEADLINE_S, TimeUnit.SECONDS)
                        .removePort(
                                RemovePortRequest.newBuilder().setName(words[1]).build());
            default -> throw new IllegalArgumentException("unknown command \"" + words[0] + "\"");
        }
    }

    private void add(AddPortRequest.Builder request) {
        PortsGrpc.newBlockingStub(channel)
                .withDeadlineAfter(DEADLINE_S, TimeUnit.SECONDS)
                .addPort(request.build());
    }

    private static PortSpec spec(String grant, String kind) {
        PortSpec.Builder spec = PortSpec.newBuilder().setName(grant).setGrant(grant);
        return switch (kind) {
            case "xdp" -> spec.setXdp(XdpOptions.getDefaultInstance()).build();
            case "packet" -> spec.setPacket(PacketOptions.getDefaultInstance()).build();
            default -> throw new IllegalArgumentException("a port is of kind xdp or packet, not \"" + kind + "\"");
        };
    }
}
