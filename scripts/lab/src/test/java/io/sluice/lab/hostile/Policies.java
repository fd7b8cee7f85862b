package io.sluice.lab.hostile;

/** The policies that the cases are played under. */
final class Policies {
    private static final String RINGS = "rings: {rx: 256, tx: 256, fill: 256, completion: 256}";

    private Policies() {}

    /** What both tenants have on devices of the broker's own namespace: v1 is blue's, v2 is red's. */
    static String onDevices() {
        return policy("""
                      lan: {kind: packet, interface: v1, unconfined: true}
                      ringed: {kind: packet, interface: v1, unconfined: true, ring-frames: 256}
                      fast: {kind: xdp, interface: v1, queues: [0], %1$s}
                      deaf: {kind: xdp, interface: v1, queues: [0], rx-only: true, %1$s}
                      spare: {kind: xdp, interface: x1, queues: [0], %1$s}
                """.formatted(RINGS), """
                      lan: {kind: packet, interface: v2, unconfined: true}
                      fast: {kind: xdp, interface: v2, queues: [1], %1$s}
                """.formatted(RINGS));
    }

    private static String policy(String blue, String red) {
        return """
                # Made for one run of the hostile-tenant suite.
                version: 1
                admins: [{uid: 0}]
                tenants:
                  blue:
                    identity: {uid: %d}
                    quota: {leases: 16, memory: 256MiB, connections: 8}
                    grants:
                %s
                  red:
                    identity: {uid: %d}
                    quota: {leases: 16, memory: 256MiB, connections: 8}
                    grants:
                %s
                """.formatted(Ground.BLUE.uid(), blue, Ground.RED.uid(), red);
    }
}
