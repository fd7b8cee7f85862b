package io.sluice.broker.policy;

import io.sluice.grant.channel.PeerCredentials;
import java.util.Locale;

/** Who a tenant or an operator is, as the kernel sees it at connect(2): an unsigned id, of a user or of a group. */
public record Identity(Kind kind, int id) {
    /** Every process of a user, or every process that has a group, as its own or a supplementary one. */
    public enum Kind {
        UID,
        GID;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Identity {
        Require.that(id != -1, kind + " -1 is nobody's"); // it means "none" to the kernel
    }

    /** Whether the peer is this. */
    public boolean matches(PeerCredentials peer) {
        return switch (kind) {
            case UID -> peer.uid() == id;
            case GID -> peer.gid() == id || peer.groups().contains(id);
        };
    }

    /** For people: {@code uid 1001}. */
    public String describe() {
        return kind + " " + Integer.toUnsignedString(id);
    }
}
