package io.sluice.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.sluice.broker.policy.Grant;
import io.sluice.broker.policy.Identity;
import io.sluice.broker.policy.Policy;
import io.sluice.broker.policy.Quota;
import io.sluice.broker.policy.Tenant;
import io.sluice.compiler.yaml.Identities;
import io.sluice.compiler.yaml.PolicyException;
import io.sluice.compiler.yaml.PolicyException.Problem;
import io.sluice.compiler.yaml.PolicyLoader;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** {@code sluice policy check}: reads a policy file as the broker would, without privilege and without a broker. */
public final class PolicyCheck {
    private static final String USAGE = """
            usage: policy check [--json] [--resolve=no] FILE
              --json        print one JSON object
              --resolve=no  take every user and group name for known""";

    /** Knows every name, under an id of its own, to check a file for another machine. */
    private static final class Placeholders implements Identities {
        private static final long FIRST = 4_000_000_000L;
        private final Map<String, Integer> ids = new HashMap<>();

        @Override
        public OptionalInt find(Identity.Kind kind, String name) {
            return OptionalInt.of(ids.computeIfAbsent(name, absent -> (int) (FIRST + ids.size())));
        }
    }

    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

    private PolicyCheck() {}

    /** Exits with 0 if the policy is valid, 1 if it is not, 2 if the arguments are wrong. */
    public static void main(String[] args) {
        System.exit(run(List.of(args), System.out, System.err));
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        List<String> files = new ArrayList<>(args);
        boolean json = files.remove("--json");
        Identities identities = files.remove("--resolve=no") ? new Placeholders() : Identities.libc();
        if (files.size() != 1 || files.get(0).startsWith("-")) {
            err.println(USAGE);
            return 2;
        }
        String file = files.get(0);
        try {
            Policy policy = PolicyLoader.load(Path.of(file), identities);
            out.println(json ? json(file, List.of(), policy.tenants()) : summary(policy));
            return 0;
        } catch (PolicyException e) {
            (json ? out : err).println(json ? json(file, e.errors(), List.of()) : e.getMessage());
            return 1;
        }
    }

    private static String summary(Policy policy) {
        List<String> lines = new ArrayList<>();
        lines.add(policy.source() + ": valid");
        lines.add("admins: " + policy.admins().stream().map(Identity::describe).collect(Collectors.joining(", ")));
        for (Tenant tenant : policy.tenants()) {
            Quota quota = tenant.quota();
            lines.add(String.format(
                    "tenant %s (%s): leases %d, memory %s, connections %d, queues %d",
                    tenant.name(),
                    tenant.identity().describe(),
                    quota.leases(),
                    size(quota.memory()),
                    quota.connections(),
                    quota.queues()));
            for (Grant grant : tenant.grants()) {
                lines.add(String.format(
                        "  %-16s %-7s %-15s queues %s",
                        grant.name(), grant.kind(), grant.place().shown(), grant.queues()));
            }
        }
        return String.join(System.lineSeparator(), lines);
    }

    /** With the largest unit that divides it: {@code 256MiB}. */
    private static String size(long bytes) {
        int shift = bytes == 0 ? 0 : Math.min(Long.numberOfTrailingZeros(bytes) / 10, 3) * 10;
        return (bytes >> shift) + List.of("B", "KiB", "MiB", "GiB").get(shift / 10);
    }

    private static String json(String file, List<Problem> errors, List<Tenant> tenants) {
        return JSON.toJson(object(
                "file", file,
                "valid", errors.isEmpty(),
                "errors", errors.stream().map(PolicyCheck::error).toList(),
                "tenants", tenants.stream().map(PolicyCheck::tenant).toList()));
    }

    private static Object error(Problem error) {
        return object("line", error.line(), "column", error.column(), "message", error.message());
    }

    private static Object tenant(Tenant tenant) {
        Quota quota = tenant.quota();
        return object(
                "name", tenant.name(),
                "identity", tenant.identity().describe(),
                "quota",
                        object(
                                "leases", quota.leases(),
                                "memory", quota.memory(),
                                "connections", quota.connections(),
                                "queues", quota.queues()),
                "grants", tenant.grants().stream().map(PolicyCheck::grant).toList());
    }

    private static Object grant(Grant grant) {
        return object(
                "name", grant.name(),
                "kind", grant.kind(),
                "interface", grant.place().shown(),
                "queues", grant.queues());
    }

    /** An object with these keys and values, in this order. */
    private static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return object;
    }
}
