package io.sluice.broker.policy;

import com.google.protobuf.ByteString;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Lease;
import java.util.List;
import java.util.Optional;

/**
 * A socket of IP in a routed jail: UDP, or raw of one protocol. A request takes it whole, so that the grant is its own
 * order. The jail is what confines it: a raw socket forges any header, and a device binding is undone by connect(2).
 *
 * @param kind udp, gre, l2tpv3 or raw
 * @param protocol of IP: 17, 47, 115, or any
 * @param port that a UDP socket is bound to; 0: one that the kernel chooses, or raw
 * @param program the socket's filter: receives while the lease lives
 */
public record IpGrant(String name, String kind, Place.Jail place, int protocol, int port, Program program)
        implements Grant, Order {
    public static final Range PROTOCOL = new Range(1, 254);
    public static final Range PORT = new Range(0, 65_535);

    public IpGrant {
        Require.name(name);
        PROTOCOL.check("protocol", protocol);
        PORT.check("port", port);
        Require.that(place.bridge().isEmpty(), "a socket of IP needs a routed jail: a gateway in place of the bridge");
        Require.that(local(place).isPresent(), "its jail has no whole address to bind to, only prefixes");
    }

    /** The address that the socket is bound to: the first one of the jail that is no prefix, 4 or 16 bytes. */
    public byte[] local() {
        return local(place).orElseThrow().network();
    }

    private static Optional<Prefix> local(Place.Jail place) {
        return place.addresses().stream()
                .filter(prefix -> prefix.length() == prefix.network().length * Byte.SIZE)
                .findFirst();
    }

    /** What the client is told that it got, with {@code fd} the index of the socket in the reply. */
    public void describe(Lease.Builder lease, int fd) {
        ByteString address = ByteString.copyFrom(local());
        lease.getIpBuilder()
                .setProtocol(protocol)
                .setLocal(address)
                .setPort(port)
                .setFd(fd);
    }

    @Override
    public String grant() {
        return name;
    }

    @Override
    public List<Integer> queues() {
        return List.of(0);
    }

    @Override
    public long memory() {
        return 0;
    }

    @Override
    public Order narrow(GrantRequest request) {
        return this;
    }

    @Override
    public Optional<String> excess(Order order) {
        return new Excess().same("grant", order, this).found();
    }
}
