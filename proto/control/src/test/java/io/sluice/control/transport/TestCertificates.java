package io.sluice.control.transport;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** An authority and what it certified, made with the JDK's keytool for one test and gone with its directory. */
final class TestCertificates {
    private static final String PASSWORD = "changeit";

    private final Path directory;
    private final Path store;

    TestCertificates(Path directory) {
        this.directory = directory;
        this.store = directory.resolve("keys.p12");
    }

    /** A new authority; returns the file of its certificate. */
    Path authority(String name) throws Exception {
        generate(name, "-ext", "bc:c");
        return write(
                name + ".ca.pem", pem("CERTIFICATE", keys().getCertificate(name).getEncoded()));
    }

    /** A key for 127.0.0.1 and localhost, certified by {@code authority}. */
    void issue(String name, String authority) throws Exception {
        generate(name, "-signer", authority, "-ext", "san=ip:127.0.0.1,dns:localhost");
        StringBuilder chain = new StringBuilder();
        for (Certificate certificate : keys().getCertificateChain(name)) {
            chain.append(pem("CERTIFICATE", certificate.getEncoded()));
        }
        Key key = keys().getKey(name, PASSWORD.toCharArray());
        write(name + ".crt.pem", chain.toString());
        write(name + ".key.pem", pem("PRIVATE KEY", key.getEncoded()));
    }

    Path certificate(String name) {
        return directory.resolve(name + ".crt.pem");
    }

    Path key(String name) {
        return directory.resolve(name + ".key.pem");
    }

    private void generate(String name, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1"));
        command.addAll(List.of("-validity", "2", "-keystore", store.toString(), "-storepass", PASSWORD));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("keytool failed: " + output);
        }
    }

    private KeyStore keys() throws Exception {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, PASSWORD.toCharArray());
            return keys;
        }
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static String pem(String label, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }
}
