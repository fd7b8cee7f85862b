package io.sluice.cli;

import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.PacketOptions;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.XdpOptions;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice port add}. */
@Command(
        name = "add",
        description = "Asks the broker for a grant and opens a port over it.",
        customSynopsis = {
            "sluice port add NAME GRANT [OPTIONS]",
            "       sluice port add vecN:transport=raw,ifname=DEV[,depth=N,...]"
        },
        footer = {
            "",
            "Options narrow what the grant allows; without any, the port is as the grant has it. The",
            "kind follows from the options, or from the grant. The second form is a vector device as",
            "User Mode Linux takes it on its command line.",
            "",
            "  sluice port add left lan",
            "  sluice port add up uplink --queues 2,3 --mode native",
            "  sluice port add vec0:transport=raw,ifname=v1,depth=128"
        })
final class PortAdd extends Action.Calling {
    private static final String VECTOR_MARK = ":transport=";

    /** The kinds of ports that have options. */
    enum Kind {
        XDP,
        PACKET
    }

    /** An option that has to be said either way, as its absence means the grant's own. */
    enum Switch {
        ON,
        OFF
    }

    @Parameters(
            arity = "1..2",
            paramLabel = "NAME GRANT",
            hideParamSyntax = true,
            description = "name of the port, 1..32 of A-Z a-z 0-9 _ . -, and of the grant in the broker's policy")
    List<String> words;

    @Option(names = "--kind", paramLabel = "xdp|packet", description = "kind of port")
    Kind kind;

    @Option(
            names = "--queues",
            paramLabel = "N,N,...",
            hideParamSyntax = true,
            split = ",",
            description = "xdp: queues of the interface")
    List<Integer> queues;

    @Option(names = "--mode", paramLabel = "native|skb|auto", description = "xdp: how the program is attached")
    XdpOptions.Mode mode;

    @Option(names = "--force-copy", description = "xdp: never zero-copy")
    boolean forceCopy;

    @Option(names = "--no-busy-poll", description = "xdp: interrupts only, although the grant has busy polling")
    boolean noBusyPoll;

    @Option(names = "--rx-only", description = "xdp: the port can't send")
    boolean rxOnly;

    @Option(names = "--sockets", paramLabel = "N", description = "packet: sockets in the fanout group")
    Integer sockets;

    @Option(
            names = "--offloads",
            paramLabel = "on|off",
            description = "packet: superframes and partial checksums stay whole")
    Switch offloads;

    @Option(names = "--ring-frames", paramLabel = "N", description = "packet: entries of the TPACKET rings")
    Integer ringFrames;

    @Option(names = "--depth", paramLabel = "N", description = "packets in a vector, 1..256 (default: 256)")
    int depth;

    @Option(
            names = "--mtu",
            paramLabel = "N",
            description = "bytes without the Ethernet header (default: the device's)")
    int mtu;

    PortAdd(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot add port " + words.get(0);
    }

    @Override
    void run(Remote worker) {
        Port port = worker.stub(PortsGrpc::newBlockingStub).addPort(request());
        print(() -> Json.of(port), () -> PortLs.sentence(port));
    }

    private AddPortRequest request() {
        if (words.size() == 1) {
            if (!words.get(0).contains(VECTOR_MARK)) {
                throw usage("the name of a grant is missing; see sluice port add --help");
            }
            if (anyXdp() || anyPacket() || kind != null || depth != 0 || mtu != 0) {
                throw usage("a vector device has all its options behind its colon, such as ,depth=128");
            }
            return AddPortRequest.newBuilder().setVector(words.get(0)).build();
        }
        return AddPortRequest.newBuilder().setSpec(spec()).build();
    }

    private PortSpec spec() {
        PortSpec.Builder spec = PortSpec.newBuilder()
                .setName(words.get(0))
                .setGrant(words.get(1))
                .setDepth(depth)
                .setMtu(mtu);
        if (anyXdp() && (anyPacket() || kind == Kind.PACKET)) {
            throw usage("--queues, --mode, --force-copy, --no-busy-poll and --rx-only are for xdp ports only");
        }
        if (anyPacket() && kind == Kind.XDP) {
            throw usage("--sockets, --offloads and --ring-frames are for packet ports only");
        }
        if (anyXdp() || kind == Kind.XDP) {
            spec.setXdp(xdp());
        } else if (anyPacket() || kind == Kind.PACKET) {
            spec.setPacket(packet());
        }
        return spec.build();
    }

    private boolean anyXdp() {
        return queues != null || mode != null || forceCopy || noBusyPoll || rxOnly;
    }

    private boolean anyPacket() {
        return sockets != null || offloads != null || ringFrames != null;
    }

    private XdpOptions xdp() {
        return XdpOptions.newBuilder()
                .addAllQueues(queues == null ? List.of() : queues)
                .setMode(mode == null ? XdpOptions.Mode.AUTO : mode)
                .setForceCopy(forceCopy)
                .setNoBusyPoll(noBusyPoll)
                .setRxOnly(rxOnly)
                .build();
    }

    private PacketOptions packet() {
        PacketOptions.Builder packet = PacketOptions.newBuilder()
                .setSockets(sockets == null ? 0 : sockets)
                .setRingFrames(ringFrames == null ? 0 : ringFrames);
        if (offloads != null) {
            packet.setOffloads(offloads == Switch.ON);
        }
        return packet.build();
    }

    private Failure usage(String why) {
        return new Failure(ExitCode.USAGE, failing() + ": " + why);
    }
}
