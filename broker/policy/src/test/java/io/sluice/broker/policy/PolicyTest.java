package io.sluice.broker.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.channel.PeerCredentials;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PolicyTest {
    private static final Tenant BLUE = tenant("blue", new Identity(Identity.Kind.UID, 1001));
    private static final Tenant GREEN = tenant("green", new Identity(Identity.Kind.GID, 2000));
    private static final Tenant RED = tenant("red", new Identity(Identity.Kind.GID, 3000));
    private static final Policy POLICY = new Policy(
            "p.yaml",
            "",
            List.of(new Identity(Identity.Kind.UID, 0), new Identity(Identity.Kind.GID, 990)),
            List.of(GREEN, RED, BLUE));

    @Test
    void aTenantIsFoundByUid() {
        assertThat(POLICY.tenantOf(peer(1001, 100))).contains(BLUE);
    }

    @Test
    void aTenantIsFoundByItsOwnGroupOrASupplementaryOne() {
        assertThat(POLICY.tenantOf(peer(5, 2000))).contains(GREEN);
        assertThat(POLICY.tenantOf(peer(5, 100, 3000))).contains(RED);
    }

    @Test
    void aUidWinsOverAGid() {
        assertThat(POLICY.tenantOf(peer(1001, 2000, 3000))).contains(BLUE);
    }

    @Test
    void twoGidsAreAmbiguousAndMatchNobody() {
        assertThat(POLICY.tenantOf(peer(5, 2000, 3000))).isEmpty();
    }

    @Test
    void nobodyElseIsATenantNotEvenRoot() {
        assertThat(POLICY.tenantOf(peer(0, 0))).isEmpty();
        assertThat(POLICY.tenantOf(peer(2000, 1001))).isEmpty();
    }

    @Test
    void adminsAreMatchedByUidOrGroup() {
        assertThat(POLICY.isAdmin(peer(0, 0))).isTrue();
        assertThat(POLICY.isAdmin(peer(5, 100, 990))).isTrue();
        assertThat(POLICY.isAdmin(peer(5, 100))).isFalse();
        assertThat(POLICY.isAdmin(peer(990, 100))).isFalse();
    }

    @Test
    void recordsRefuseWhatTheLoaderWouldNotMake() {
        assertThatThrownBy(() -> new Policy("p", "", List.of(), List.of())).hasMessage("a policy without admins");
        assertThatThrownBy(() -> new Policy("p", "", POLICY.admins(), List.of(BLUE, BLUE)))
                .hasMessage("two tenants of one name or identity");
        assertThatThrownBy(() -> new Identity(Identity.Kind.UID, -1)).hasMessage("uid -1 is nobody's");
        assertThatThrownBy(() -> new Identity(Identity.Kind.GID, -1)).hasMessage("gid -1 is nobody's");
        assertThatThrownBy(() -> new Rings(3, 1, 1, 1)).hasMessage("rx ring is 3, not a power of two from 1 to 262144");
        assertThatThrownBy(() -> new BusyPoll(20, 65_536)).hasMessage("budget is 65536, not from 1 to 65535");
        assertThatThrownBy(() -> new Quota(-1, 0, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> tenant("Blue", new Identity(Identity.Kind.UID, 1)))
                .hasMessage("a tenant can't be called Blue");
    }

    @Test
    void idsAreShownUnsigned() {
        assertThat(new Identity(Identity.Kind.UID, -2).describe()).isEqualTo("uid 4294967294");
        assertThat(new Identity(Identity.Kind.GID, 990).describe()).isEqualTo("gid 990");
    }

    private static Tenant tenant(String name, Identity identity) {
        return new Tenant(name, identity, Quota.DEFAULT, 0, List.of());
    }

    private static PeerCredentials peer(int uid, int gid, Integer... supplementary) {
        return new PeerCredentials(1, uid, gid, Set.of(supplementary));
    }
}
