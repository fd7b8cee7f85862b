package io.sluice.worker.conductor.plan;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.worker.conductor.plan.TunnelTransport.Cookie;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The transports of User Mode Linux's vector devices. */
final class VectorTransports {
    /** In the order in which User Mode Linux tries them: a transport is the first that it begins with. */
    private static final List<String> KNOWN = List.of("raw", "hybrid", "tap", "gre", "l2tpv3", "bess", "fd", "vde");

    private static final int MIN_FRAME = 60;
    private static final String ANY_MAC = "02:00:00:00:00:01";

    /** A network locator of libvdeplug: the switch's directory and perhaps a port. */
    private static final Pattern VNL = Pattern.compile("(?:vde://)?(/[^\\[\\]]*?)(?:\\[([0-9]{1,8})])?");

    private VectorTransports() {}

    static Transport of(Keys keys) {
        String wanted = keys.required("transport");
        if (wanted.equals("null")) {
            return new Synthetic.Discard();
        }
        if (wanted.equals("generator")) {
            return new Synthetic.Generator(
                    keys.decimal("frame", 0, Integer.MAX_VALUE).orElse(MIN_FRAME),
                    keys.text("dst").orElse("ff:ff:ff:ff:ff:ff"),
                    keys.text("src").orElse(ANY_MAC));
        }
        String transport = KNOWN.stream()
                .filter(wanted::startsWith)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("transport=" + PortPlan.shown(wanted) + " is unknown; "
                        + KNOWN + " are known, and null and generator"));
        return switch (transport) {
            case "raw" -> raw(keys);
            case "hybrid" ->
                new TapTransport.Hybrid(new TapTransport.Source.Device(keys.required("ifname")), Optional.empty());
            case "tap" -> new TapTransport.Tap(tap(keys), 1, Optional.empty());
            case "gre" -> gre(keys);
            case "l2tpv3" -> l2tpv3(keys);
            case "bess" -> bess(keys);
            case "fd" ->
                new MessageTransport.Inherited(keys.decimal("fd", Integer.MIN_VALUE, Integer.MAX_VALUE)
                        .orElseThrow(() -> new IllegalArgumentException("transport=fd needs fd=")));
            default -> vde(keys);
        };
    }

    private static Transport raw(Keys keys) {
        // It always has the vnet header there; the grant decides whether it may.
        GrantRequest narrow = GrantRequest.newBuilder()
                .setPacket(PacketRequest.getDefaultInstance())
                .build();
        Optional<GrantRef> named = keys.grant();
        if (named.isPresent()) {
            keys.text("ifname").ifPresent(Checks::ifname);
            return new Granted(named.get(), narrow);
        }
        return new Granted(new GrantRef.OnInterface("packet", keys.required("ifname")), narrow);
    }

    private static TapTransport.Source tap(Keys keys) {
        Optional<GrantRef> grant = keys.grant();
        Optional<String> ifname = keys.text("ifname");
        if (grant.isPresent() || ifname.isEmpty()) {
            return new TapTransport.Source.Leased(grant);
        }
        return new TapTransport.Source.Device(ifname.get());
    }

    private static Transport gre(Keys keys) {
        UnderlayPlan underlay = underlay(keys, keys.positive("v6"), false);
        boolean sequence = keys.positive("sequence");
        boolean pinned = keys.positive("pin_sequence");
        if (pinned && !sequence) {
            keys.note("pin_sequence= has no effect without sequence=1");
        }
        boolean keyed = both(keys, "rx_key", "tx_key");
        OptionalLong rxKey = keyed ? key(keys, "rx_key") : OptionalLong.empty();
        OptionalLong txKey = keyed ? key(keys, "tx_key") : OptionalLong.empty();
        return new TunnelTransport.Gre(underlay, rxKey, txKey, sequence, pinned && sequence);
    }

    private static Transport l2tpv3(Keys keys) {
        UnderlayPlan underlay = underlay(keys, keys.positive("v6"), keys.positive("udp"));
        boolean counter = keys.positive("counter");
        boolean pinned = keys.positive("pin_counter");
        if (pinned && !counter) {
            keys.note("pin_counter= has no effect without counter=1");
        }
        if (!both(keys, "rx_session", "tx_session")) {
            throw new IllegalArgumentException("transport=l2tpv3 needs rx_session= and tx_session=");
        }
        return new TunnelTransport.L2tpv3(
                underlay,
                keys.word("rx_session").orElseThrow(),
                keys.word("tx_session").orElseThrow(),
                cookie(keys),
                counter,
                pinned && counter,
                0);
    }

    private static Cookie cookie(Keys keys) {
        int bytes = keys.positive("cookie64") ? 8 : 4;
        if (!both(keys, "rx_cookie", "tx_cookie")) {
            return Cookie.NONE;
        }
        long rx = keys.unsigned64("rx_cookie").orElseThrow();
        long tx = keys.unsigned64("tx_cookie").orElseThrow();
        if (bytes == 4 && ((rx | tx) & ~Checks.U32) != 0) {
            throw new IllegalArgumentException(
                    "rx_cookie= and tx_cookie= have 32 bits, at most 0xffffffff; with cookie64=1 they have 64");
        }
        return new Cookie(bytes, rx, tx);
    }

    /** Whether both are given; one alone is a mistake. */
    private static boolean both(Keys keys, String a, String b) {
        if (keys.has(a) != keys.has(b)) {
            throw new IllegalArgumentException(keys.of() + " needs both " + a + "= and " + b + "=, or neither; "
                    + (keys.has(a) ? b : a) + "= is missing");
        }
        return keys.has(a);
    }

    private static OptionalLong key(Keys keys, String name) {
        return OptionalLong.of(keys.word(name).orElseThrow());
    }

    private static UnderlayPlan underlay(Keys keys, boolean v6, boolean udp) {
        InetAddress remote = address(keys, "dst", keys.required("dst"), v6);
        Optional<InetAddress> local = keys.text("src").map(text -> address(keys, "src", text, v6));
        if (!udp) {
            return UnderlayPlan.ip(local, remote, keys.grant());
        }
        keys.required("srcport");
        keys.required("dstport");
        int localPort = keys.decimal("srcport", 1, 65535).orElseThrow();
        return new UnderlayPlan(
                local, remote, localPort, keys.decimal("dstport", 1, 65535).orElseThrow(), keys.grant());
    }

    /** User Mode Linux does not tell the family from the address. */
    private static InetAddress address(Keys keys, String key, String text, boolean v6) {
        InetAddress address = Checks.address(key, text);
        if (v6 != (address.getAddress().length == 16)) {
            throw keys.wrong(key, text, v6 ? "an IPv6 address, with v6=1," : "an IPv4 address, or v6=1 as well,");
        }
        return address;
    }

    private static Transport bess(Keys keys) {
        Optional<String> local = keys.text("src");
        Optional<String> peer = keys.text("dst");
        if (peer.isEmpty() && local.isEmpty()) {
            throw new IllegalArgumentException(
                    "transport=bess needs dst=, the path to connect to, or src= alone, the path" + " to listen at");
        }
        return peer.isPresent()
                ? new MessageTransport.UnixSeqpacket(peer.get(), false, local)
                : new MessageTransport.UnixSeqpacket(local.get(), true, Optional.empty());
    }

    private static Transport vde(Keys keys) {
        String vnl = keys.required("vnl");
        Matcher locator = VNL.matcher(vnl);
        if (!locator.matches()) {
            throw keys.wrong("vnl", vnl, "a switch's directory, such as vde:///run/vde.ctl or vde:///run/vde.ctl[3],");
        }
        int port = locator.group(2) == null ? 0 : Integer.parseInt(locator.group(2));
        return new MessageTransport.Vde(
                locator.group(1),
                keys.decimal("port", 0, Integer.MAX_VALUE).orElse(port),
                keys.text("group"),
                mode(keys),
                keys.text("descr").orElse("UML"));
    }

    /** Permission bits, octal. */
    static Optional<Integer> mode(Keys keys) {
        return keys.text("mode").map(text -> {
            if (!text.matches("[0-7]{1,5}")) {
                throw keys.wrong("mode", text, "an octal number such as 0700");
            }
            return Integer.parseInt(text, 8);
        });
    }
}
