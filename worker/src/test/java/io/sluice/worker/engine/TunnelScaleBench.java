package io.sluice.worker.engine;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.LabCalls;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.synthetic.SyntheticPort;
import io.sluice.worker.port.tunnel.Endpoint;
import io.sluice.worker.port.tunnel.TunnelPort;
import io.sluice.worker.port.tunnel.TunnelSpec;
import io.sluice.worker.port.tunnel.Underlay;
import io.sluice.worker.sys.WorkerCalls;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * What a received packet costs when the VXLAN socket that it comes by has many VNIs, beside one: bursts over loopback, in
 * turn, driven by the caller's thread, of which the processor time counts. The kernel joins nothing, as if each packet were of
 * another flow.
 *
 * <pre>
 *  to nowhere:  socket - tunnel i - port that forgets          what receiving costs
 *  through:     socket - tunnel i - tunnel i - other socket    what stitching two networks costs
 * </pre>
 */
public final class TunnelScaleBench {
    private static final int BURST = 512;
    private static final int FRAME = 60;
    private static final int HEADER = 8;
    private static final int WARM_UP = 1_000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private TunnelScaleBench() {}

    /** A data path of its own for so many VNIs. */
    private static final class Rig {
        final int vnis;
        final DataPath dataPath;
        final List<Port> tunnels = new ArrayList<>();
        final Fd sender;
        final Random random = new Random(1);
        final ByteBuffer headers = Native.allocate(BURST * 64);
        final ByteBuffer iovecs = Native.allocate(BURST * 16);
        final ByteBuffer packets = Native.allocate(BURST * (HEADER + FRAME));
        final double[] samples;
        final boolean through;

        Rig(int host, int vnis, boolean through, int rounds) throws Exception {
            this.vnis = vnis;
            this.through = through;
            samples = new double[rounds];
            dataPath = new DataPath(Pools.of(2048, 8192, 0), IdleStrategy.SPIN, dead -> {});
            Underlay.Settings settings = new Underlay.Settings(false, false, false);
            Underlay in = Underlay.open(Protocol.VXLAN, at(host, 4789), settings, dataPath.pool());
            Underlay out =
                    through ? Underlay.open(Protocol.VXLAN, at(host + 1, 4789), settings, dataPath.pool()) : null;
            for (int vni = 0; vni < vnis; vni++) {
                Port from = tunnel(in, vni, at(host + 2, 4789));
                Port to =
                        through ? tunnel(out, vni, at(host + 3, 4789)) : SyntheticPort.discard(info(), dataPath.pool());
                tunnels.add(from);
                dataPath.addLink(new CrossConnect("l" + vni, from, to));
            }
            Fd sink = Fd.owned(
                    WorkerCalls.LIBC.socket(2, 2 | 0x80000, 0), "socket"); // else ICMP says that nobody is there
            Native.check(LabCalls.LIBC.bind(sink.number(), sockaddr(host + 3), 16), "bind");
            sender = Fd.owned(WorkerCalls.LIBC.socket(2, 2 | 0x80000, 0), "socket");
            Native.check(LabCalls.LIBC.bind(sender.number(), sockaddr(host + 2), 16), "bind");
            Native.check(LabCalls.LIBC.connect(sender.number(), sockaddr(host), 16), "connect");
            for (int i = 0; i < BURST; i++) {
                iovecs.putLong(i * 16, Native.address(packets) + (long) i * (HEADER + FRAME));
                iovecs.putLong(i * 16 + 8, HEADER + FRAME);
                headers.putLong(i * 64 + 16, Native.address(iovecs) + i * 16L).putLong(i * 64 + 24, 1);
            }
        }

        private Port tunnel(Underlay underlay, int vni, Endpoint peer) {
            return TunnelPort.open(info(), underlay, new TunnelSpec(new Encapsulation.Vxlan(vni), peer));
        }

        /** ns a packet. */
        double burst() {
            packets.order(ByteOrder.BIG_ENDIAN);
            for (int i = 0; i < BURST; i++) {
                int at = i * (HEADER + FRAME);
                packets.putInt(at, 0x08000000).putInt(at + 4, random.nextInt(vnis) << 8);
            }
            for (int done = 0; done < BURST; ) {
                int sent = WorkerCalls.LIBC.sendmmsg(
                        sender.number(), Native.address(headers) + done * 64L, BURST - done, 0);
                if (sent <= 0) {
                    throw new AssertionError("errno " + Native.errno());
                }
                done += sent;
            }
            long start = THREADS.getCurrentThreadCpuTime();
            while (dataPath.cycle() > 0) { // until nothing moves any more
            }
            return (THREADS.getCurrentThreadCpuTime() - start) / (double) BURST;
        }
    }

    private static PortInfo info() {
        return new PortInfo("t", "tunnel", "", 0, "", 0, 1500, "", Vector.CAPACITY, List.of());
    }

    private static Endpoint at(int host, int port) throws Exception {
        return new Endpoint(InetAddress.getByAddress(new byte[] {127, 9, 0, (byte) host}), port);
    }

    private static ByteBuffer sockaddr(int host) {
        ByteBuffer bytes = Native.allocate(16).putShort(0, (short) 2);
        return bytes.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) 4789).putInt(4, 0x7f090000 | host);
    }

    /** Arguments: rounds, then numbers of VNIs, the first of which is what the others are compared with. */
    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[0]);
        int host = 1;
        for (boolean through : new boolean[] {false, true}) {
            List<Rig> rigs = new ArrayList<>();
            for (int i = 1; i < args.length; i++, host += 4) {
                rigs.add(new Rig(host, Integer.parseInt(args[i]), through, rounds));
            }
            for (int round = -WARM_UP; round < rounds; round++) {
                for (Rig rig : rigs) {
                    double sample = rig.burst();
                    if (round >= 0) {
                        rig.samples[round] = sample;
                    }
                }
            }
            rigs.forEach(rig -> Arrays.sort(rig.samples));
            rigs.forEach(rig -> print(rig, rigs.get(0)));
        }
    }

    private static void print(Rig rig, Rig first) {
        int n = rig.samples.length;
        System.out.printf(
                Locale.ROOT,
                "%-10s %6d VNIs: median %7.1f ns a packet (tenths: %.1f to %.1f), ratio %.2f%n",
                rig.through ? "through" : "to nowhere",
                rig.vnis,
                rig.samples[n / 2],
                rig.samples[n / 10],
                rig.samples[n * 9 / 10],
                rig.samples[n / 2] / first.samples[n / 2]);
    }
}
