package io.sluice.broker.policy;

import java.util.Optional;

/** The first thing in which an order goes beyond a grant. */
final class Excess {
    private Optional<String> found = Optional.empty();

    Excess check(boolean allowed, String what, Object asked, Object granted) {
        if (!allowed && found.isEmpty()) {
            found = Optional.of(what + " is " + asked + ", but the grant's is " + granted);
        }
        return this;
    }

    Excess same(String what, Object asked, Object granted) {
        return check(asked.equals(granted), what, asked, granted);
    }

    Excess atMost(String what, int asked, int granted) {
        return check(asked <= granted, what, asked, "at most " + granted);
    }

    Optional<String> found() {
        return found;
    }
}
