package io.sluice.worker.conductor.plan;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** What values of options have to be like. Every failure is an IllegalArgumentException that names the option and the value. */
final class Checks {
    static final long U32 = 0xffff_ffffL;
    private static final int FIRST_FD = 3;
    private static final int LAST_FD = 1 << 20;

    /** sun_path has 108 bytes, the last of which is a zero here (unix(7)). */
    private static final int LONGEST_PATH = 107;

    private static final Pattern MAC = Pattern.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");
    private static final Pattern IFNAME = Pattern.compile("[!-~&&[^/:%]]{1,15}");
    // Exactly what InetAddress takes for digits: anything else it would look up.
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");
    private static final Pattern IPV6 = Pattern.compile("(?=[^%]*:)[0-9a-fA-F:][0-9a-fA-F:.]*(%[0-9]{1,9})?");

    private Checks() {}

    static int range(String what, long value, int least, int most) {
        return (int) range(what, value, (long) least, (long) most);
    }

    static long range(String what, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + " " + value + ": " + least + " to " + most + " is expected");
        }
        return value;
    }

    /** A socket that was inherited, but not as standard input, output or error. */
    static int descriptor(int fd) {
        return range("fd", fd, FIRST_FD, LAST_FD);
    }

    static int port(String what, int port) {
        return range(what, port, 1, 65535);
    }

    static String path(String what, String path) {
        int bytes = path.getBytes(StandardCharsets.UTF_8).length;
        if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    what + " \"" + PortPlan.shown(path) + "\": an absolute path is expected, such as /run/guest.sock");
        }
        if (bytes > LONGEST_PATH) {
            throw new IllegalArgumentException(what + " \"" + PortPlan.shown(path) + "\" has " + bytes
                    + " bytes; the address of a unix socket has room for " + LONGEST_PATH);
        }
        return path;
    }

    static String ifname(String name) {
        if (!IFNAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw new IllegalArgumentException("interface name \"" + PortPlan.shown(name)
                    + "\": 1 to 15 printable characters without '/', ':', '%' and blanks are expected");
        }
        return name;
    }

    static String mac(String what, String mac) {
        if (!MAC.matcher(mac).matches()) {
            throw new IllegalArgumentException(
                    what + " \"" + PortPlan.shown(mac) + "\": a MAC address such as 02:00:00:00:00:01 is expected");
        }
        return mac;
    }

    /** An address as digits; nothing is looked up, as the conductor must not wait for name servers. */
    static InetAddress address(String what, String text) {
        boolean v4 = IPV4.matcher(text).matches();
        if (v4 || IPV6.matcher(text).matches()) {
            try {
                return InetAddress.getByName(text);
            } catch (UnknownHostException e) {
                // said below
            }
        }
        if (text.equals("localhost")) {
            return InetAddress.getLoopbackAddress();
        }
        throw new IllegalArgumentException(what + " \"" + PortPlan.shown(text)
                + "\": an IPv4 or IPv6 address is expected, such as 192.0.2.1; names are not looked up");
    }

    /** {@code HOST:PORT}, with an IPv6 address in brackets; no host is {@code 0.0.0.0}. */
    static InetSocketAddress endpoint(String what, String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon).replaceAll("^\\[|]$", "");
        try {
            if (colon >= 0) {
                int port = Integer.parseInt(text.substring(colon + 1));
                return endpoint(what, address(what, host.isEmpty() ? "0.0.0.0" : host), port);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(
                what + " \"" + PortPlan.shown(text) + "\": HOST:PORT is expected, such as 192.0.2.1:4789");
    }

    static InetSocketAddress endpoint(String what, InetAddress host, int port) {
        return new InetSocketAddress(host, port(what + " port", port));
    }

    static void sameFamily(InetAddress a, InetAddress b) {
        if (a.getAddress().length != b.getAddress().length) {
            throw new IllegalArgumentException(a.getHostAddress() + " and " + b.getHostAddress()
                    + " are of different families; both IPv4 or both IPv6 is expected");
        }
    }
}
