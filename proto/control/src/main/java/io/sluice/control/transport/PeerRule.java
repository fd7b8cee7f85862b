package io.sluice.control.transport;

/** Who may call a server on a unix socket. Asked on every call, with the credentials that the peer had at connect(2). */
@FunctionalInterface
public interface PeerRule {
    /** Whether {@code peer} may call. */
    boolean allows(Peer peer);

    /** Whom the rule allows, for the message to those whom it refuses, for example {@code uid 1000}. */
    default String who() {
        return "others";
    }

    /** Processes whose effective uid is {@code uid}. */
    static PeerRule uid(int uid) {
        return of("uid " + Integer.toUnsignedString(uid), peer -> peer.uid() == uid);
    }

    /** Processes with {@code gid} as their effective or a supplementary group; {@code name} is for people. */
    static PeerRule group(int gid, String name) {
        return of("group " + name, peer -> peer.groups().contains(gid));
    }

    /** {@code rule} with a description for {@link #who()}. */
    static PeerRule of(String who, PeerRule rule) {
        return new PeerRule() {
            @Override
            public boolean allows(Peer peer) {
                return rule.allows(peer);
            }

            @Override
            public String who() {
                return who;
            }
        };
    }

    /** Those whom this rule or {@code other} allows. */
    default PeerRule or(PeerRule other) {
        return of(who() + ", " + other.who(), peer -> allows(peer) || other.allows(peer));
    }
}
