package io.sluice.broker.kind;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.bpf.BpfMap;
import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.policy.IpGrant;
import io.sluice.broker.sys.Device;
import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A UDP or raw socket (udp(7), raw(7)) bound to the address of its jail. All that its holder may do to it, re-connect, forge
 * headers, unbind the device, stays in the jail. The filter, locked before the bind, ends reception with the lease.
 */
public final class IpKind {
    private static final int UDP = 17;
    private static final int AF_INET6 = 10;

    private IpKind() {}

    /** Makes the socket of {@code grant}, in the network namespace of the calling thread. */
    public static Made make(IpGrant grant, Device device) throws IOException {
        try (Closer closer = new Closer()) {
            BpfMap active = BpfMap.gate("sluice_active");
            closer.add(active::close);
            byte[] local = grant.local();
            boolean udp = grant.protocol() == UDP;
            int family = local.length == 4 ? Sockets.AF_INET : AF_INET6;
            int type = udp ? Sockets.SOCK_DGRAM : Sockets.SOCK_RAW;
            Fd socket = closer.add(Sockets.open(family, type, grant.protocol(), grant.kind()));
            try (BpfProgram filter = PacketKind.filter("sluice_ip", grant.program(), active, device)) {
                Sockets.lockFilter(socket, filter.fd());
            }
            Sockets.pinDevice(socket, device.name());
            Native.check(
                    LIBC.bind(socket.number(), address(local, grant.port()), local.length == 4 ? 16 : 28),
                    "bind(" + grant.kind() + ", port " + grant.port() + ")");
            closer.add(active::shut);
            return new Made(List.of(socket), grant::describe, active::open, closer.release());
        }
    }

    /** sockaddr_in {family u16, port be16, addr 4} or sockaddr_in6 {family u16, port be16, flowinfo u32, addr 16, scope}. */
    private static ByteBuffer address(byte[] local, int port) {
        boolean v4 = local.length == 4;
        ByteBuffer address = Native.allocate(28).putShort(0, (short) (v4 ? Sockets.AF_INET : AF_INET6));
        address.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) port).order(ByteOrder.nativeOrder());
        return address.put(v4 ? 4 : 8, local);
    }
}
