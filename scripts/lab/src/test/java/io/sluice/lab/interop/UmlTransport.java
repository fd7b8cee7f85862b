package io.sluice.lab.interop;

import java.nio.file.Path;
import java.util.Locale;

/** The vector transports of User Mode Linux: each of two guests has a device of each, and the worker a port for each of those. */
enum UmlTransport {
    GRE(
            0,
            Ferry.MTU,
            "gre,src=192.0.2.2,dst=198.51.100.10,rx_key=2,tx_key=1,sequence=1",
            "gre,src=198.51.100.10,dst=192.0.2.2,rx_key=1,tx_key=2,sequence=1,grant=gre4",
            "gre,src=192.0.2.3,dst=198.51.100.11",
            "gre,src=198.51.100.11,dst=192.0.2.3,grant=gre-2"),
    L2TPV3(
            1,
            Ferry.MTU,
            "l2tpv3,udp=1,src=192.0.2.2,dst=192.0.2.1,srcport=1707,dstport=1706,rx_session=2,tx_session=1"
                    + ",cookie64=1,rx_cookie=0x1112131415161718,tx_cookie=0x2122232425262728,counter=1",
            "l2tpv3,udp=1,src=192.0.2.1,dst=192.0.2.2,srcport=1706,dstport=1707,rx_session=1,tx_session=2"
                    + ",cookie64=1,rx_cookie=0x2122232425262728,tx_cookie=0x1112131415161718,counter=1",
            "l2tpv3,src=192.0.2.3,dst=198.51.100.20,rx_session=4,tx_session=3,rx_cookie=6,tx_cookie=5",
            "l2tpv3,src=198.51.100.20,dst=192.0.2.3,rx_session=3,tx_session=4,rx_cookie=5,tx_cookie=6,grant=l2tp4"),
    BESS(2, 1500, "bess,dst=DIR/bess1", "bess,src=DIR/bess1", "bess,dst=DIR/bess2", "bess,src=DIR/bess2"),
    FD(3, 1500, "fd,fd=22", "fd,fd=20", "fd,fd=23", "fd,fd=21");

    /** Of the devices of all three hosts, bytes. */
    final int mtu;

    private final int number;
    private final String guest1;
    private final String port1;
    private final String guest2;
    private final String port2;

    /** Options of guest 1's device, of the worker's port for it, of guest 2's, of the worker's port for that. */
    UmlTransport(int number, int mtu, String guest1, String port1, String guest2, String port2) {
        this.number = number;
        this.mtu = mtu;
        this.guest1 = guest1;
        this.port1 = port1;
        this.guest2 = guest2;
        this.port2 = port2;
    }

    /** A guest's vector device, on its command line. */
    String device(int guest, Path sockets) {
        String end = guest == 1 ? guest1 : guest2;
        return interfaceName() + ":transport=" + end.replace("DIR", sockets.toString()) + ",mtu=" + mtu;
    }

    /** The worker's port for a guest, as words of {@code sluice port add}. */
    String port(int guest, Path sockets) {
        String end = guest == 1 ? port1 : port2;
        return name(guest) + ":transport=" + end.replace("DIR", sockets.toString());
    }

    /** Of the worker's port for a guest. */
    String name(int guest) {
        return name().toLowerCase(Locale.ROOT) + guest;
    }

    /** Of the device in both guests. */
    String interfaceName() {
        return "vec" + number;
    }

    /** IPv4, of guest 1, guest 2, or 3, the host. */
    String address(int host) {
        return "10.9." + (10 + number) + "." + host;
    }

    /** The host's device. */
    String hostDevice() {
        return "h" + number;
    }

    /** Its other end, under the device under test. */
    String hostEnd() {
        return "p" + number;
    }

    /** The grant of that, and the worker's port. */
    String hostPort() {
        return "host" + number;
    }
}
