package io.sluice.worker.port.tunnel;

import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.memory.FramePool;

/**
 * A tunnel on an underlay.
 *
 * @param peer where it ends; its port is where packets go, 0 for protocols without UDP
 */
public record TunnelSpec(Encapsulation encapsulation, Endpoint peer) {
    public TunnelSpec {
        boolean udp = encapsulation.protocol().isUdp();
        if (encapsulation.protocol().ipProtocol() == 0) {
            throw new IllegalArgumentException(encapsulation.protocol() + " does not run over IP");
        }
        if (udp != (peer.port() != 0)) {
            throw new IllegalArgumentException("peer " + peer + ": "
                    + (udp
                            ? "a UDP port is missing, usually "
                                    + encapsulation.protocol().defaultPort()
                            : encapsulation.protocol() + " has no ports, so 0 is expected"));
        }
        if (peer.address().isAnyLocalAddress()) {
            throw new IllegalArgumentException("peer " + peer + ": the address of a host is expected");
        }
        if (encapsulation.open().overhead() > FramePool.HEADROOM) {
            throw new IllegalArgumentException("the header does not fit into " + FramePool.HEADROOM + " bytes");
        }
    }
}
