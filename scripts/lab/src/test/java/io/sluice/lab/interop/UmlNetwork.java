package io.sluice.lab.interop;

import io.sluice.lab.Command;
import io.sluice.lab.Identity;
import io.sluice.lab.Json;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Two guests with a vector device for each transport N, and a worker that joins them, first with each other and then with a host:
 *
 * <pre>
 *   guest 1: vecN ==== [N1 = N2] ==== vecN :guest 2        10.9.(10 + N).0/24, of which guest 1 has .1, guest 2 .2, A .3
 *   A: hN ---- pN [hostN = N1] ==== vecN :guest 1
 * </pre>
 *
 * <p>The guests are in the {@link Ferry}'s namespace B, each with an address of its own there: a raw socket hears everything of
 * its protocol for its address.
 */
final class UmlNetwork implements AutoCloseable {
    private static final int SECONDS = 10;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Makes two pairs of sockets, starts the guests with one end each (22, 23), and becomes the worker with 20 and 21. */
    private static final String SPAWN = """
            import os, socket, subprocess, sys
            words = sys.argv[1:]
            for guest in range(2):
                at = words.index("AND")
                log, command, words = words[0], words[1:at], words[at + 1:]
                worker, peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                os.dup2(worker.fileno(), 20 + guest)
                os.dup2(peer.fileno(), 22 + guest)
                subprocess.Popen(command, pass_fds=[22 + guest], stdin=subprocess.DEVNULL, stdout=open(log, "w"), stderr=subprocess.STDOUT)
                os.close(22 + guest)
            os.execvp(words[0], words)
            """;

