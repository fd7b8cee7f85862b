package io.sluice.worker.graph;

import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;

/** Two ports, linked, with a wire on either side. */
abstract class LinkBench {
    @Parameter
    List<PortKind> kinds;

    final Vector vector = new Vector();
    Lab lab;
    Port a;
    Port b;
    Wire wireA;
    Wire wireB;
    CrossConnect link;

    @BeforeEach
    void linkTwoPorts() throws Exception {
        lab = new Lab(4096, 600);
        lab.cable(kinds.get(0), "left", "wire0", 1500);
        lab.cable(kinds.get(1), "right", "wire1", 1500);
        a = lab.port(kinds.get(0), "left", 1500, 256);
        b = lab.port(kinds.get(1), "right", 1500, 256);
        wireA = lab.wire("wire0");
        wireB = lab.wire("wire1");
        link = new CrossConnect("link", a, b);
    }

    @AfterEach
    void clear() throws Exception {
        lab.close();
    }

    final byte[] forward(Wire to) {
        byte[][] arrived = new byte[1][];
        lab.await("a frame behind the link", () -> {
            link.run(vector);
            arrived[0] = poll(to);
            return arrived[0] != null;
        });
        return arrived[0];
    }

    static void drain(Wire wire, List<byte[]> into) {
        for (byte[] frame = poll(wire); frame != null; frame = poll(wire)) {
            into.add(frame);
        }
    }

    static byte[] poll(Wire wire) {
        try {
            return wire.poll();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
