package io.sluice.cli;

import io.sluice.worker.v1.GeneveOptions;
import io.sluice.worker.v1.GreOptions;
import io.sluice.worker.v1.NshOptions;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.VxlanGpeOptions;
import io.sluice.worker.v1.VxlanOptions;
import picocli.CommandLine.Option;

/** Options of {@code sluice port add} for tunnels. */
final class TunnelFlags {
    /** What a network service header goes over. */
    enum Carrier {
        ETHERNET,
        GRE,
        VXLAN_GPE;

        @Override
        public String toString() {
            return this == VXLAN_GPE ? "vxlan-gpe" : name();
        }
    }

    @Option(names = "--local", paramLabel = "IP", description = "tunnels: own address (default: any, or the grant's)")
    String local = "";

    @Option(names = "--remote", paramLabel = "IP", description = "tunnels: the peer's address")
    String remote = "";

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "vxlan, vxlan-gpe, geneve: UDP port (default: 4789, 4790, 6081)")
    int port;

    @Option(names = "--vni", paramLabel = "N", description = "vxlan, vxlan-gpe, geneve: network identifier")
    int vni;

    @Option(names = "--rx-key", paramLabel = "N", description = "gre: key of what comes, with --tx-key")
    Long rxKey;

    @Option(names = "--tx-key", paramLabel = "N", description = "gre: key of what goes, with --rx-key")
    Long txKey;

    @Option(names = "--sequence", description = "gre: packets are numbered")
    boolean sequence;

    @Option(names = "--pin-sequence", description = "gre: by 0 always")
    boolean pinSequence;

    @Option(names = "--over", paramLabel = "ethernet|gre|vxlan-gpe", description = "nsh: what carries it")
    Carrier over;

    @Option(names = "--spi", paramLabel = "N", description = "nsh: service path identifier")
    int spi;

    @Option(names = "--si", paramLabel = "N", description = "nsh: service index of what is sent (default: 255)")
    int si;

    @Option(names = "--rx-si", paramLabel = "N", description = "nsh: service index of what comes (default: any)")
    int rxSi;

    @Option(names = "--md-type", paramLabel = "1|2", description = "nsh: type of its metadata (default: 1)")
    int mdType;

    @Option(
            names = "--next-hop",
            paramLabel = "MAC",
            description = "nsh over ethernet: where it goes (default: broadcast)")
    String nextHop = "";

    /** Puts the options of a tunnel of {@code kind} into {@code spec}; false: the kind is no tunnel. */
    boolean fill(PortKind kind, PortSpec.Builder spec) {
        switch (kind) {
            case GRE -> spec.setGre(gre());
            case VXLAN ->
                spec.setVxlan(VxlanOptions.newBuilder()
                        .setLocal(local)
                        .setRemote(remote)
                        .setPort(port)
                        .setVni(vni));
            case VXLAN_GPE -> spec.setVxlanGpe(vxlanGpe());
            case GENEVE ->
                spec.setGeneve(GeneveOptions.newBuilder()
                        .setLocal(local)
                        .setRemote(remote)
                        .setPort(port)
                        .setVni(vni));
            case NSH -> spec.setNsh(nsh());
            default -> {
                return false;
            }
        }
        return true;
    }

    private GreOptions.Builder gre() {
        GreOptions.Builder gre = GreOptions.newBuilder()
                .setSrc(local)
                .setDst(remote)
                .setSequence(sequence || pinSequence)
                .setPinSequence(pinSequence);
        if (rxKey != null) {
            gre.setRxKey(word("--rx-key", rxKey));
        }
        if (txKey != null) {
            gre.setTxKey(word("--tx-key", txKey));
        }
        return gre;
    }

    private static int word(String option, long value) {
        if (value < 0 || value > 0xffff_ffffL) {
            throw new IllegalArgumentException(option + " " + value + ": 0 to 4294967295 is expected");
        }
        return (int) value;
    }

    private VxlanGpeOptions.Builder vxlanGpe() {
        return VxlanGpeOptions.newBuilder()
                .setLocal(local)
                .setRemote(remote)
                .setPort(port)
                .setVni(vni);
    }

    private NshOptions.Builder nsh() {
        NshOptions.Builder nsh =
                NshOptions.newBuilder().setSpi(spi).setSi(si).setRxSi(rxSi).setMdType(mdType);
        if (over == null) {
            throw new IllegalArgumentException("nsh needs --over ethernet, gre or vxlan-gpe");
        }
        return switch (over) {
            case ETHERNET -> nsh.setEthernet(NshOptions.Ethernet.newBuilder().setDestination(nextHop));
            case GRE -> nsh.setGre(gre());
            case VXLAN_GPE -> nsh.setVxlanGpe(vxlanGpe());
        };
    }
}
