package io.sluice.worker.conductor.plan;

import java.util.OptionalInt;

/**
 * Ethernet frames behind a network service header (RFC 8300).
 *
 * @param spi service path identifier, 24 bits
 * @param rxSi service index of what comes, 1..255; empty: any
 * @param si service index of what is sent, 1..255
 * @param mdType of what is sent: 1, with 16 bytes of context, all 0, or 2, with none
 */
public record Nsh(NshCarrier carrier, int spi, OptionalInt rxSi, int si, int mdType) implements Transport {
    /** Service index that a path starts with. */
    public static final int FIRST_INDEX = 255;

    private static final int MAX_SPI = 0xff_ffff;

    public Nsh {
        Checks.range("spi", spi, 0, MAX_SPI);
        rxSi.ifPresent(index -> Checks.range("rx si", index, 1, FIRST_INDEX));
        Checks.range("si", si, 1, FIRST_INDEX);
        Checks.range("md type", mdType, 1, 2);
        if (carrier instanceof TunnelTransport.VxlanGpe gpe && gpe.payload() != TunnelTransport.VxlanGpe.Payload.NSH) {
            throw new IllegalArgumentException("the payload of vxlan-gpe is ethernet; as a carrier of nsh it is nsh");
        }
    }

    /** Another path on the same carrier; {@code index} is that of what comes. */
    public Nsh of(int path, OptionalInt index) {
        return new Nsh(carrier, path, index, si, mdType);
    }

    @Override
    public String kind() {
        return "nsh";
    }
}