    /**
     * TCP in Gbit/s, both ways at once.
     *
     * @param guests from guest 2 to guest 1, and back
     * @param host from the host to guest 1, and back
     */
    record Talk(List<Double> guests, List<Double> host) {
        double slowest() {
            return Stream.concat(guests.stream(), host.stream())
                    .min(Double::compare)
                    .orElseThrow();
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "TCP %d s both ways at once: %.2f and %.2f Gbit/s between guests, %.2f and %.2f with the host",
                    SECONDS,
                    guests.get(0),
                    guests.get(1),
                    host.get(0),
                    host.get(1));
        }
    }

    private final Ferry ferry;
    private final Path sockets;
    private final List<UmlGuest> guests = new ArrayList<>();
    private final Map<UmlTransport, Talk> talks = new EnumMap<>(UmlTransport.class);
    private final String counters;

    private UmlNetwork(Ferry ferry) {
        this.ferry = ferry;
        sockets = ferry.lab().directory("guests", Identity.TENANT);
        ferry.farAddresses("v3");
        ferry.run(ferry.net().b(), "ip address add 192.0.2.3/24 dev v3");
        boot();
        for (UmlTransport transport : UmlTransport.values()) {
            host(transport);
            ferry.sluice("port", "add", transport.port(1, sockets));
            ferry.sluice("port", "add", transport.port(2, sockets));
            ferry.sluice("link", "add", transport.name(1), transport.name(2));
        }
        Map<UmlTransport, List<Double>> among = amongGuests();
        relink(2, 1);
        Map<UmlTransport, List<Double>> outside = withHost();
        for (UmlTransport transport : UmlTransport.values()) {
            talks.put(transport, new Talk(among.get(transport), outside.get(transport)));
        }
        relink(1, 2);
        everyPing(2);
        counters = ferry.sluice("stats");
    }

    /** Boots the guests and lets them talk. */
    static UmlNetwork talking() {
        String more = Stream.of(UmlTransport.values())
                .map(transport -> transport.hostPort() + ": {kind: packet, interface: " + transport.hostEnd()
                        + ", unconfined: true}\n")
                .collect(Collectors.joining());
        Ferry ferry = Ferry.moored(more + "gre-2: {kind: gre, jail: {gateway: 198.51.100.1, mac: \"02:00:00:00:07:14\","
                + " ipv4: [198.51.100.11]}}\n");
        try {
            return new UmlNetwork(ferry);
        } catch (RuntimeException e) {
            ferry.close();
            throw e;
        }
    }

    private void boot() {
        List<String> words = new ArrayList<>(List.of("/usr/bin/python3", "-c", SPAWN));
        for (int number = 1; number <= 2; number++) {
            int end = number;
            UmlGuest guest = UmlGuest.in(sockets, "guest" + number);
            String[] devices = Stream.of(UmlTransport.values())
                    .map(transport -> transport.device(end, sockets))
                    .toArray(String[]::new);
            words.add(guest.directory().resolve("console").toString());
            words.addAll(guest.words(ferry.net().b(), devices));
            words.add("AND");
            guests.add(guest);
        }
        Command plain = ferry.workerCommand();
        words.add("setpriv");
        words.addAll(plain.user().options());
        words.add("--");
        words.addAll(plain.words());
        Command all = Command.of(words).in(ferry.net().dut());
        for (var variable : plain.environment().entrySet()) {
            all = all.with(variable.getKey(), variable.getValue());
        }
        ferry.worker(all);
    }

    private void host(UmlTransport transport) {
        Namespace.Device device = ferry.net().a().device(transport.hostDevice());
        ferry.lab().veth(device, ferry.net().dut().device(transport.hostEnd()));
        ferry.lab().address(device, transport.address(3) + "/24");
        ferry.lab().mtu(device, transport.mtu);
        ferry.sluice("port", "add", transport.hostPort(), transport.hostPort());
    }

    private Map<UmlTransport, List<Double>> amongGuests() {
        guests.get(1).begin(devices(2)); // both boot
        guests.get(0).run(LIMIT, devices(1) + each(it -> "iperf3 -s -B " + it.address(1) + " >/dev/null 2>&1 &\n"));
        guests.get(1).finish(LIMIT);
        guests.get(1)
                .run(
                        LIMIT,
                        "set -e\n" + each(it -> "ping -c 3 -i 0.2 -W 5 " + it.address(1) + "\n")
                                + each(it -> String.join(" ", client(it)) + " >/mnt/" + it.name() + " &\n") + "wait\n");
        Map<UmlTransport, List<Double>> rates = new EnumMap<>(UmlTransport.class);
        for (UmlTransport transport : UmlTransport.values()) {
            rates.put(transport, rates(guests.get(1).read(transport.name())));
        }
        return rates;
    }

    private static String devices(int guest) {
        return "set -e\n"
                + each(it -> "ip address add " + it.address(guest) + "/24 dev " + it.interfaceName() + "\nip link set "
                        + it.interfaceName() + " up\n");
    }

    private static String each(Function<UmlTransport, String> text) {
        return Stream.of(UmlTransport.values()).map(text).collect(Collectors.joining());
    }

    private static List<String> client(UmlTransport transport) {
        return List.of("iperf3", "-J", "--bidir", "-t", Integer.toString(SECONDS), "-c", transport.address(1));
    }

    /** The host takes the place of guest 2, or the other way round. */
    private void relink(int from, int to) {
        for (UmlTransport transport : UmlTransport.values()) {
            String old = from == 2 ? transport.name(1) : transport.hostPort();
            ferry.sluice("link", "rm", old + "-" + transport.name(from));
            ferry.sluice("link", "add", transport.hostPort(), transport.name(to));
        }
    }

    private Map<UmlTransport, List<Double>> withHost() {
        everyPing(1);
        Map<UmlTransport, RunningProcess> clients = new EnumMap<>(UmlTransport.class);
        for (UmlTransport transport : UmlTransport.values()) {
            Command command = Command.of(client(transport)).in(ferry.net().a());
            clients.put(transport, ferry.lab().start(command));
        }
        Map<UmlTransport, List<Double>> rates = new EnumMap<>(UmlTransport.class);
        clients.forEach((transport, client) ->
                rates.put(transport, rates(client.await(LIMIT).output())));
        return rates;
    }

    /** Small and as large as fits, from the host. */
    private void everyPing(int guest) {
        Namespace from = ferry.net().a();
        for (UmlTransport transport : UmlTransport.values()) {
            Pings.untilThere(from, transport.address(guest), () -> ferry.sluice("stats"));
            Pings.lossless(from, transport.address(guest), 56);
            Pings.lossless(from, transport.address(guest), transport.mtu - 28);
        }
    }

    /** What iperf3's client has sent, as received, and what it has received. */
    private static List<Double> rates(String text) {
        Object json = Json.parse(text);
        Json.at(json, "error").ifPresent(error -> {
            throw new AssertionError("iperf3: " + error);
        });
        return List.of(
                Json.number(json, "end", "sum_received", "bits_per_second") / 1e9,
                Json.number(json, "end", "sum_received_bidir_reverse", "bits_per_second") / 1e9);
    }

    /** What has been said over a transport. */
    Talk talk(UmlTransport transport) {
        return talks.get(transport);
    }

    /** The drops of a port by reason, as people see them. */
    String drops(UmlTransport transport, int guest) {
        Pattern drop =
                Pattern.compile("(?m)^(?:" + transport.name(guest) + "|" + transport.hostPort() + "): \\S*_drop_.*$");
        return "drops "
                + drop.matcher(counters).results().map(MatchResult::group).toList();
    }

    /** Packets of all ports that are neither out nor dropped for a reason. */
    double unaccounted() {
        return ferry.counters().unaccounted();
    }

    @Override
    public void close() {
        ferry.close();
    }
}
