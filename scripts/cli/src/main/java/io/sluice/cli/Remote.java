package io.sluice.cli;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractBlockingStub;
import io.sluice.control.transport.ControlChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A channel to a worker or a gateway, and the translation of what goes wrong on it. */
final class Remote implements AutoCloseable {
    private final Target target;
    private final String address;
    private final double timeout;
    private final ManagedChannel channel;

    private Remote(Target target, String address, double timeout, ManagedChannel channel) {
        this.target = target;
        this.address = address;
        this.timeout = timeout;
        this.channel = channel;
    }

    /** @param what what the command failed to do, if this fails, for example "cannot list ports" */
    static Remote open(Target target, Globals globals, Terminal terminal, String what) throws IOException {
        String address = switch (target) {
            case WORKER -> globals.workerAddress(terminal.environment());
            case GATEWAY -> globals.gatewayAddress(terminal.environment()).toString();
        };
        boolean tcp = target == Target.WORKER && !address.contains("/") && address.contains(":");
        ManagedChannel channel = tcp ? tls(address, globals, what) : unix(target, address, what);
        return new Remote(target, address, globals.timeout, channel);
    }

    /** Looks at the path first: the reasons that gRPC gives are not for people. */
    private static ManagedChannel unix(Target target, String address, String what) {
        Path path = Path.of(address);
        try {
            Files.getAttribute(path, "unix:mode");
        } catch (NoSuchFileException e) {
            throw new Failure(
                    ExitCode.UNREACHABLE,
                    what + ": there is no " + target.noun() + " at " + address + "; " + target.advice(),
                    e);
        } catch (AccessDeniedException e) {
            throw denied(target, address, what, e);
        } catch (IOException e) {
            throw new Failure(ExitCode.UNREACHABLE, what + ": cannot look at " + address + ": " + e.getMessage(), e);
        }
        if (!Files.isWritable(path)) {
            throw denied(target, address, what, null);
        }
        return ControlChannel.open(path);
    }

    private static Failure denied(Target target, String address, String what, Throwable cause) {
        String advice = switch (target) {
            case WORKER -> "a worker serves its own user only; run this as that user";
            case GATEWAY -> "operators are root and the members of the group sluice-admin";
        };
        return new Failure(ExitCode.DENIED, what + ": this user may not connect to " + address + "; " + advice, cause);
    }

    private static ManagedChannel tls(String address, Globals globals, String what) throws IOException {
        if (globals.tlsCa == null || globals.tlsCertificate == null || globals.tlsKey == null) {
            throw new Failure(
                    ExitCode.USAGE,
                    what + ": a worker at a TCP address is reached with --tls-ca, --tls-cert and --tls-key, never"
                            + " without TLS");
        }
        int colon = address.lastIndexOf(':');
        try {
            String host = address.substring(0, colon).replaceAll("^\\[|]$", "");
            InetSocketAddress socket = new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1)));
            return ControlChannel.openTls(socket, globals.tlsCertificate, globals.tlsKey, globals.tlsCa);
        } catch (IllegalArgumentException e) {
            throw new Failure(ExitCode.USAGE, what + ": " + address + " is not HOST:PORT", e);
        } catch (IOException e) {
            throw new Failure(ExitCode.FAILED, what + ": " + e.getMessage(), e);
        }
    }

    /** A stub whose calls have to be answered within --timeout. */
    <S extends AbstractBlockingStub<S>> S stub(Function<Channel, S> maker) {
        return maker.apply(channel).withDeadlineAfter((long) (timeout * 1e9), TimeUnit.NANOSECONDS);
    }

    /** A stub for streams that go on until they are ended. */
    <S extends AbstractBlockingStub<S>> S endless(Function<Channel, S> maker) {
        return maker.apply(channel);
    }

    /** @param what what the command failed to do */
    Failure failure(StatusRuntimeException e, String what) {
        Status status = e.getStatus();
        String why = status.getDescription() == null ? status.getCode().name() : status.getDescription();
        return switch (status.getCode()) {
            case UNAVAILABLE -> unreachable(e, what, why);
            case DEADLINE_EXCEEDED ->
                new Failure(
                        ExitCode.UNREACHABLE,
                        what + ": the " + target.noun() + " at " + address + " gave no answer within "
                                + Units.decimal(timeout) + " s; is it stopped or overloaded? --timeout waits longer",
                        e);
            // Nobody here cancels a call: its server has been stopped.
            case CANCELLED ->
                new Failure(
                        ExitCode.UNREACHABLE,
                        what + ": the " + target.noun() + " at " + address + " has stopped; " + target.advice(),
                        e);
            case NOT_FOUND -> new Failure(ExitCode.NOT_FOUND, what + ": " + why, e);
            case PERMISSION_DENIED, UNAUTHENTICATED -> new Failure(ExitCode.DENIED, what + ": " + why, e);
            case UNIMPLEMENTED ->
                new Failure(
                        ExitCode.FAILED,
                        what + ": the " + target.noun() + " at " + address
                                + " does not know this call; it is of another version",
                        e);
            default -> new Failure(ExitCode.FAILED, what + ": " + why, e);
        };
    }

    /** A server that says so itself has no cause on our side of the connection. */
    private Failure unreachable(StatusRuntimeException e, String what, String why) {
        Throwable cause = e.getStatus().getCause();
        if (cause == null) {
            return new Failure(ExitCode.UNREACHABLE, what + ": " + why, e);
        }
        String text = String.valueOf(cause.getMessage());
        String reason = text.contains("Connection refused")
                ? "nobody listens at " + address + " any more"
                : "the connection to " + address + " failed (" + text + ")";
        return new Failure(ExitCode.UNREACHABLE, what + ": " + reason + "; " + target.advice(), e);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
