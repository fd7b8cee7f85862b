package io.sluice.grant.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Descriptors;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerCredentialsTest {
    private static final int PATIENCE_MS = 10_000;
    private static final int POLLIN = 1;

    @TempDir
    Path directory;

    /** Connects and keeps the connection until it is killed. */
    public static final class Caller {
        private Caller() {}

        public static void main(String[] arguments) throws IOException {
            UnixSocketChannel.open(new UnixSocketAddress(new File(arguments[0])));
            System.in.read();
        }
    }

    @Test
    void thePeerOfOurOwnPairIsUs() throws IOException {
        List<Fd> pair = Descriptors.socketPair();
        try (Fd one = pair.get(0);
                Fd other = pair.get(1)) {
            PeerCredentials peer = PeerCredentials.of(one);
            assertThat(peer.pid()).isEqualTo((int) ProcessHandle.current().pid());
            assertThat(peer.uid()).isEqualTo(status("Uid").get(1));
            assertThat(peer.gid()).isEqualTo(status("Gid").get(1));
            assertThat(peer.groups()).contains(peer.gid()).containsAll(status("Groups"));
            assertThat(peer).isEqualTo(PeerCredentials.of(other));
        }
    }

    @Test
    void thePeerIsTheChildThatConnectedAndItsPidfdTellsItsEnd() throws Exception {
        Path path = directory.resolve("socket");
        try (UnixServerSocketChannel server = UnixServerSocketChannel.open()) {
            server.socket().bind(new UnixSocketAddress(path.toFile()));
            Process child = Child.start(Caller.class, path.toString());
            try (UnixSocketChannel accepted = server.accept();
                    Fd socket = Fd.duplicateOf(accepted.getFD())) {
                assertThat(PeerCredentials.of(socket).pid()).isEqualTo((int) child.pid());
                Fd pidfd = PeerCredentials.pidfd(socket);
                assertThat(Descriptors.isCloseOnExec(pidfd)).isTrue();
                try (pidfd) {
                    assertThat(readable(pidfd, 0)).as("readable while it lives").isFalse();
                    child.destroyForcibly();
                    assertThat(readable(pidfd, PATIENCE_MS))
                            .as("readable after its end")
                            .isTrue();
                }
                assertThat(PeerCredentials.of(socket).pid())
                        .as("of the dead child")
                        .isEqualTo((int) child.pid());
            } finally {
                child.destroyForcibly();
                assertThat(child.waitFor(PATIENCE_MS, TimeUnit.MILLISECONDS)).isTrue();
            }
        }
    }

    private static List<Integer> status(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith(name + ":"))
                .flatMap(line -> Arrays.stream(line.substring(name.length() + 1).split("\\s+")))
                .filter(word -> !word.isEmpty())
                .map(Integer::parseUnsignedInt)
                .collect(Collectors.toList());
    }

    private static boolean readable(Fd fd, int timeoutMs) throws IOException {
        ByteBuffer pollfd = Native.allocate(8).putInt(0, fd.number()).putInt(4, POLLIN);
        return Native.check(Descriptors.Calls.LIBC.poll(pollfd, 1, timeoutMs), "poll") == 1;
    }
}
