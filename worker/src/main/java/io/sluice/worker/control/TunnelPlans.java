package io.sluice.worker.control;

import io.sluice.worker.conductor.plan.Addresses;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.Nsh;
import io.sluice.worker.conductor.plan.NshCarrier;
import io.sluice.worker.conductor.plan.TunnelTransport;
import io.sluice.worker.conductor.plan.TunnelTransport.Cookie;
import io.sluice.worker.conductor.plan.TunnelTransport.VxlanGpe.Payload;
import io.sluice.worker.conductor.plan.UnderlayPlan;
import io.sluice.worker.v1.GeneveOptions;
import io.sluice.worker.v1.GreOptions;
import io.sluice.worker.v1.L2tpv3Options;
import io.sluice.worker.v1.NshOptions;
import io.sluice.worker.v1.VxlanGpeOptions;
import io.sluice.worker.v1.VxlanOptions;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** From what a client says of a tunnel to a checked plan. */
final class TunnelPlans {
    private static final String BROADCAST = "ff:ff:ff:ff:ff:ff";

    private TunnelPlans() {}

    static TunnelTransport.Gre gre(GreOptions options, Optional<GrantRef> grant) {
        return new TunnelTransport.Gre(
                underlay("src", options.getSrc(), "dst", options.getDst(), 0, 0, grant),
                key(options.hasRxKey(), options.getRxKey()),
                key(options.hasTxKey(), options.getTxKey()),
                options.getSequence(),
                options.getPinSequence());
    }

    private static OptionalLong key(boolean there, int key) {
        return there ? OptionalLong.of(Integer.toUnsignedLong(key)) : OptionalLong.empty();
    }

    static TunnelTransport.L2tpv3 l2tpv3(L2tpv3Options options, Optional<GrantRef> grant) {
        int srcport = options.getSrcport();
        int dstport = options.getDstport();
        if (options.getUdp() ? srcport == 0 || dstport == 0 : srcport != 0 || dstport != 0) {
            throw new IllegalArgumentException(
                    "l2tpv3 over UDP needs both srcport and dstport, over IP neither; here udp is " + options.getUdp()
                            + ", srcport " + srcport + ", dstport " + dstport);
        }
        int bits = options.getCookieBits();
        if (bits % Byte.SIZE != 0) {
            throw new IllegalArgumentException("a cookie of " + bits + " bits: 0, 32 or 64 are expected");
        }
        return new TunnelTransport.L2tpv3(
                underlay("src", options.getSrc(), "dst", options.getDst(), srcport, dstport, grant),
                Integer.toUnsignedLong(options.getRxSession()),
                Integer.toUnsignedLong(options.getTxSession()),
                new Cookie(bits / Byte.SIZE, options.getRxCookie(), options.getTxCookie()),
                options.getCounter(),
                options.getPinCounter(),
                options.getOffset());
    }

    static TunnelTransport.Vxlan vxlan(VxlanOptions options, Optional<GrantRef> grant) {
        return new TunnelTransport.Vxlan(
                udp(options.getLocal(), options.getRemote(), options.getPort(), TunnelTransport.Vxlan.PORT, grant),
                options.getVni());
    }

    static TunnelTransport.VxlanGpe vxlanGpe(VxlanGpeOptions options, Optional<GrantRef> grant) {
        Payload payload = switch (options.getPayload()) {
            case ETHERNET -> Payload.ETHERNET;
            case NSH -> Payload.NSH;
            case UNRECOGNIZED -> throw new IllegalArgumentException("unknown payload of vxlan-gpe");
        };
        return new TunnelTransport.VxlanGpe(
                udp(options.getLocal(), options.getRemote(), options.getPort(), TunnelTransport.VxlanGpe.PORT, grant),
                options.getVni(),
                payload);
    }

    static TunnelTransport.Geneve geneve(GeneveOptions options, Optional<GrantRef> grant) {
        return new TunnelTransport.Geneve(
                udp(options.getLocal(), options.getRemote(), options.getPort(), TunnelTransport.Geneve.PORT, grant),
                options.getVni());
    }

    static Nsh nsh(NshOptions options, Optional<GrantRef> grant) {
        NshCarrier carrier = switch (options.getCarrierCase()) {
            case ETHERNET ->
                new NshCarrier.Ethernet(
                        grant.orElseThrow(() -> new IllegalArgumentException(
                                "nsh over Ethernet: the name of a packet grant is expected")),
                        or(options.getEthernet().getDestination(), BROADCAST));
            case VXLAN_GPE ->
                vxlanGpe(
                        options.getVxlanGpe().toBuilder()
                                .setPayload(VxlanGpeOptions.Payload.NSH)
                                .build(),
                        grant);
            case GRE -> gre(options.getGre(), grant);
            case CARRIER_NOT_SET ->
                throw new IllegalArgumentException("nsh: a carrier is expected, ethernet, vxlan_gpe or gre");
        };
        return new Nsh(
                carrier,
                options.getSpi(),
                options.getRxSi() == 0 ? OptionalInt.empty() : OptionalInt.of(options.getRxSi()),
                options.getSi() == 0 ? Nsh.FIRST_INDEX : options.getSi(),
                options.getMdType() == 0 ? 1 : options.getMdType());
    }

    private static UnderlayPlan udp(String local, String remote, int port, int otherwise, Optional<GrantRef> grant) {
        int chosen = port == 0 ? otherwise : port;
        return underlay("local", local, "remote", remote, chosen, chosen, grant);
    }

    private static UnderlayPlan underlay(
            String localName,
            String local,
            String remoteName,
            String remote,
            int localPort,
            int remotePort,
            Optional<GrantRef> grant) {
        Optional<InetAddress> bound = local.isEmpty() ? Optional.empty() : Optional.of(Addresses.of(localName, local));
        return new UnderlayPlan(bound, Addresses.of(remoteName, remote), localPort, remotePort, grant);
    }

    private static String or(String text, String otherwise) {
        return text.isEmpty() ? otherwise : text;
    }
}
