package io.sluice.broker.policy;

import io.sluice.broker.policy.PolicyException.Problem;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads a policy from its node tree. What is in a section reads itself; here is what connects them. */
final class PolicyReader {
    private static final List<Identity> ROOT = List.of(new Identity(Identity.Kind.UID, 0));
    private static final Range IDS = new Range(0, 0xFFFF_FFFEL);
    /** Stops at what C, or a line of /etc/passwd, would take for the end of a name. */
    private static final Pattern NAME = Pattern.compile("[^\\p{Cntrl}:]{1,255}");

    private final List<Problem> problems;
    private final Identities identities;
    private final Map<Identity, Section> owners = new HashMap<>();

    PolicyReader(List<Problem> problems, Identities identities) {
        this.problems = problems;
        this.identities = identities;
    }

    /** The policy; empty if anything is wrong. */
    Optional<Policy> read(String source, String text, Node root) {
        Section policy = new Section(problems, "the policy", root).allow("version admins tenants");
        policy.require("version", "1").text("version", "1, the only one that there is", "1"::equals);
        String expected = "a list such as [ { user: root }, { group: sluice-admin } ]";
        List<Identity> admins = policy.list("admins", expected).stream()
                .flatMap(admin -> identity(new Section(problems, "this admin", admin)).stream())
                .toList();
        policy.require("tenants", "a mapping from names to tenants");
        List<Tenant> tenants = policy.named("tenants", "tenant", this::tenant);
        return policy.make(() -> new Policy(source, text, admins.isEmpty() ? ROOT : admins, tenants));
    }

    private Optional<Tenant> tenant(String name, Section tenant) {
        tenant.allow("identity quota grants").require("identity", "{ user: NAME }, or uid, group, gid");
        tenant.require("grants", "a mapping from names to grants");
        Optional<Identity> identity = tenant.section("identity").flatMap(this::unowned);
        Quota quota = tenant.section("quota").map(Quota::read).orElse(Quota.DEFAULT);
        List<Grant> grants = tenant.named("grants", "grant", PolicyReader::grant);
        return tenant.make(() -> new Tenant(name, identity.orElseThrow(), quota, grants));
    }

    private static Optional<Grant> grant(String name, Section grant) {
        List<String> kinds = List.of("xdp", "packet", "tap", "udp", "gre", "l2tpv3", "raw");
        return grant.require("kind", "one of " + String.join(", ", kinds))
                .word("kind", kinds)
                .flatMap(kind -> switch (kind) {
                    case "xdp" -> XdpGrant.read(name, grant);
                    case "packet" -> PacketGrant.read(name, grant);
                    case "tap" -> TapGrant.read(name, grant);
                    default -> IpGrant.read(name, kind, grant);
                });
    }

    /** An identity that no other tenant has. */
    private Optional<Identity> unowned(Section section) {
        Optional<Identity> identity = identity(section);
        Optional<Section> owner = identity.map(id -> owners.putIfAbsent(id, section));
        String already = " already; expected one that nobody has";
        owner.ifPresent(other -> section.problem(identity.get().describe() + " is the " + other + already));
        return identity;
    }

    private Optional<Identity> identity(Section section) {
        return section.only("user uid group gid").flatMap(key -> {
            Identity.Kind kind = key.startsWith("u") ? Identity.Kind.UID : Identity.Kind.GID;
            Optional<Integer> id = key.equals(kind.toString()) ? id(section, key) : find(section, key, kind);
            return id.map(valid -> new Identity(kind, valid));
        });
    }

    private static Optional<Integer> id(Section section, String key) {
        String expected = "a number " + IDS;
        // -1 is what no id can be.
        long id = section.number(key, Section.NUMBER, IDS::has, expected, -1);
        return Optional.of((int) id).filter(valid -> valid != -1);
    }

    private Optional<Integer> find(Section section, String key, Identity.Kind kind) {
        String expected = "a " + key + " that this host knows (by number it goes with " + kind + ")";
        return section.read(
                key,
                expected,
                scalar -> Optional.of(scalar.getValue())
                        .filter(NAME.asMatchPredicate())
                        .flatMap(name ->
                                identities.find(kind, name).stream().boxed().findFirst())
                        .filter(id -> id != -1));
    }
}
