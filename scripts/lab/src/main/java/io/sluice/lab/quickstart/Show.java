package io.sluice.lab.quickstart;

import io.sluice.lab.Command;
import io.sluice.lab.Counters;
import io.sluice.lab.Finished;
import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Iperf;
import io.sluice.lab.Json;
import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The steps of the quickstart, in the order of the report. */
final class Show {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Pattern RTT = Pattern.compile("= [\\d.]+/([\\d.]+)/");
    private static final int PINGS = 5;

    /** NET_ADMIN 12, NET_RAW 13, IPC_LOCK 14, BPF 39. */
    private static final String WITHOUT_JAILS = "0000008000007000";

    /** The same and SYS_ADMIN 21. */
    private static final String WITH_JAILS = "0000008000207000";

    private final Lab lab;
    private final Install install;
    private final Options options;
    private final Report report = new Report();
    private Topology net;
    private SluiceStack stack;
    private RunningProcess worker;

    Show(Lab lab, Install install, Options options) {
        this.lab = lab;
        this.install = install;
        this.options = options;
    }

    /** Runs all steps; throws if one could not be carried out at all. */
    Report run() {
        Quickstart.say("two namespaces with nothing between them");
        net = Topology.make(lab);
        if (options.kind() == Kind.XDP) {
            net.withoutOffloads();
        }
        notJoinedYet();
        Quickstart.say("the broker, with the capabilities that it needs; the gateway, with none");
        stack = SluiceStack.start(net, install, SluiceStack.policy(options.kind(), "auto"));
        stack.startGateway();
        Quickstart.say("a worker without the broker, to see it fail");
        withoutBroker();
        Quickstart.say("the worker, uid " + Identity.TENANT.uid() + ", in an empty namespace");
        worker = stack.startWorker();
        stack.connect(options.kind());
        Quickstart.say("ping, then TCP for " + options.seconds() + " s each way");
        ping();
        throughput();
        vectors();
        privileges();
        attempts();
        broker();
        leases();
        return report;
    }

    private void notJoinedYet() {
        boolean answered = pings(1, 1).succeeded();
        report.add(
                "joined_before",
                "before",
                answered,
                answered ? "the hosts reached each other without us" : "the hosts cannot reach each other",
                !answered);
    }

    private Finished pings(int count, int seconds) {
        return RunningProcess.run(
                Command.of(
                                "ping",
                                "-c",
                                Integer.toString(count),
                                "-i",
                                "0.2",
                                "-W",
                                Integer.toString(seconds),
                                Topology.ADDRESS_B)
                        .in(net.a()),
                LIMIT);
    }

    private void ping() {
        Finished ping = pings(PINGS, 2);
        Matcher rtt = RTT.matcher(ping.output());
        boolean all = ping.output().contains(PINGS + " received") && rtt.find();
        report.add(
                "ping_ms",
                "ping",
                all ? Double.valueOf(rtt.group(1)) : Optional.empty(),
                all
                        ? PINGS + " of " + PINGS + " answered, " + rtt.group(1) + " ms on average"
                        : ping.output().strip(),
                all);
    }

    private void throughput() {
        double there = Iperf.gigabits(net, Iperf.Direction.THERE, options.seconds());
        double back = Iperf.gigabits(net, Iperf.Direction.BACK, options.seconds());
        report.add("gbits_there", "TCP there", round(there), format("%.2f Gbit/s", there), there > 0);
        report.add("gbits_back", "TCP back", round(back), format("%.2f Gbit/s", back), back > 0);
    }

    private void vectors() {
        Counters counters =
                Counters.of(stack.tenant("stats", "--json").orThrow().output());
        double packets = counters.value("left", "rx_packets") + counters.value("right", "rx_packets");
        double vectors = counters.value("left", "rx_vectors") + counters.value("right", "rx_vectors");
        double fill = packets / vectors;
        report.add(
                "packets_per_vector",
                "packets per vector",
                round(fill),
                format("%.1f (%.0f packets, %.0f vectors)", fill, packets, vectors),
                vectors > 0 && fill >= 1);
        double lost = counters.unaccounted();
        report.add(
                "unaccounted",
                "packets unaccounted",
                lost,
                format("%.0f: received = sent + dropped + in flight", lost),
                lost == 0);
    }

