package io.sluice.control.transport;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A client for tests that need another process: asks a socket for its health and prints the answer or the refusal. */
public final class Probe {
    private Probe() {}

    /** Takes the path of the socket. */
    public static void main(String[] args) {
        ManagedChannel channel = ControlChannel.open(Path.of(args[0]));
        try {
            System.out.println(HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .check(HealthCheckRequest.getDefaultInstance())
                    .getStatus());
        } catch (StatusRuntimeException e) {
            System.out.println(e.getStatus().getCode() + " " + e.getStatus().getDescription());
        } finally {
            channel.shutdownNow();
        }
    }
}
