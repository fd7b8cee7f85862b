package io.sluice.worker.port.line;

import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A host and a port of TCP or UDP.
 *
 * @param host an IPv4 or IPv6 address, or a name, which is looked up once, when the port is opened
 * @param port 0..65535; 0 only to bind any
 */
public record HostPort(String host, int port) implements SocketAddress {
    static final short AF_INET = 2;
    static final short AF_INET6 = 10;

    public HostPort {
        if (host.isBlank()) {
            throw new IllegalArgumentException("a host is expected: an address or a name");
        }
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port + ": 0 to 65535 is expected");
        }
    }

    /** struct sockaddr_in: family u16, port be16, address; or sockaddr_in6: family, port, flow u32, address, scope u32. */
    @Override
    public ByteBuffer encode() throws IOException {
        InetAddress address = InetAddress.getByName(host);
        boolean six = address instanceof Inet6Address;
        ByteBuffer encoded = Native.allocate(six ? 28 : 16).putShort(0, six ? AF_INET6 : AF_INET);
        encoded.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) port).order(ByteOrder.nativeOrder());
        encoded.put(six ? 8 : 4, address.getAddress());
        return six ? encoded.putInt(24, ((Inet6Address) address).getScopeId()) : encoded;
    }

    @Override
    public String toString() {
        return host.indexOf(':') < 0 ? host + ":" + port : "[" + host + "]:" + port;
    }
}