    private void privileges() {
        Privileges found = Privileges.of(worker.pid());
        report.add("worker_uid", "worker's uid", found.uid(), Integer.toString(found.uid()), found.uid() != 0);
        report.add("worker_cap_eff", "worker's CapEff", found.capEff(), found.capEff(), found.none());
        report.add(
                "worker_no_new_privs",
                "worker's NoNewPrivs",
                found.noNewPrivs() ? 1 : 0,
                found.noNewPrivs() ? "1" : "0",
                found.noNewPrivs());
    }

    private void attempts() {
        Object info = Json.parse(stack.tenant("info", "--json").orThrow().output());
        List<String> lines = new ArrayList<>();
        List<Object> seen = new ArrayList<>();
        boolean all = true;
        if (Json.at(info, "attempts").orElse(List.of()) instanceof List<?> list) {
            for (Object attempt : list) {
                String operation = Json.at(attempt, "operation").orElse("?").toString();
                String refused = Json.at(attempt, "refused").orElse("").toString();
                all &= !refused.isEmpty();
                lines.add(operation + ": " + (refused.isEmpty() ? "NOT REFUSED" : refused));
                seen.add(Map.of("operation", operation, "refused", refused));
            }
        }
        report.add(
                "attempts",
                "worker tried itself",
                seen,
                lines.isEmpty() ? "nothing" : String.join("\n", lines),
                all && !lines.isEmpty());
    }

    private void withoutBroker() {
        try (RunningProcess alone =
                RunningProcess.start(stack.workerCommand("--broker", stack.brokerSocket() + ".nobody"))) {
            String said = failure(alone);
            report.add(
                    "without_broker",
                    "without the broker",
                    said,
                    said.isEmpty() ? "it works, and must not" : said,
                    said.contains("without a broker a worker has no sockets"));
        }
    }

    /** What the worker says before it ends; empty if it runs. */
    private static String failure(RunningProcess alone) {
        try {
            alone.awaitLine("sluice-worker ready", LIMIT);
            return "";
        } catch (LabException ended) {
            return alone.said();
        }
    }

    private void broker() {
        Privileges found = Privileges.of(stack.broker().pid());
        boolean jails = found.capEff().equals(WITH_JAILS);
        boolean needed = (jails || found.capEff().equals(WITHOUT_JAILS))
                && found.capBnd().equals(found.capEff());
        report.add(
                "broker_cap_eff",
                "broker's CapEff",
                found.capEff(),
                found.capEff() + " (NET_ADMIN, NET_RAW, IPC_LOCK, BPF" + (jails ? ", SYS_ADMIN for jails)" : ")"),
                needed && found.noNewPrivs());
    }

    private void leases() {
        Finished leases = stack.operator("lease", "ls", "--json").orThrow();
        Object list = Json.at(Json.parse(leases.output()), "leases").orElse(List.of());
        int count = list instanceof List<?> entries ? entries.size() : 0;
        report.add("leases", "leases", count, count + " as the operator sees them", count == 2);
    }

    /** What to try while everything is left running. */
    String invitation() {
        String tenant = stack.shell(Optional.of(Identity.TENANT));
        String operator = stack.shell(Optional.empty());
        return String.join(
                "\n",
                "Left running. Things to try, as root:",
                "",
                "  ip netns exec " + net.a().name() + " ping " + Topology.ADDRESS_B,
                "  ip netns exec " + net.b().name() + " iperf3 -s -1 & ip netns exec "
                        + net.a().name() + " iperf3 -c " + Topology.ADDRESS_B,
                "  " + tenant + " port ls",
                "  " + tenant + " stats --watch",
                "  " + operator + " lease ls",
                "  " + operator + " lease revoke 1",
                "  " + operator + " policy reload      # after editing " + stack.policyFile(),
                "  tail -f " + stack.audit(),
                "",
                "Stop it with:  " + install.home().resolve("scripts/quickstart") + " --stop",
                "");
    }

    private static double round(double value) {
        return Math.round(value * 100) / 100.0;
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
