package io.sluice.broker.net;

import static io.sluice.broker.net.NetlinkMessage.CREATE;
import static io.sluice.broker.net.NetlinkMessage.EXCL;
import static io.sluice.broker.net.NetlinkMessage.NESTED;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import jnr.constants.platform.Errno;

/**
 * Devices, addresses, routes and filters of one network namespace: that of the thread that opened this, whichever thread
 * calls. The family headers are struct ifinfomsg {family, ifindex, flags, change}, ifaddrmsg, rtmsg and tcmsg. Each method is one or two requests that the kernel has carried out when it returns; if it refuses, a {@link
 * SyscallException} carries its errno and its explanation. All of it needs CAP_NET_ADMIN. Not for several threads.
 */
public final class Rtnetlink implements AutoCloseable {
    private static final int AF_UNSPEC = 0;
    private static final int AF_INET = 2;
    private static final int AF_BRIDGE = 7;
    private static final int AF_INET6 = 10;

    private static final int NEWLINK = 16;
    private static final int DELLINK = 17;
    private static final int GETLINK = 18;
    private static final int SETLINK = 19;
    private static final int NEWADDR = 20;
    private static final int NEWROUTE = 24;
    private static final int NEWQDISC = 36;
    private static final int NEWTFILTER = 44;

    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_PROTINFO = 12;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int VETH_INFO_PEER = 1;
    private static final int IFLA_AF_SPEC = 26;
    private static final int IFLA_INET6_ADDR_GEN_MODE = 8;
    private static final int ADDR_GEN_MODE_NONE = 1;
    private static final int IFLA_GROUP = 27;
    private static final int IFLA_NET_NS_FD = 28;
    private static final int IFLA_EXT_MASK = 29;
    private static final int SKIP_STATS = 8;
    private static final int IFLA_NUM_TX_QUEUES = 31;
    private static final int IFLA_NUM_RX_QUEUES = 32;
    private static final int IFLA_BRPORT_GUARD = 5;
    private static final int IFF_UP = 1;
    private static final int IFF_NOARP = 0x80;

    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_F_NODAD = 2;
    private static final int RTA_DST = 1;
    private static final int RTA_OIF = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int SCOPE_UNIVERSE = 0;
    private static final int SCOPE_LINK = 253;
    private static final int TABLE_MAIN = 254;
    private static final int PROTOCOL_STATIC = 4;
    private static final int UNICAST = 1;

    private static final int TCA_KIND = 1;
    private static final int TCA_OPTIONS = 2;
    private static final int TCA_BPF_FD = 6;
    private static final int TCA_BPF_NAME = 7;
    private static final int TCA_BPF_FLAGS = 8;
    private static final int ACT_DIRECT = 1;
    private static final int CLSACT_HANDLE = 0xFFFF0000;
    private static final int CLSACT = 0xFFFFFFF1;
    private static final int CLSACT_INGRESS = 0xFFFFFFF2;
    private static final int CLSACT_EGRESS = 0xFFFFFFF3;
    private static final int FILTER_HANDLE = 1;
    /** Priority 1 and protocol ETH_P_ALL, which is in network byte order. */
    private static final int FILTER_INFO = 1 << 16 | (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? 3 : 0x300);

    private final NetlinkSocket socket;

