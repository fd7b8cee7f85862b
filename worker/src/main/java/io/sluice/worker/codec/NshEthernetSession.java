package io.sluice.worker.codec;

import java.nio.ByteBuffer;

/** NSH in Ethernet frames with ethertype 894f, without a VLAN tag before it. */
final class NshEthernetSession implements Session {
    private static final int ETHERNET = 14;

    private final long destination;
    private final long source;
    private final Nsh nsh;
    private final int overhead;

    NshEthernetSession(Encapsulation.NshEthernet config) {
        destination = config.destination();
        source = config.source();
        nsh = config.nsh();
        overhead = ETHERNET + nsh.overhead();
    }

    static long key(ByteBuffer bytes, int offset, int length) {
        if (length < ETHERNET + 8) {
            return Drop.SHORT.code();
        }
        boolean nsh = NetworkOrder.u16(bytes, offset + 12) == Nsh.ETHERTYPE;
        return nsh ? NetworkOrder.u24(bytes, offset + ETHERNET + 4) : Drop.PROTOCOL.code();
    }

    @Override
    public int overhead() {
        return overhead;
    }

    @Override
    public void encapsulate(ByteBuffer bytes, int offset, int length) {
        int start = offset - overhead;
        NetworkOrder.put64(bytes, start, destination << 16 | source >>> 32);
        NetworkOrder.put32(bytes, start + 8, (int) source);
        NetworkOrder.put16(bytes, start + 12, Nsh.ETHERTYPE);
        nsh.write(bytes, start + ETHERNET);
    }

    @Override
    public int strip(ByteBuffer bytes, int offset, int length) {
        int inner = nsh.strip(bytes, offset + ETHERNET, length - ETHERNET);
        return inner < 0 ? inner : ETHERNET + inner;
    }
}
