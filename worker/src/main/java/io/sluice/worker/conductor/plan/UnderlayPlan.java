package io.sluice.worker.conductor.plan;

import java.net.InetAddress;
import java.util.Optional;

/**
 * What a tunnel's packets travel in: UDP, or IP itself.
 *
 * @param local what the socket is bound to; empty: any, or what the grant has
 * @param remote the peer, of the same family
 * @param localPort UDP port; 0 for IP
 * @param remotePort UDP port; 0 for IP
 * @param grant the socket's grant; empty: the worker opens it itself
 */
public record UnderlayPlan(
        Optional<InetAddress> local, InetAddress remote, int localPort, int remotePort, Optional<GrantRef> grant) {
    public UnderlayPlan {
        local.ifPresent(address -> Checks.sameFamily(address, remote));
        if (remote.isAnyLocalAddress() || remote.isMulticastAddress()) {
            throw new IllegalArgumentException(
                    "peer " + remote.getHostAddress() + ": the address of one host is expected");
        }
        Checks.range("local port", localPort, 0, 65535);
        Checks.range("remote port", remotePort, 0, 65535);
        if ((localPort == 0) != (remotePort == 0)) {
            throw new IllegalArgumentException("local port " + localPort + ", remote port " + remotePort
                    + ": both are expected for UDP, neither for IP");
        }
    }

    /** Over IP itself. */
    static UnderlayPlan ip(Optional<InetAddress> local, InetAddress remote, Optional<GrantRef> grant) {
        return new UnderlayPlan(local, remote, 0, 0, grant);
    }

    /** Whether the addresses are IPv6. */
    public boolean v6() {
        return remote.getAddress().length == 16;
    }

    /** Whether it is UDP. */
    public boolean udp() {
        return remotePort != 0;
    }

    void require(String kind, boolean wantsUdp) {
        if (wantsUdp != udp()) {
            throw new IllegalArgumentException(
                    kind + (wantsUdp ? " needs UDP ports, 1 to 65535" : " runs over IP itself and has no ports"));
        }
    }
}
