package io.sluice.broker.policy;

import io.sluice.grant.channel.PeerCredentials;

/** Who a tenant or an operator is, as the kernel sees it at connect(2). Names were resolved when the policy was read. */
public sealed interface Identity {
    /** The largest uid or gid; the value after it, -1, means "none" to the kernel. */
    long MAX_ID = 0xFFFF_FFFEL;

    /** Whether the peer is this. */
    boolean matches(PeerCredentials peer);

    /** For people: {@code uid 1001}. */
    String describe();

    /**
     * Every process of a user.
     *
     * @param uid unsigned
     */
    record Uid(int uid) implements Identity {
        public Uid {
            Require.that(uid != -1, "uid -1 is nobody's");
        }

        @Override
        public boolean matches(PeerCredentials peer) {
            return peer.uid() == uid;
        }

        @Override
        public String describe() {
            return "uid " + Integer.toUnsignedString(uid);
        }
    }

    /**
     * Every process that has a group, as its own or a supplementary one.
     *
     * @param gid unsigned
     */
    record Gid(int gid) implements Identity {
        public Gid {
            Require.that(gid != -1, "gid -1 is nobody's");
        }

        @Override
        public boolean matches(PeerCredentials peer) {
            return peer.gid() == gid || peer.groups().contains(gid);
        }

        @Override
        public String describe() {
            return "gid " + Integer.toUnsignedString(gid);
        }
    }
}
