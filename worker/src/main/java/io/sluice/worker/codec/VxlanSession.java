package io.sluice.worker.codec;

import java.nio.ByteBuffer;

/**
 * VXLAN (RFC 7348).
 *
 * <pre>
 *  0 flags: I 08   1 0 0 0   4 VNI 24   7 0
 * </pre>
 *
 * RFC 7348 has receivers ignore reserved bits. Since then they have got meanings (group policy, next protocol) that change
 * what follows, so a packet with any of them set is dropped, as the kernel does.
 */
final class VxlanSession implements Session {
    static final int HEADER = 8;
    private static final int VALID_VNI = 0x0800_0000;

    private final int vni;

    VxlanSession(Encapsulation.Vxlan vxlan) {
        vni = vxlan.vni();
    }

    static long key(ByteBuffer bytes, int offset, int length) {
        if (length < HEADER) {
            return Drop.SHORT.code();
        }
        boolean right = NetworkOrder.i32(bytes, offset) == VALID_VNI && bytes.get(offset + 7) == 0;
        return right ? NetworkOrder.u24(bytes, offset + 4) : Drop.FLAGS.code();
    }

    @Override
    public int overhead() {
        return HEADER;
    }

    @Override
    public void encapsulate(ByteBuffer bytes, int offset, int length) {
        NetworkOrder.put32(bytes, offset - HEADER, VALID_VNI);
        NetworkOrder.put32(bytes, offset - 4, vni << 8);
    }

    @Override
    public int strip(ByteBuffer bytes, int offset, int length) {
        return HEADER;
    }
}
