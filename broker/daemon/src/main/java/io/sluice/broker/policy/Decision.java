package io.sluice.broker.policy;

import io.sluice.grant.v1.Error;

/** What policy says to one request for one grant. */
public sealed interface Decision {
    /**
     * To be made, quota permitting.
     *
     * @param tenant who asked, and who is charged
     * @param order what to make
     */
    record Allow(Tenant tenant, Order order) implements Decision {}

    /**
     * Refused.
     *
     * @param reason what was wrong, naming the values
     * @param hint what the client can do about it
     */
    record Deny(Error.Code code, String reason, String hint) implements Decision {}
}
