package io.sluice.worker.conductor.plan;

/** How a grant of the broker's policy is found. */
public sealed interface GrantRef {
    /** By its name in the policy. */
    record Named(String name) implements GrantRef {
        private static final int LONGEST = 64;

        public Named {
            if (name.isEmpty() || name.length() > LONGEST) {
                throw new IllegalArgumentException(
                        "grant \"" + PortPlan.shown(name) + "\": 1 to " + LONGEST + " characters are expected");
            }
        }
    }

    /** By the interface that it is for, among the tenant's grants of one kind. */
    record OnInterface(String kind, String interfaceName) implements GrantRef {
        public OnInterface {
            Checks.ifname(interfaceName);
        }
    }
}
