package io.sluice.cli;

import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.PacketOptions;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.XdpOptions;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice port add}. */
@Command(
        name = "add",
        description = "Opens a port, over a grant of the broker or a socket of the worker's own.",
        customSynopsis = {
            "sluice port add NAME [GRANT] [OPTIONS]",
            "       sluice port add vecN:transport=T,key=value,...",
            "       sluice port add [-netdev] TYPE,id=NAME,key=value,..."
        },
        footer = {
            "",
            "Options narrow what the grant allows; without any, the port is as the grant has it. The",
            "kind follows from the options, or from the grant. The second form is a vector device as",
            "User Mode Linux takes it on its command line (raw, tap, hybrid, gre, l2tpv3, bess, fd, vde),",
            "the third a netdev as QEMU takes it (l2tpv3, dgram, stream, socket, tap, vde). Both know",
            "one key more, grant=NAME.",
            "",
            "  sluice port add left lan",
            "  sluice port add up uplink --queues 2,3 --mode native",
            "  sluice port add blue --kind vxlan --remote 192.0.2.2 --vni 42",
            "  sluice port add vec0:transport=raw,ifname=v1,depth=128",
            "  sluice port add -netdev dgram,id=n0,local.type=fd,local.str=5"
        })
final class PortAdd extends Action.Calling {
    private static final String VECTOR_MARK = ":transport=";
    private static final Pattern NETDEV = Pattern.compile("(type=)?[a-z0-9-]+,(.*,)?id=.*");

    /** Options that a port of any kind has. */
    private static final Set<String> COMMON = Set.of("--kind", "--depth", "--mtu", "--netdev");

    /** An option that has to be said either way, as its absence means the grant's own. */
    enum Switch {
        ON,
        OFF
    }

    @Spec
    CommandSpec spec;

    @Parameters(
            arity = "0..2",
            paramLabel = "NAME GRANT",
            hideParamSyntax = true,
            description = "name of the port, 1..32 of A-Z a-z 0-9 _ . -, and of the grant in the broker's policy")
    List<String> words = List.of();

    @Option(
            names = {"-netdev", "--netdev"},
            paramLabel = "NETDEV",
            description = "a netdev as QEMU takes it, instead of all else")
    String netdev;

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description = "xdp, packet, tap, gre, vxlan, vxlan-gpe, geneve, nsh, seqpacket, stream, fd")
    PortKind kind;

    @Option(
            names = "--queues",
            paramLabel = "N,N,...",
            hideParamSyntax = true,
            split = ",",
            description = "xdp: queues of the interface; tap: how many to open")
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
            description = "packet, tap: superframes and partial checksums stay whole")
    Switch offloads;

    @Option(names = "--ring-frames", paramLabel = "N", description = "packet: entries of the TPACKET rings")
    Integer ringFrames;

    @Mixin
    TunnelFlags tunnel = new TunnelFlags();

    @Mixin
    SocketFlags socket = new SocketFlags();

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
        return "cannot add port" + (words.isEmpty() ? "" : " " + words.get(0));
    }

    @Override
    void run(Remote worker) {
        AddPortRequest request;
        try {
            request = request();
        } catch (IllegalArgumentException e) {
            throw new Failure(ExitCode.USAGE, failing() + ": " + e.getMessage(), e);
        }
        Port port = worker.stub(PortsGrpc::newBlockingStub).addPort(request);
        print(() -> Json.of(port), () -> PortLs.sentence(port));
    }

    private AddPortRequest request() {
        List<String> given = given();
        if (netdev != null) {
            requireAlone(given, !words.isEmpty());
            return AddPortRequest.newBuilder().setNetdev(netdev).build();
        }
        if (words.isEmpty()) {
            throw new IllegalArgumentException("its name is missing; see sluice port add --help");
        }
        String first = words.get(0);
        if (words.size() == 1 && first.contains(VECTOR_MARK)) {
            requireAlone(given, false);
            return AddPortRequest.newBuilder().setVector(first).build();
        }
        if (words.size() == 1 && NETDEV.matcher(first).matches()) {
            requireAlone(given, false);
            return AddPortRequest.newBuilder().setNetdev(first).build();
        }
        return AddPortRequest.newBuilder().setSpec(spec(given)).build();
    }

    /** The options that were given and only some kinds have. */
    private List<String> given() {
        return spec.commandLine().getParseResult().matchedOptionsSet().stream()
                .filter(option -> !option.inherited())
                .map(OptionSpec::longestName)
                .filter(name -> !COMMON.contains(name))
                .toList();
    }

    private void requireAlone(List<String> given, boolean otherWords) {
        if (otherWords || !given.isEmpty() || kind != null || depth != 0 || mtu != 0) {
            throw new IllegalArgumentException(
                    "a vector device or netdev has its name and all its options in it, such as ,depth=128");
        }
    }

    private PortSpec spec(List<String> given) {
        PortSpec.Builder port = PortSpec.newBuilder()
                .setName(words.get(0))
                .setGrant(words.size() > 1 ? words.get(1) : "")
                .setDepth(depth)
                .setMtu(mtu);
        PortKind wanted = kind == null && !given.isEmpty() ? guess(given) : kind;
        if (wanted != null && !wanted.strange(given).isEmpty()) {
            throw new IllegalArgumentException(
                    String.join(", ", wanted.strange(given)) + ": not for a port of kind " + wanted);
        }
        if ((wanted == null || wanted.needsGrant()) && words.size() == 1) {
            throw new IllegalArgumentException("the name of a grant is missing; see sluice port add --help");
        }
        if (wanted == PortKind.XDP) {
            port.setXdp(xdp());
        } else if (wanted == PortKind.PACKET) {
            port.setPacket(packet());
        } else if (wanted != null && !tunnel.fill(wanted, port)) {
            socket.fill(wanted, port, tapQueues(), offloads == null ? null : offloads == Switch.ON);
        }
        return port.build();
    }

    private static PortKind guess(List<String> given) {
        List<PortKind> fitting = PortKind.of(given);
        if (fitting.size() != 1) {
            throw new IllegalArgumentException(
                    fitting.isEmpty()
                            ? String.join(", ", given) + ": no kind of port has all of these"
                            : "which kind of port? --kind with one of " + fitting);
        }
        return fitting.get(0);
    }

    private int tapQueues() {
        if (queues == null) {
            return 0;
        }
        if (queues.size() != 1) {
            throw new IllegalArgumentException("--queues of a tap is one number, how many to open");
        }
        return queues.get(0);
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
}
