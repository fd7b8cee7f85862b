package io.sluice.broker.policy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Reads the whole of a policy from its node tree: admins, tenants, identities, quotas. */
final class PolicyReader {
    private static final List<Identity> ROOT = List.of(new Identity.Uid(0));

    /** Stops at what C, or a line of /etc/passwd, would take for the end of a name. */
    private static final Pattern NAME = Pattern.compile("[^\\p{Cntrl}:]{1,255}");

    private final Problems problems;
    private final Identities identities;
    private final Map<Identity, String> owners = new HashMap<>();

    PolicyReader(Problems problems, Identities identities) {
        this.problems = problems;
        this.identities = identities;
    }

    /** The policy, as far as it can be read; only good if there are no problems afterwards. */
    Policy read(String source, String text, Node root) {
        Section policy = new Section(problems, "the policy", root).allow("version admins tenants");
        policy.requires("version", "1");
        policy.text("version", "1, the only one that there is", "1"::equals);
        List<Identity> admins = new ArrayList<>();
        for (Node admin : policy.list("admins", "a list such as [ { user: root }, { group: sluice-admin } ]")) {
            identity(new Section(problems, "this admin", admin)).ifPresent(admins::add);
        }
        policy.requires("tenants", "a mapping from names to tenants");
        List<Tenant> tenants = new ArrayList<>();
        named(policy, "tenants").forEach((name, node) -> tenant(name, node).ifPresent(tenants::add));
        return new Policy(source, text, admins.isEmpty() ? ROOT : admins, tenants);
    }

    private Optional<Tenant> tenant(String name, Node node) {
        String what = "tenant " + Words.quote(name);
        Section section = new Section(problems, what, node).allow("identity quota grants");
        section.requires("identity", "{ user: NAME }, or uid, group, gid");
        section.requires("grants", "a mapping from names to grants");
        Optional<Identity> identity = section.section("identity").flatMap(whose -> owned(what, whose));
        Quota quota = section.section("quota").map(PolicyReader::quota).orElse(Quota.DEFAULT);
        List<Grant> grants = new ArrayList<>();
        named(section, "grants")
                .forEach((grant, value) ->
                        new GrantReader(problems, grant, value).read().ifPresent(grants::add));
        return identity.filter(any -> Require.isName(name)).map(whose -> new Tenant(name, whose, quota, grants));
    }

    private static Map<String, Node> named(Section section, String key) {
        return section.section(key).map(Section::named).orElse(Map.of());
    }

    private static Quota quota(Section section) {
        section.allow("leases memory connections");
        return new Quota(
                section.integer("leases", Quota.DEFAULT.leases(), 0, Quota.MAX_LEASES),
                section.bytes("memory", Quota.DEFAULT.memory(), 0, Quota.MAX_MEMORY),
                section.integer("connections", Quota.DEFAULT.connections(), 1, Quota.MAX_CONNECTIONS));
    }

    /** An identity that no other tenant has. */
    private Optional<Identity> owned(String tenant, Section section) {
        return identity(section).filter(identity -> {
            String owner = owners.putIfAbsent(identity, tenant + " (line " + section.line() + ")");
            if (owner != null) {
                section.problem(identity.describe() + " is the identity of " + owner
                        + " already; expected one that nobody has");
            }
            return owner == null;
        });
    }

    private Optional<Identity> identity(Section section) {
        section.allow("user uid group gid");
        List<String> given = section.given("user", "uid", "group", "gid");
        if (given.size() != 1) {
            String names = given.isEmpty() ? "nobody" : String.join(" and ", given);
            section.problem(section.what() + " names " + names + "; expected exactly one of user, uid, group, gid");
            return Optional.empty();
        }
        return switch (given.get(0)) {
            case "user" -> name(section, "user", "uid", identities::user).map(Identity.Uid::new);
            case "group" -> name(section, "group", "gid", identities::group).map(Identity.Gid::new);
            case "uid" -> id(section, "uid").map(Identity.Uid::new);
            default -> id(section, "gid").map(Identity.Gid::new);
        };
    }

    private static Optional<Integer> id(Section section, String key) {
        String expected = "a number from 0 to " + Identity.MAX_ID;
        // -1 is what no id can be.
        long id = section.number(key, -1, Units.NUMBER, expected, value -> value <= Identity.MAX_ID);
        return Optional.of((int) id).filter(valid -> valid != -1);
    }

    private static Optional<Integer> name(
            Section section, String key, String numeric, Function<String, OptionalInt> lookup) {
        String expected = "a " + key + " that this host knows (by number it goes with " + numeric + ")";
        Function<ScalarNode, Optional<Integer>> find = scalar -> Optional.of(scalar.getValue())
                .filter(NAME.asMatchPredicate())
                .flatMap(name -> lookup.apply(name).stream().boxed().findFirst())
                .filter(id -> id != -1);
        return section.read(key, expected, find);
    }
}
