package io.sluice.worker.port.vde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Peer;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.line.UnixPath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** A switch of the test's own, which does what is known of one; and a real one, where it is installed. */
@Timeout(60)
class VdePortTest {
    private static final Path VDE_SWITCH = Path.of("/usr/bin/vde_switch");
    private static final byte[] FRAME = Frames.of(0, 0, 100);

    @TempDir
    Path directory;

    private Bench bench;
    private UnixPath home;

    @BeforeEach
    void begin() throws Exception {
        bench = new Bench();
        home = new UnixPath(directory.resolve("vde.ctl").toString());
    }

    @AfterEach
    void end() throws Exception {
        bench.close();
    }

    private VdePlug plug(int port) {
        return new VdePlug(home, Optional.empty(), port, "sluice test");
    }

    private void open(Bench where, VdePlug plug) throws IOException {
        where.use(VdePort.open(Bench.info("vde", 1500), plug, where.pool(), where::slots, where.lookout()));
    }

    /** A switch that has accepted a port: its end of the control stream, and of the data. */
    private record Plugged(Wire control, Wire data) implements AutoCloseable {
        @Override
        public void close() {
            data.close();
            control.close();
        }
    }

    private Plugged accept(Fd listener, int port, UnixPath data) throws Exception {
        Wire control = Peer.accept(listener);
        ByteBuffer request =
                ByteBuffer.wrap(Peer.readRaw(control, 12 + 110 + 11)).order(ByteOrder.nativeOrder());
        assertThat(request.getInt(0)).isEqualTo(0xfeedface);
        assertThat(request.getInt(4)).isEqualTo(3);
        assertThat(request.getInt(8)).isEqualTo(port << 8);
        assertThat(request.getShort(12)).isOne();
        byte[] path = new byte[108];
        request.get(14, path);
        UnixPath theirs = new UnixPath(new String(path, StandardCharsets.UTF_8).replace("\0", ""));
        byte[] description = new byte[11];
        request.get(122, description);
        assertThat(description).asString(StandardCharsets.UTF_8).isEqualTo("sluice test");
        Wire wire = Peer.datagram(data, theirs);
        ByteBuffer answer = ByteBuffer.allocate(110).order(ByteOrder.nativeOrder());
        answer.putShort(0, (short) 1).put(2, data.path().getBytes(StandardCharsets.UTF_8));
        Peer.sendRaw(control, answer.array());
        return new Plugged(control, wire);
    }

    /** Accepts on a thread of its own, as a switch would, while the port is driven. */
    private Plugged accepted(Fd listener, int port, UnixPath data, int times) {
        var plugged = java.util.concurrent.CompletableFuture.supplyAsync(() -> {
            try {
                return accept(listener, port, data);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        bench.awaitCounter(PortCounter.PEER_CONNECTED, times);
        return plugged.join();
    }

    @Test
    void thePortIsPluggedInAndAgainWhenTheSwitchIsBack() throws Exception {
        Files.createDirectory(home.file());
        UnixPath data = new UnixPath(directory.resolve("data").toString());
        open(bench, plug(7));
        bench.send(FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isOne();
        for (int round = 1; round <= 2; round++) {
            try (Fd listener = Peer.listen(1, plug(7).control());
                    Plugged plugged = accepted(listener, 7, data, round)) {
                plugged.data().send(FRAME);
                assertThat(bench.receive(1)).containsExactly(FRAME);
                bench.send(FRAME);
                assertThat(plugged.data().receive()).isEqualTo(FRAME);
            }
            bench.awaitCounter(PortCounter.PEER_LOST, round); // by the stream: nothing was sent
        }
        assertThat(bench.imbalance(3, 2)).isZero();
        assertThat(bench.closePort()).isZero();
        try (Stream<Path> left = Files.list(home.file())) {
            assertThat(left.map(path -> path.getFileName().toString())).containsExactly("ctl");
        }
    }

    @Test
    void anAnswerThatIsNoAddressIsRefusedAndThePortTriesAgain() throws Exception {
        Files.createDirectory(home.file());
        open(bench, plug(0));
        try (Fd listener = Peer.listen(1, plug(0).control())) {
            bench.cycle();
            Wire first = bench.keep(Peer.accept(listener));
            Peer.sendRaw(first, new byte[110]);
            UnixPath data = new UnixPath(directory.resolve("data").toString());
            try (Plugged plugged = accepted(listener, 0, data, 1)) {
                bench.send(FRAME);
                assertThat(plugged.data().receive()).isEqualTo(FRAME);
            }
        }
    }

    @Test
    void answersAreAddressesOrNothing() {
        ByteBuffer answer = ByteBuffer.allocate(110).order(ByteOrder.nativeOrder());
        assertThat(Handshake.answer(answer)).isEmpty();
        answer.putShort(0, (short) 1);
        assertThat(Handshake.answer(answer)).isEmpty();
        answer.put(2, (byte) '/').put(3, (byte) 'x');
        assertThat(Handshake.answer(answer)).contains(new UnixPath("/x"));
        answer.put(3, (byte) 0xff);
        assertThat(Handshake.answer(answer)).isEmpty();
        for (int i = 2; i < 110; i++) {
            answer.put(i, (byte) 'x');
        }
        assertThat(Handshake.answer(answer)).isEmpty();
    }

    @Test
    void aPlugIsCheckedWhenItIsMade() {
        assertThatThrownBy(() -> plug(32_768)).hasMessage("vde port 32768: 0 to 32767 is expected, 0 for any");
        assertThatThrownBy(() -> new VdePlug(home, Optional.empty(), 0, "x".repeat(129)))
                .hasMessage("a vde description has at most 128 bytes");
        assertThatThrownBy(() -> new VdePlug(new UnixPath("x".repeat(105)), Optional.empty(), 0, ""))
                .isInstanceOf(IllegalArgumentException.class);
    }

    static boolean switchIsInstalled() {
        return Files.isExecutable(VDE_SWITCH);
    }

    @Test
    @Tag("kernel")
    @EnabledIf("switchIsInstalled")
    void twoPortsOfARealSwitchReachEachOtherAlsoAfterItsRestart() throws Exception {
        try (Bench other = new Bench()) {
            open(bench, plug(0));
            open(other, plug(0));
            for (int round = 1; round <= 2; round++) {
                Process vdeSwitch = new ProcessBuilder(VDE_SWITCH.toString(), "-x", "-s", home.path())
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("log").toFile())
                        .start(); // ends with its standard input
                try {
                    bench.awaitCounter(PortCounter.PEER_CONNECTED, round);
                    other.awaitCounter(PortCounter.PEER_CONNECTED, round);
                    bench.send(FRAME);
                    assertThat(other.receive(1)).containsExactly(FRAME);
                    other.send(Frames.of(1, 0, 1_514));
                    assertThat(bench.receive(1).get(0)).isEqualTo(Frames.of(1, 0, 1_514));
                } finally {
                    vdeSwitch.getOutputStream().close();
                    vdeSwitch.destroy();
                    assertThat(vdeSwitch.waitFor(10, TimeUnit.SECONDS)).isTrue();
                }
                bench.awaitCounter(PortCounter.PEER_LOST, round);
                other.awaitCounter(PortCounter.PEER_LOST, round);
            }
        }
    }
}
