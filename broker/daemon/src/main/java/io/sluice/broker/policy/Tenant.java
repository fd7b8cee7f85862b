package io.sluice.broker.policy;

import java.util.List;
import java.util.Optional;

/**
 * Somebody who may ask for grants.
 *
 * @param identity whose processes it is
 * @param quota what they may hold together
 * @param grants in the order of the file, each with a name of its own
 */
public record Tenant(String name, Identity identity, Quota quota, List<Grant> grants) {
    public Tenant {
        Require.that(Require.isName(name), "a tenant can't be called " + name);
        grants = List.copyOf(grants);
        Require.that(
                grants.stream().map(Grant::name).distinct().count() == grants.size(),
                "two grants of one name: " + name);
    }

    /** The grant of that name. */
    public Optional<Grant> grant(String grantName) {
        return grants.stream().filter(grant -> grant.name().equals(grantName)).findFirst();
    }
}
