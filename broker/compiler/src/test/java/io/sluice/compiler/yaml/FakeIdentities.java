package io.sluice.compiler.yaml;

import io.sluice.broker.policy.Identity;
import java.util.Map;
import java.util.OptionalInt;

/** Takes a name as C does, up to its first NUL. A host with the users root 0, blue 1001, broken -1 and the groups sluice-admin 990, blue 1001. */
final class FakeIdentities implements Identities {
    private static final Map<String, Integer> USERS = Map.of("root", 0, "blue", 1001, "broken", -1);
    private static final Map<String, Integer> GROUPS = Map.of("sluice-admin", 990, "blue", 1001);

    @Override
    public OptionalInt find(Identity.Kind kind, String name) {
        Map<String, Integer> ids = kind == Identity.Kind.UID ? USERS : GROUPS;
        int end = name.indexOf('\0');
        String asInC = end < 0 ? name : name.substring(0, end);
        return ids.containsKey(asInC) ? OptionalInt.of(ids.get(asInC)) : OptionalInt.empty();
    }
}
