package io.sluice.worker.conductor.plan;

import io.sluice.grant.v1.GrantRequest;

/**
 * Whatever the broker has behind a grant, a packet or xdp port as a rule.
 *
 * @param narrow the request to the broker, without the grant's name; its kind may be open
 */
public record Granted(GrantRef grant, GrantRequest narrow) implements Transport {
    @Override
    public String kind() {
        return switch (narrow.getNarrowCase()) {
            case XDP -> "xdp";
            case PACKET -> "packet";
            case NARROW_NOT_SET -> "granted";
        };
    }
}
