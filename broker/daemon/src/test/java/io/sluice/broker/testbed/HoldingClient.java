package io.sluice.broker.testbed;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Offload;
import io.sluice.grant.v1.PoolRequest;
import io.sluice.grant.v1.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that acquires grants and keeps them until it is killed. */
public final class HoldingClient implements AutoCloseable {
    /** In front of the grants. */
    public static final String OFFLOAD = "--offload";

    private final Process process;

    private HoldingClient(Process process) {
        this.process = process;
    }

    /** Starts it and waits until it holds {@code grants}, whose last two the kernel joins if the first is {@link #OFFLOAD}. */
    public static HoldingClient start(Path socket, String... grants) throws IOException {
        return resumable(socket, "", grants);
    }

    /** The same, to be succeeded by who says the same. */
    public static HoldingClient resumable(Path socket, String resume, String... grants) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djnr.ffi.x86asm.enabled=false",
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                HoldingClient.class.getName(),
                socket.toString(),
                resume));
        command.addAll(List.of(grants));
        HoldingClient client = new HoldingClient(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
        if (client.process.getInputStream().read() != 'r') {
            client.close();
            throw new AssertionError("the client did not get what it asked for");
        }
        return client;
    }

    /** Its process. */
    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        kill();
    }

    /** SIGKILL, and waits for the end. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Socket, what a successor says, and grants. */
    public static void main(String[] arguments) throws IOException {
        BrokerClient client =
                BrokerClient.connect(Path.of(arguments[0]), "holder", arguments[1], notice -> {}, end -> {});
        Acquire.Builder acquire =
                Acquire.newBuilder().setPool(PoolRequest.newBuilder().setSize(1 << 20));
        boolean offload = arguments[2].equals(OFFLOAD);
        for (int i = offload ? 3 : 2; i < arguments.length; i++) {
            acquire.addGrants(GrantRequest.newBuilder().setGrant(arguments[i]));
        }
        BrokerClient.Acquisition acquired = client.acquire(acquire.build());
        if (offload) {
            client.call(Request.newBuilder()
                    .setOffload(Offload.newBuilder()
                            .setA(acquired.reply().getLeases(0).getId())
                            .setB(acquired.reply().getLeases(1).getId())
                            .setOn(true)));
        }
        System.out.print(acquired.fds().isEmpty() ? 'n' : 'r');
        System.out.flush();
        System.in.read();
    }
}