    /** Over a socket that is open already, which this owns from now on. */
    Rtnetlink(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** Opens the calling thread's namespace. */
    public static Rtnetlink open() throws SyscallException {
        return new Rtnetlink(NetlinkSocket.open());
    }

    /**
     * Creates two joined devices, both down: {@code name} here and {@code peerName} in another namespace.
     *
     * @param group of {@code name}, by which {@link #deleteGroup} finds it
     * @param mtu bytes without the Ethernet header, of both
     * @param queues to send and to receive, of both
     * @throws SyscallException EEXIST if there is such a device in either place
     */
    public void createVeth(
            String name, String peerName, Fd peerNamespace, byte[] peerMac, int mtu, int group, int queues)
            throws IOException {
        Consumer<NetlinkMessage> both =
                end -> end.u32(IFLA_MTU, mtu).u32(IFLA_NUM_TX_QUEUES, queues).u32(IFLA_NUM_RX_QUEUES, queues);
        Consumer<NetlinkMessage> peer = end -> {
            end.words(AF_UNSPEC, 0, 0, 0).bytes(IFLA_ADDRESS, peerMac);
            both.accept(end);
            end.u32(IFLA_NET_NS_FD, peerNamespace.number()).text(IFLA_IFNAME, peerName);
        };
        NetlinkMessage request = new NetlinkMessage(NEWLINK, CREATE | EXCL)
                .words(AF_UNSPEC, 0, 0, 0)
                .u32(IFLA_GROUP, group);
        both.accept(request);
        request.text(IFLA_IFNAME, name)
                .nest(
                        IFLA_LINKINFO,
                        info -> info.text(IFLA_INFO_KIND, "veth")
                                .nest(IFLA_INFO_DATA, data -> data.nest(VETH_INFO_PEER, peer)));
        socket.request(request, "create veth " + name + " with peer " + peerName);
    }

    /**
     * Brings a device up that makes no IPv6 address of itself: the kernel takes that setting (IFLA_INET6_ADDR_GEN_MODE) of
     * devices that exist, not with their creation, and one without IPv6 has nothing to set. It still believes a router's
     * advertisement, address and default route: whoever polices the link has to drop those (ICMPv6 type 134).
     *
     * @param noArp neither ask for nor answer who has an address
     */
    public void up(int ifindex, boolean noArp) throws IOException {
        Consumer<NetlinkMessage> quiet = inet6 -> inet6.bytes(IFLA_INET6_ADDR_GEN_MODE, (byte) ADDR_GEN_MODE_NONE);
        socket.attempt(
                link(SETLINK, ifindex).nest(IFLA_AF_SPEC, spec -> spec.nest(AF_INET6, quiet)),
                "turn off IPv6 autoconfiguration of device " + ifindex,
                Errno.EAFNOSUPPORT);
        int flags = noArp ? IFF_UP | IFF_NOARP : IFF_UP;
        socket.request(
                new NetlinkMessage(SETLINK, 0).words(AF_UNSPEC, ifindex, flags, IFF_UP | IFF_NOARP),
                "set device " + ifindex + " up");
    }

    /** Sets the bytes of a device's packets without the Ethernet header. */
    public void mtu(int ifindex, int bytes) throws IOException {
        socket.request(link(SETLINK, ifindex).u32(IFLA_MTU, bytes), "set the MTU of device " + ifindex);
    }

    /** Makes a device a port of a bridge. */
    public void master(int ifindex, int bridge) throws IOException {
        socket.request(
                link(SETLINK, ifindex).u32(IFLA_MASTER, bridge), "add device " + ifindex + " to bridge " + bridge);
    }

    /** Makes a bridge's port one that takes no BPDU: it goes down at the first, which no tenant has to send. */
    public void guard(int ifindex) throws IOException {
        NetlinkMessage request = new NetlinkMessage(SETLINK, 0)
                .words(AF_BRIDGE, ifindex, 0, 0)
                .nest(IFLA_PROTINFO | NESTED, port -> port.bytes(IFLA_BRPORT_GUARD, (byte) 1));
        socket.request(request, "guard bridge port " + ifindex);
    }

    /** Deletes a device, and with one end of a veth pair the other. One that is gone already is no error. */
    public void delete(int ifindex) throws IOException {
        socket.attempt(link(DELLINK, ifindex), "delete device " + ifindex, Errno.ENODEV);
    }

    /** Moves a device to a group. One that is gone is no error. */
    public void group(int ifindex, int group) throws IOException {
        NetlinkMessage request = link(SETLINK, ifindex).u32(IFLA_GROUP, group);
        socket.attempt(request, "move device " + ifindex + " to a group", Errno.ENODEV);
    }

    /** Deletes all devices of a group, with the waits of the kernel that one takes; returns whether there were any. */
    public boolean deleteGroup(int group) throws IOException {
        NetlinkMessage request = link(DELLINK, 0).u32(IFLA_GROUP, group);
        return socket.attempt(request, "delete the devices of a group", Errno.ENODEV);
    }

    /** Whether there is such a device. */
    public boolean exists(int ifindex) throws IOException {
        NetlinkMessage request = link(GETLINK, ifindex).u32(IFLA_EXT_MASK, SKIP_STATS);
        return socket.attempt(request, "look up device " + ifindex, Errno.ENODEV);
    }

    private static NetlinkMessage link(int type, int ifindex) {
        return new NetlinkMessage(type, 0).words(AF_UNSPEC, ifindex, 0, 0);
    }

    /** Gives a device an address, without asking the link whether it is in use. */
    public void address(int ifindex, InetAddress address, int prefix) throws IOException {
        boolean v4 = address.getAddress().length == 4;
        NetlinkMessage request = new NetlinkMessage(NEWADDR, CREATE | EXCL)
                .octets(v4 ? AF_INET : AF_INET6, prefix, v4 ? 0 : IFA_F_NODAD, 0)
                .words(ifindex)
                .bytes(IFA_LOCAL, address.getAddress())
                .bytes(IFA_ADDRESS, address.getAddress());
        socket.request(request, "give device " + ifindex + " " + address.getHostAddress() + "/" + prefix);
    }

    /** Routes a network, whose host bits are 0, to a device, on whose link it is. */
    public void route(int ifindex, InetAddress network, int prefix) throws IOException {
        String what = network.getHostAddress() + "/" + prefix + " to device " + ifindex;
        route(RTA_DST, network, prefix, SCOPE_LINK, ifindex, what);
    }

    /** Routes all that has no other route to a gateway, which has to be on the device's link. */
    public void defaultRoute(InetAddress gateway, int ifindex) throws IOException {
        String what = "by default to " + gateway.getHostAddress() + ", device " + ifindex;
        route(RTA_GATEWAY, gateway, 0, SCOPE_UNIVERSE, ifindex, what);
    }

    private void route(int attribute, InetAddress address, int prefix, int scope, int ifindex, String what)
            throws IOException {
        boolean v4 = address.getAddress().length == 4;
        NetlinkMessage request = new NetlinkMessage(NEWROUTE, CREATE | EXCL)
                .octets(v4 ? AF_INET : AF_INET6, prefix, 0, 0)
                .octets(TABLE_MAIN, PROTOCOL_STATIC, v4 ? scope : SCOPE_UNIVERSE, UNICAST) // of IPv6 they have none
                .words(0)
                .bytes(attribute, address.getAddress())
                .u32(RTA_OIF, ifindex);
        socket.request(request, "route " + what);
    }

    /**
     * Puts a program before all that a device receives, or sends. The program decides alone (direct action). It stays as
     * long as the device, whatever becomes of this process and of the program's descriptor.
     *
     * @param ingress what the device receives, as the stack sees it: for a veth, what its peer sends
     * @param name for {@code tc filter show}
     * @throws SyscallException EEXIST if the device has one by this method already
     */
    public void police(int ifindex, boolean ingress, Fd program, String name) throws IOException {
        NetlinkMessage qdisc = new NetlinkMessage(NEWQDISC, CREATE | EXCL)
                .words(AF_UNSPEC, ifindex, CLSACT_HANDLE, CLSACT, 0)
                .text(TCA_KIND, "clsact");
        socket.attempt(qdisc, "add clsact to device " + ifindex, Errno.EEXIST);
        NetlinkMessage filter = new NetlinkMessage(NEWTFILTER, CREATE | EXCL)
                .words(AF_UNSPEC, ifindex, FILTER_HANDLE, ingress ? CLSACT_INGRESS : CLSACT_EGRESS, FILTER_INFO)
                .text(TCA_KIND, "bpf")
                .nest(
                        TCA_OPTIONS,
                        options -> options.u32(TCA_BPF_FD, program.number())
                                .text(TCA_BPF_NAME, name)
                                .u32(TCA_BPF_FLAGS, ACT_DIRECT));
        socket.request(
                filter, "add filter " + name + " to " + (ingress ? "ingress" : "egress") + " of device " + ifindex);
    }

    @Override
    public void close() {
        socket.close();
    }
}
