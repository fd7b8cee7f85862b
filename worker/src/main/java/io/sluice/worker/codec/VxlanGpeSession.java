package io.sluice.worker.codec;

import java.nio.ByteBuffer;

/**
 * VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe).
 *
 * <pre>
 *  0 reserved c0, version 30, I 08, P 04, B 02, O 01   1 0 0   3 next protocol if P   4 VNI 24   7 0
 * </pre>
 */
final class VxlanGpeSession implements Session {
    private static final int VERSION = 0x30;
    private static final int VALID_VNI = 0x08;
    private static final int NEXT_PROTOCOL = 0x04;
    private static final int OAM = 0x01;
    private static final int RESERVED = 0xc0;
    private static final int ETHERNET = 3;
    private static final int NSH = 4;

    private final int vni;
    private final Nsh nsh;
    private final int protocol;
    private final int overhead;

    VxlanGpeSession(Encapsulation.VxlanGpe gpe) {
        vni = gpe.vni();
        nsh = gpe.nsh().orElse(null);
        protocol = nsh == null ? ETHERNET : NSH;
        overhead = VxlanSession.HEADER + (nsh == null ? 0 : nsh.overhead());
    }

    static long key(ByteBuffer bytes, int offset, int length) {
        if (length < VxlanSession.HEADER) {
            return Drop.SHORT.code();
        }
        int flags = NetworkOrder.u8(bytes, offset);
        if ((flags & VERSION) != 0) {
            return Drop.VERSION.code();
        }
        if ((flags & OAM) != 0) {
            return Drop.CONTROL.code();
        }
        boolean reserved = (flags & RESERVED) != 0 || bytes.getShort(offset + 1) != 0 || bytes.get(offset + 7) != 0;
        if (reserved || (flags & VALID_VNI) == 0) {
            return Drop.FLAGS.code();
        }
        int vni = NetworkOrder.u24(bytes, offset + 4);
        boolean nsh = (flags & NEXT_PROTOCOL) != 0 && bytes.get(offset + 3) == NSH;
        int header = VxlanSession.HEADER;
        return nsh ? Nsh.key(bytes, offset + header, length - header, vni) : vni;
    }

    @Override
    public int overhead() {
        return overhead;
    }

    @Override
    public void encapsulate(ByteBuffer bytes, int offset, int length) {
        int start = offset - overhead;
        NetworkOrder.put32(bytes, start, (VALID_VNI | NEXT_PROTOCOL) << 24 | protocol);
        NetworkOrder.put32(bytes, start + 4, vni << 8);
        if (nsh != null) {
            nsh.write(bytes, start + VxlanSession.HEADER);
        }
    }

    @Override
    public int strip(ByteBuffer bytes, int offset, int length) {
        boolean named = (bytes.get(offset) & NEXT_PROTOCOL) != 0;
        int next = named ? NetworkOrder.u8(bytes, offset + 3) : ETHERNET;
        if (next != protocol) {
            return Drop.PROTOCOL.code();
        }
        if (nsh == null) {
            return VxlanSession.HEADER;
        }
        int inner = nsh.strip(bytes, offset + VxlanSession.HEADER, length - VxlanSession.HEADER);
        return inner < 0 ? inner : VxlanSession.HEADER + inner;
    }
}
