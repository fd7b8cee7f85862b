package io.sluice.worker.conductor.open;

import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.Synthetic;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.synthetic.SyntheticPort;
import io.sluice.worker.port.synthetic.TestFrame;
import java.util.HexFormat;
import java.util.List;

/** Opens ports for measurements. */
final class SyntheticOpener {
    private SyntheticOpener() {}

    static Port open(Opening opening, Synthetic synthetic) throws ConductorException {
        PortInfo info =
                new PortInfo(opening.plan().name(), synthetic.kind(), "", 0, "", 0, 0, "", Vector.CAPACITY, List.of());
        if (synthetic instanceof Synthetic.Generator generator) {
            byte[] frame = TestFrame.of(generator.length(), mac(generator.destination()), mac(generator.source()));
            return opening.own(() -> SyntheticPort.generator(info, frame, opening.pool()));
        }
        return opening.own(() -> SyntheticPort.discard(info, opening.pool()));
    }

    private static byte[] mac(String text) {
        return HexFormat.ofDelimiter(":").parseHex(text);
    }
}
