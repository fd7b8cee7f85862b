package io.sluice.lab;

/**
 * The user that a command runs as, without any privilege: no capability in any set, no supplementary group, no new
 * privileges.
 *
 * @param uid user id, not 0
 * @param gid group id, not 0
 */
public record Identity(int uid, int gid) {
    /** Between Debian's ranges for packages and for nobody, so it meets neither a daemon nor a person. */
    public static final Identity TENANT = new Identity(61001, 61001);

    /** Another tenant, for what one must not see of the other. */
    public static final Identity OTHER_TENANT = new Identity(61002, 61002);

    /** Checks that this is a user without privilege. */
    public Identity {
        if (uid <= 0 || gid <= 0) {
            throw new IllegalArgumentException("a lab identity is not root: uid " + uid + ", gid " + gid);
        }
    }
}
