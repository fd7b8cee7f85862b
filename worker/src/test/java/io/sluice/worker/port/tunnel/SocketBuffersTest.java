package io.sluice.worker.port.tunnel;

import static io.sluice.worker.sys.WorkerCalls.LIBC;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.codec.Protocol;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the kernel may keep for an underlay. */
class SocketBuffersTest {
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final long WANTED = 4 << 20;

    private Ends ends;

    @BeforeEach
    void open() throws Exception {
        ends = new Ends();
    }

    @AfterEach
    void close() {
        ends.close();
    }

    @Test
    void aSocketThatWeOpenHasAllThatTheHostAllows() throws Exception {
        expectLarge(ends.underlay(Protocol.VXLAN, Ends.at(1, 0), Underlay.Settings.DEFAULT));
    }

    @Test
    void aSocketOfALeaseHasTheSame() throws Exception {
        Fd leased = ends.socket(Ends.at(1, 0));

        expectLarge(ends.keep(Underlay.of(leased, Protocol.VXLAN, Underlay.Settings.DEFAULT, ends.pool)));
    }

    private static void expectLarge(Underlay underlay) throws Exception {
        // The kernel doubles what it is asked for, for its own bookkeeping.
        assertThat(size(underlay.fd(), SO_RCVBUF)).isEqualTo(2 * Math.min(WANTED, limit("rmem_max")));
        assertThat(size(underlay.fd(), SO_SNDBUF)).isEqualTo(2 * Math.min(WANTED, limit("wmem_max")));
    }

    /** In one read: a second one of such a file finds its end. */
    private static long limit(String name) throws Exception {
        try (InputStream file = Files.newInputStream(Path.of("/proc/sys/net/core", name))) {
            return Long.parseLong(new String(file.readNBytes(32), StandardCharsets.US_ASCII).strip());
        }
    }

    private static long size(Fd socket, int option) throws Exception {
        ByteBuffer value = Native.allocate(4);
        ByteBuffer length = Native.allocate(4).putInt(0, 4);
        Native.check(LIBC.getsockopt(socket.number(), SOL_SOCKET, option, value, length), "getsockopt");
        return value.getInt(0);
    }
}
