package io.sluice.control.transport;

import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Mutual TLS from PEM files. */
final class TlsFiles {
    private TlsFiles() {}

    static ServerCredentials server(Path certificate, Path key, Path clientCa) throws IOException {
        checkReadable(certificate, key, clientCa);
        return TlsServerCredentials.newBuilder()
                .keyManager(certificate.toFile(), key.toFile())
                .trustManager(clientCa.toFile())
                .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                .build();
    }

    static ChannelCredentials client(Path certificate, Path key, Path serverCa) throws IOException {
        checkReadable(certificate, key, serverCa);
        return TlsChannelCredentials.newBuilder()
                .keyManager(certificate.toFile(), key.toFile())
                .trustManager(serverCa.toFile())
                .build();
    }

    private static void checkReadable(Path... files) throws IOException {
        for (Path file : files) {
            if (!Files.isReadable(file)) {
                throw new IOException("cannot read " + file + "; TLS needs a certificate, its key (PKCS #8) and the"
                        + " other side's authority, as PEM files");
            }
        }
    }
}
