package io.sluice.worker.control;

import io.sluice.control.transport.ControlServer;
import io.sluice.control.transport.PeerRule;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.conductor.SelfPortrait;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/** Puts the worker's gRPC server together. */
public final class WorkerServer {
    /** A TCP listener with mutual TLS. */
    public record Tls(InetSocketAddress address, Path certificate, Path key, Path clientCa) {}

    private WorkerServer() {}

    /** Serves on {@code socket} to this process' own uid only and, if asked for, on TCP to holders of a certificate. */
    public static ControlServer start(
            Conductor conductor, SelfPortrait self, int frameSize, Path socket, Optional<Tls> tls, String version)
            throws IOException {
        ControlServer.Builder builder = ControlServer.builder()
                .unix(socket, PeerRule.uid(self.uid()), "rw-------")
                .executor(conductor.executor())
                .service(new WorkerService(conductor, self, version))
                .service(new PortsService(conductor, frameSize))
                .service(new LinksService(conductor))
                .service(new CountersService(conductor));
        if (tls.isPresent()) {
            Tls to = tls.get();
            builder.tls(to.address(), to.certificate(), to.key(), to.clientCa());
        }
        return builder.start();
    }
}
