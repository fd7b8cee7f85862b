package io.sluice.worker.conductor.plan;

import io.sluice.worker.conductor.plan.MessageTransport.InetDgram;
import io.sluice.worker.conductor.plan.MessageTransport.Inherited;
import io.sluice.worker.conductor.plan.MessageTransport.UnixDgram;
import io.sluice.worker.conductor.plan.StreamTransport.Endpoint;
import io.sluice.worker.conductor.plan.TunnelTransport.Cookie;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The netdevs of QEMU that join it to something else (qapi/net.json, net/l2tpv3.c, dgram.c, stream.c, socket.c, tap.c, vde.c). */
final class NetdevTransports {
    private static final int MOST_FDS = 64;
    private static final int MOST_SECONDS = 3600;
    private static final int MOST_MS = 3_600_000;
    private static final int MOST_OFFSET = 256;

    /** What a tap has to do with vhost or with QEMU's scripts; here it has no effect. */
    private static final List<String> TAP_IGNORED =
            List.of("vhost", "vhostfd", "vhostfds", "vhostforce", "poll-us", "sndbuf");

    private static final List<String> INET_IGNORED = List.of("ipv4", "ipv6", "numeric", "keep-alive", "mptcp");

    private NetdevTransports() {}

    static Transport of(String type, Keys keys) {
        return switch (type) {
            case "l2tpv3" -> l2tpv3(keys);
            case "dgram" -> dgram(keys);
            case "stream" -> stream(keys);
            case "socket" -> socket(keys);
            case "tap" -> tap(keys);
            case "vde" ->
                new MessageTransport.Vde(
                        keys.required("sock"),
                        keys.number("port", 0, Integer.MAX_VALUE, 0),
                        keys.text("group"),
                        VectorTransports.mode(keys),
                        "QEMU");
            default ->
                throw new IllegalArgumentException("netdev " + PortPlan.shown(type)
                        + " is unknown here; l2tpv3, dgram, stream, socket, tap and vde are known");
        };
    }

    private static Transport l2tpv3(Keys keys) {
        boolean v6 = keys.on("ipv6");
        InetAddress remote = address(keys, "dst", v6);
        Optional<InetAddress> local = Optional.of(address(keys, "src", v6));
        boolean udp = keys.on("udp");
        if (udp) {
            keys.required("srcport");
            keys.required("dstport");
        }
        // Without udp=on QEMU takes ports and forgets them.
        int localPort = keys.decimal("srcport", 1, 65535).orElse(0);
        int remotePort = keys.decimal("dstport", 1, 65535).orElse(0);
        UnderlayPlan underlay = udp
                ? new UnderlayPlan(local, remote, localPort, remotePort, keys.grant())
                : UnderlayPlan.ip(local, remote, keys.grant());
        boolean counter = keys.on("counter");
        boolean pinned = keys.on("pincounter");
        if (pinned && !counter) {
            keys.note("pincounter=on without counter=on: QEMU sends no counter then, and neither do we");
        }
        keys.required("txsession");
        long txSession = keys.number("txsession", 0, Checks.U32).orElseThrow();
        long rxSession = keys.number("rxsession", 0, Checks.U32).orElse(txSession);
        int offset = keys.number("offset", 0, MOST_OFFSET, 0);
        return new TunnelTransport.L2tpv3(
                underlay, rxSession, txSession, cookie(keys), counter, pinned && counter, offset);
    }

    private static InetAddress address(Keys keys, String key, boolean v6) {
        String text = keys.required(key);
        InetAddress address = Checks.address(key, text);
        if (v6 != (address.getAddress().length == 16)) {
            throw keys.wrong(key, text, v6 ? "an IPv6 address, with ipv6=on," : "an IPv4 address, or ipv6=on as well,");
        }
        return address;
    }

    /** QEMU asks whether cookie64 is given, not what it says; with 32 bits it sends the low ones and never finds a longer one. */
    private static Cookie cookie(Keys keys) {
        boolean wide = keys.has("cookie64");
        if (wide && !keys.on("cookie64")) {
            keys.note(
                    "cookie64=off: to QEMU that is a cookie of 64 bits as well, so it is one here; without the key it has 32");
        }
        Optional<Long> rx = keys.unsigned64("rxcookie");
        Optional<Long> tx = keys.unsigned64("txcookie");
        if (rx.isPresent() != tx.isPresent()) {
            throw new IllegalArgumentException("netdev l2tpv3 needs both rxcookie= and txcookie=, or neither");
        }
        if (rx.isEmpty()) {
            return Cookie.NONE;
        }
        if (!wide && ((rx.get() | tx.get()) & ~Checks.U32) != 0) {
            throw new IllegalArgumentException(
                    "rxcookie= and txcookie= have 32 bits, at most 0xffffffff; with cookie64=on they have 64");
        }
        return new Cookie(wide ? 8 : 4, rx.get(), tx.get());
    }

