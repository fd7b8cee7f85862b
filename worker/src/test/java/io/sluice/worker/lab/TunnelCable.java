package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.tunnel.Endpoint;
import io.sluice.worker.port.tunnel.TunnelSpec;
import io.sluice.worker.port.tunnel.Underlay;
import io.sluice.worker.sys.WorkerCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/** A cable with an IP address at each end, for tunnels; its second end is in a namespace of its own. */
public final class TunnelCable implements AutoCloseable {
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int BUFFER = 64 << 20;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int IPV4_HEADER = 20;
    private static final String MAC = "02:00:00:00:09:0";

    private final Netns near;
    private final Netns far = new Netns();
    private final String nearDevice;
    private final PortKind.Tunnel tunnel;

    /** Takes two joined devices of {@code near} and moves one away. */
    TunnelCable(Netns near, String nearDevice, String farDevice, PortKind.Tunnel tunnel) throws Exception {
        this.near = near;
        this.nearDevice = nearDevice;
        this.tunnel = tunnel;
        near.move(farDevice, far);
        configure(near, nearDevice, 1);
        configure(far, farDevice, 2);
        far.ip("link set " + farDevice + " up");
        near.up(nearDevice);
        neighbour(near, nearDevice, 2);
        neighbour(far, farDevice, 1);
    }

    private void configure(Netns netns, String device, int end) throws IOException {
        netns.ip("link set " + device + " address " + MAC + end);
        if (tunnel.ipv6()) {
            netns.allowIpv6(device);
        }
        address(netns, device, end);
    }

    private void address(Netns netns, String device, int end) throws IOException {
        String what = address(end) + (tunnel.ipv6() ? "/64 nodad" : "/24");
        netns.ip("addr replace " + what + " dev " + device);
    }

    /** Gives the near device back what the kernel took from it as it went down: IPv6 addresses. */
    void restore() throws IOException {
        address(near, nearDevice, 1);
        neighbour(near, nearDevice, 2);
    }

    /** Else what is sent first waits for an answer to ARP, and not much may wait. */
    private void neighbour(Netns netns, String device, int end) throws IOException {
        netns.ip("neigh replace " + address(end) + " lladdr " + MAC + end + " dev " + device + " nud permanent");
    }

    private String address(int end) {
        return (tunnel.ipv6() ? "fd09::" : "10.9.0.") + end;
    }

    /** The namespace that a device is in. */
    public Netns netns(String device) {
        return device.equals(nearDevice) ? near : far;
    }

    /** Where the tunnel ends at a device. */
    public Endpoint endpoint(String device) throws IOException {
        int end = device.equals(nearDevice) ? 1 : 2;
        Protocol protocol = tunnel.encapsulation().protocol();
        byte[] address = tunnel.ipv6() ? new byte[16] : new byte[] {10, 9, 0, 0};
        if (tunnel.ipv6()) {
            address[0] = (byte) 0xfd;
            address[1] = 9;
        }
        address[address.length - 1] = (byte) end;
        return new Endpoint(InetAddress.getByAddress(address), protocol.defaultPort());
    }

    private Endpoint other(String device) throws IOException {
        return endpoint(device.equals(nearDevice) ? "the far one" : nearDevice);
    }

    /** A socket at a device's end. */
    public Underlay underlay(String device, Underlay.Settings settings, FramePool pool) throws Exception {
        Protocol protocol = tunnel.encapsulation().protocol();
        return netns(device).call(() -> Underlay.open(protocol, endpoint(device), settings, pool));
    }

    /** The tunnel from a device to the other. */
    public TunnelSpec spec(String device) throws IOException {
        return new TunnelSpec(tunnel.encapsulation(), other(device));
    }

    /** A plain socket at a device's end that speaks to the other. */
    public Wire wire(String device) throws Exception {
        Protocol protocol = tunnel.encapsulation().protocol();
        int family = tunnel.ipv6() ? 10 : 2;
        Fd socket = netns(device)
                .call(() -> Fd.owned(
                        WorkerCalls.LIBC.socket(
                                family, (protocol.isUdp() ? 2 : 3) | SOCK_CLOEXEC, protocol.ipProtocol()),
                        "socket"));
        ByteBuffer buffer = Native.allocate(4).putInt(0, BUFFER);
        WorkerCalls.LIBC.setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUFFORCE, buffer, 4);
        Native.check(LabCalls.LIBC.bind(socket.number(), sockaddr(endpoint(device)), 28), "bind");
        Native.check(LabCalls.LIBC.connect(socket.number(), sockaddr(other(device)), 28), "connect");
        boolean outer = !tunnel.ipv6() && !protocol.isUdp();
        return new Wire(socket, HexFormat.of().parseHex(tunnel.header()), outer ? IPV4_HEADER : 0);
    }

    private ByteBuffer sockaddr(Endpoint endpoint) {
        ByteBuffer bytes = Native.allocate(28).putShort(0, (short) (tunnel.ipv6() ? 10 : 2));
        bytes.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) endpoint.port());
        return bytes.put(tunnel.ipv6() ? 8 : 4, endpoint.address().getAddress());
    }

    @Override
    public void close() throws IOException {
        far.close();
    }
}
