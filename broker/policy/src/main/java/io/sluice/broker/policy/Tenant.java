package io.sluice.broker.policy;

import java.util.List;
import java.util.Optional;

/**
 * Somebody who may ask for grants, each of which has a name of its own, and what they may hold together.
 *
 * @param graceMs how long what a dead process held is kept for its successor, milliseconds; 0: not at all
 */
public record Tenant(String name, Identity identity, Quota quota, int graceMs, List<Grant> grants) {
    public static final Range GRACE = new Range(0, 300_000);

    public Tenant {
        GRACE.check("grace", graceMs);
        grants = List.copyOf(grants);
        long names = grants.stream().map(Grant::name).distinct().count();
        Require.that(Require.isName(name), "a tenant can't be called " + name);
        Require.that(names == grants.size(), "two grants of one name: " + name);
    }

    /** The grant of that name. */
    public Optional<Grant> grant(String grantName) {
        return grants.stream().filter(grant -> grant.name().equals(grantName)).findFirst();
    }
}
