package io.sluice.compiler.yaml;

import io.sluice.broker.policy.Identity;
import io.sluice.broker.policy.PolicyDecoder;
import io.sluice.broker.policy.Quota;
import io.sluice.broker.policy.Range;
import io.sluice.broker.policy.Tenant;
import io.sluice.compiler.yaml.PolicyException.Problem;
import io.sluice.policy.v1.IdentityMessage;
import io.sluice.policy.v1.PolicyMessage;
import io.sluice.policy.v1.QuotaMessage;
import io.sluice.policy.v1.TenantMessage;
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
    Optional<PolicyMessage> read(String source, String text, Node root) {
        Section policy = new Section(problems, "the policy", root).allow("version admins tenants");
        policy.require("version", "1").text("version", "1, the only one that there is", "1"::equals);
        String expected = "a list such as [ { user: root }, { group: sluice-admin } ]";
        List<Identity> admins = policy.list("admins", expected).stream()
                .flatMap(admin -> identity(new Section(problems, "this admin", admin)).stream())
                .toList();
        policy.require("tenants", "a mapping from names to tenants");
        List<TenantMessage> tenants = policy.named("tenants", "tenant", this::tenant);
        PolicyMessage.Builder made =
                PolicyMessage.newBuilder().setSource(source).setText(text).addAllTenants(tenants);
        (admins.isEmpty() ? ROOT : admins).forEach(admin -> made.addAdmins(message(admin)));
        return policy.make(() -> {
            PolicyDecoder.policy(made.build());
            return made.build();
        });
    }

    private Optional<TenantMessage> tenant(String name, Section tenant) {
        tenant.allow("identity quota grace grants").require("identity", "{ user: NAME }, or uid, group, gid");
        tenant.require("grants", "a mapping from names to grants");
        Optional<Identity> identity = tenant.section("identity").flatMap(this::unowned);
        TenantMessage.Builder made = TenantMessage.newBuilder().setName(name).setQuota(quota(tenant.section("quota")));
        String expected = "a time from 0s to 300s, such as 10s or 1500ms";
        made.setGraceMs((int) tenant.number("grace", Section.MILLIS, Tenant.GRACE::has, expected, 0));
        made.addAllGrants(tenant.named("grants", "grant", GrantReader::read));
        return tenant.make(() -> {
            made.setIdentity(message(identity.orElseThrow()));
            PolicyDecoder.tenant(made.build());
            return made.build();
        });
    }

    private static QuotaMessage quota(Optional<Section> found) {
        Quota quota = Quota.DEFAULT;
        QuotaMessage.Builder message = QuotaMessage.newBuilder()
                .setLeases(quota.leases())
                .setMemory(quota.memory())
                .setConnections(quota.connections())
                .setQueues(quota.queues());
        found.ifPresent(section -> {
            section.allow("leases memory connections queues");
            String expected = "a size from 0B to 1024GiB, such as 256MiB";
            message.setLeases(section.integer("leases", Quota.LEASES, quota.leases()))
                    .setMemory(section.number("memory", Section.BYTES, Quota.MEMORY::has, expected, quota.memory()))
                    .setConnections(section.integer("connections", Quota.CONNECTIONS, quota.connections()))
                    .setQueues(section.integer("queues", Quota.QUEUES, quota.queues()));
        });
        return message.build();
    }

    private static IdentityMessage message(Identity identity) {
        IdentityMessage.Builder message = IdentityMessage.newBuilder();
        return switch (identity.kind()) {
            case UID -> message.setUid(identity.id()).build();
            case GID -> message.setGid(identity.id()).build();
        };
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
