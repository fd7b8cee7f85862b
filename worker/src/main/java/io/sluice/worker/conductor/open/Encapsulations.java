package io.sluice.worker.conductor.open;

import io.sluice.worker.codec.Counting;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Encapsulation.Cookie;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.conductor.plan.Nsh;
import io.sluice.worker.conductor.plan.NshCarrier;
import io.sluice.worker.conductor.plan.TunnelTransport;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** From a plan's tunnel to the codec's. */
final class Encapsulations {
    /** Where UML and QEMU start; RFC 2890 has GRE start at 0. */
    private static final int FIRST_COUNTER = 1;

    private static final int FIRST_SEQUENCE = 0;

    private Encapsulations() {}

    /** A tunnel of frames. */
    static Encapsulation of(TunnelTransport tunnel) throws ConductorException {
        return of(tunnel, Optional.empty());
    }

    /** A tunnel that carries NSH. */
    static Encapsulation of(Nsh nsh, TunnelTransport carrier) throws ConductorException {
        return of(carrier, Optional.of(header(nsh)));
    }

    /** NSH in Ethernet, sent from {@code source}, 6 bytes. */
    static Encapsulation of(Nsh nsh, NshCarrier.Ethernet carrier, byte[] source) {
        byte[] destination = HexFormat.ofDelimiter(":").parseHex(carrier.destination());
        return new Encapsulation.NshEthernet(number(destination), number(source), header(nsh));
    }

    private static long number(byte[] mac) {
        return ByteBuffer.allocate(Long.BYTES).put(2, mac).getLong(0);
    }

    private static io.sluice.worker.codec.Nsh header(Nsh nsh) {
        return new io.sluice.worker.codec.Nsh(
                nsh.mdType(), nsh.spi(), nsh.rxSi(), nsh.spi(), nsh.si(), io.sluice.worker.codec.Nsh.MAX_TTL, 0, 0);
    }

    private static Encapsulation of(TunnelTransport tunnel, Optional<io.sluice.worker.codec.Nsh> nsh)
            throws ConductorException {
        try {
            if (tunnel instanceof TunnelTransport.Gre gre) {
                Counting counting = counting(gre.sequence(), gre.pinSequence());
                return new Encapsulation.Gre(key(gre.rxKey()), key(gre.txKey()), counting, FIRST_SEQUENCE, false, nsh);
            } else if (tunnel instanceof TunnelTransport.L2tpv3 l2tp) {
                return l2tpv3(l2tp);
            } else if (tunnel instanceof TunnelTransport.Vxlan vxlan) {
                return new Encapsulation.Vxlan(vxlan.vni());
            } else if (tunnel instanceof TunnelTransport.VxlanGpe gpe) {
                return new Encapsulation.VxlanGpe(gpe.vni(), nsh);
            } else {
                return new Encapsulation.Geneve(((TunnelTransport.Geneve) tunnel).vni());
            }
        } catch (IllegalArgumentException e) {
            throw new ConductorException(Kind.INVALID, e.getMessage(), e);
        }
    }

    private static Encapsulation l2tpv3(TunnelTransport.L2tpv3 l2tp) {
        TunnelTransport.Cookie cookie = l2tp.cookie();
        return new Encapsulation.L2tpv3(
                l2tp.underlay().udp(),
                (int) l2tp.rxSession(),
                (int) l2tp.txSession(),
                new Cookie(cookie.bytes(), cookie.rx()),
                new Cookie(cookie.bytes(), cookie.tx()),
                counting(l2tp.counter(), l2tp.pinCounter()),
                FIRST_COUNTER,
                l2tp.offset());
    }

    private static Counting counting(boolean counted, boolean pinned) {
        return pinned ? Counting.PINNED : counted ? Counting.COUNTED : Counting.NONE;
    }

    private static OptionalInt key(OptionalLong key) {
        return key.isPresent() ? OptionalInt.of((int) key.getAsLong()) : OptionalInt.empty();
    }
}
