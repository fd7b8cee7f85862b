package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Native;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An IP address and a UDP port.
 *
 * @param port 0 to 65535; 0 without UDP, and for a local port that the kernel chooses
 */
public record Endpoint(InetAddress address, int port) {
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    /** Bytes of a sockaddr_in6, the longer of the two. */
    static final int SOCKADDR = 28;

    /** Before the IPv4 address in an IPv6 address that stands for it (RFC 4291, 2.5.5.2). */
    private static final long MAPPED = 0xffffL << 32;

    public Endpoint {
        if (port < 0 || port > 0xffff) {
            throw new IllegalArgumentException("port " + port + ": 0 to 65535 are possible");
        }
    }

    boolean isIpv4() {
        return address instanceof Inet4Address;
    }

    int family() {
        return isIpv4() ? AF_INET : AF_INET6;
    }

    /** First half of the address as IPv6. */
    long high() {
        return isIpv4() ? 0 : ByteBuffer.wrap(address.getAddress()).getLong(0);
    }

    /** Second half of the address as IPv6. */
    long low() {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return isIpv4() ? mapped(bytes.getInt(0)) : bytes.getLong(8);
    }

    static long mapped(int ipv4) {
        return MAPPED | (ipv4 & 0xffffffffL);
    }

    /** Bytes that {@link #sockaddr} uses. */
    int sockaddrLength() {
        return isIpv4() ? 16 : SOCKADDR;
    }

    /** A sockaddr_in {family, port be16, address} or sockaddr_in6 {family, port be16, flow, address, scope}. */
    ByteBuffer sockaddr() {
        ByteBuffer bytes = Native.allocate(SOCKADDR);
        bytes.putShort(0, (short) family());
        bytes.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) port).order(ByteOrder.nativeOrder());
        bytes.put(isIpv4() ? 4 : 8, address.getAddress());
        if (address instanceof Inet6Address ipv6) {
            bytes.putInt(24, ipv6.getScopeId());
        }
        return bytes;
    }

    @Override
    public String toString() {
        return (isIpv4() ? address.getHostAddress() : "[" + address.getHostAddress() + "]") + ":" + port;
    }
}
