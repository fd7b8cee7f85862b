package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Peer;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.port.message.MessagePort;
import io.sluice.worker.port.stream.StreamPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A thread that sleeps is woken by ports whose peers come and go, though each brings another descriptor. */
@Timeout(60)
class ChangingDescriptorsTest {
    private static final byte[] FRAME = Frames.of(0, 0, 100);

    @Test
    void peersThatComeToASleepingThreadWakeIt(@TempDir Path directory) throws Exception {
        UnixPath served = new UnixPath(directory.resolve("served").toString());
        UnixPath dialled = new UnixPath(directory.resolve("dialled").toString());
        AtomicReference<Throwable> died = new AtomicReference<>();
        try (DataPath dataPath = new DataPath(Pools.of(2048, 1024, 0), IdleStrategy.ADAPTIVE, died::set)) {
            dataPath.start();
            List<Port> ports = dataPath.call(() -> open(dataPath, served, dialled));
            CrossConnect link = new CrossConnect("link", ports.get(0), ports.get(1));
            dataPath.call(() -> {
                dataPath.addLink(link);
                return null;
            });
            for (int round = 0; round < 3; round++) {
                try (Fd listener = Peer.listen(1, dialled);
                        Wire right = Peer.accept(listener);
                        Wire left = Peer.connect(5, served)) {
                    left.send(FRAME);
                    assertThat(right.receive()).isEqualTo(FRAME);
                    right.send(FRAME);
                    assertThat(left.receive()).isEqualTo(FRAME);
                }
            }
            dataPath.call(() -> {
                dataPath.removeLink(link);
                ports.forEach(port -> port.queues().forEach(PortQueue::close));
                return null;
            });
        }
        assertThat(died.get()).isNull();
    }

    private static List<Port> open(DataPath dataPath, UnixPath served, UnixPath dialled) {
        try {
            return List.of(
                    MessagePort.open(
                            Bench.info("bess", 1500),
                            new MessagePort.Endpoint.SeqpacketServer(served),
                            dataPath.pool(),
                            dataPath::messageSlots),
                    StreamPort.open(
                            Bench.info("stream", 1500),
                            new StreamPort.Endpoint.Client(dialled, OptionalInt.empty()),
                            dataPath.pool()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