    private static Transport dgram(Keys keys) {
        String type = keys.required("local.type");
        if (type.equals("fd")) {
            if (keys.has("remote.type")) {
                throw new IllegalArgumentException(
                        "netdev dgram with local.type=fd has no remote: the socket is connected");
            }
            return new Inherited(descriptor(keys, "local.str"));
        }
        String remote = keys.required("remote.type");
        if (!remote.equals(type)) {
            throw new IllegalArgumentException("local.type=" + PortPlan.shown(type) + ", remote.type="
                    + PortPlan.shown(remote) + ": the same is expected");
        }
        return switch (type) {
            case "unix" -> new UnixDgram(keys.required("local.path"), keys.required("remote.path"));
            case "inet" -> new InetDgram(inet(keys, "local"), inet(keys, "remote"), keys.grant());
            default -> throw keys.wrong("local.type", type, "fd, unix or inet");
        };
    }

    private static Transport stream(Keys keys) {
        String type = keys.required("addr.type");
        Endpoint endpoint = switch (type) {
            case "fd" -> new Endpoint.Descriptor(descriptor(keys, "addr.str"));
            case "unix" -> new Endpoint.UnixPath(keys.required("addr.path"));
            case "inet" -> new Endpoint.Inet(inet(keys, "addr"));
            default -> throw keys.wrong("addr.type", type, "fd, unix or inet");
        };
        int seconds = keys.number("reconnect", 0, MOST_SECONDS, 0);
        int ms = keys.number("reconnect-ms", 0, MOST_MS, 0);
        if (seconds != 0 && ms != 0) {
            throw new IllegalArgumentException("reconnect= and reconnect-ms= say the same; give one of them");
        }
        return new StreamTransport(endpoint, keys.on("server"), ms + seconds * 1000);
    }

    private static Transport socket(Keys keys) {
        if (keys.has("mcast")) {
            throw new IllegalArgumentException(
                    "netdev socket: mcast= is not supported; udp=, connect=, listen= and fd= are");
        }
        if (keys.has("fd")) {
            return new Inherited(descriptor(keys, "fd"));
        }
        if (keys.has("udp")) {
            InetSocketAddress remote = Checks.endpoint("udp", keys.required("udp"));
            return new InetDgram(Checks.endpoint("localaddr", keys.required("localaddr")), remote, keys.grant());
        }
        if (keys.has("listen") == keys.has("connect")) {
            throw new IllegalArgumentException("netdev socket needs one of fd=, listen=, connect= and udp=");
        }
        boolean server = keys.has("listen");
        String key = server ? "listen" : "connect";
        return new StreamTransport(new Endpoint.Inet(Checks.endpoint(key, keys.required(key))), server, 0);
    }

    private static Transport tap(Keys keys) {
        for (String key : TAP_IGNORED) {
            if (keys.has(key)) {
                keys.note(key + "= has no effect here");
            }
        }
        if (keys.has("fd") || keys.has("fds")) {
            return new TapTransport.Tap(descriptors(keys), 1, Optional.empty());
        }
        if (keys.has("helper") || keys.has("br")) {
            throw new IllegalArgumentException(
                    "netdev tap: helper= and br= start a privileged program, which a worker does"
                            + " not; use a grant of kind tap, grant=NAME, or ifname= of a device that belongs to its user");
        }
        for (String key : List.of("script", "downscript")) {
            if (!keys.text(key).orElse("no").equals("no")) {
                keys.note(key + "= is ignored: a worker starts no programs");
            }
        }
        Optional<Boolean> vnet = keys.has("vnet_hdr") ? Optional.of(keys.on("vnet_hdr")) : Optional.empty();
        int queues = keys.number("queues", 1, TapTransport.MOST_QUEUES, 1);
        Optional<GrantRef> grant = keys.grant();
        Optional<String> ifname = keys.text("ifname");
        TapTransport.Source source = grant.isPresent() || ifname.isEmpty()
                ? new TapTransport.Source.Leased(grant)
                : new TapTransport.Source.Device(ifname.get());
        return new TapTransport.Tap(source, queues, vnet);
    }

    private static TapTransport.Source descriptors(Keys keys) {
        if (keys.has("fd") && keys.has("fds")) {
            throw new IllegalArgumentException("netdev tap has fd= or fds=, not both");
        }
        if (keys.has("fd")) {
            return new TapTransport.Source.Descriptors(List.of(descriptor(keys, "fd")));
        }
        List<Integer> fds = new ArrayList<>();
        String text = keys.required("fds");
        for (String fd : text.split(":", -1)) {
            if (!fd.matches("[0-9]{1,7}") || fds.size() == MOST_FDS) {
                throw keys.wrong("fds", text, "A:B:..., at most " + MOST_FDS + " numbers,");
            }
            fds.add(Integer.parseInt(fd));
        }
        return new TapTransport.Source.Descriptors(fds);
    }

    private static int descriptor(Keys keys, String key) {
        keys.required(key);
        return keys.decimal(key, Integer.MIN_VALUE, Integer.MAX_VALUE).orElseThrow();
    }

    private static InetSocketAddress inet(Keys keys, String prefix) {
        for (String key : INET_IGNORED) {
            keys.on(prefix + "." + key); // families follow from addresses, and no name is looked up
        }
        String host = keys.required(prefix + ".host");
        keys.required(prefix + ".port");
        int port = keys.decimal(prefix + ".port", 1, 65535).orElseThrow();
        InetAddress address = Checks.address(prefix + ".host", host.isEmpty() ? "0.0.0.0" : host);
        return Checks.endpoint(prefix, address, port);
    }
}
