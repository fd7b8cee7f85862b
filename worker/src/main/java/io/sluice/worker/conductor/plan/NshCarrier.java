package io.sluice.worker.conductor.plan;

/** What a network service header travels in. */
public sealed interface NshCarrier permits NshCarrier.Ethernet, TunnelTransport.Gre, TunnelTransport.VxlanGpe {
    /**
     * Ethernet frames of type 894f on a packet port.
     *
     * @param grant of the packet port
     * @param destination MAC address of the next service function, as text
     */
    record Ethernet(GrantRef grant, String destination) implements NshCarrier {
        public Ethernet {
            Checks.mac("destination", destination);
        }
    }
}
