package io.sluice.broker;

/** The broker's version, from the jar's manifest. */
public final class BrokerVersion {
    /** For example {@code 0.1.0-SNAPSHOT}; {@code dev} when run from classes. */
    public static final String STRING = read();

    private BrokerVersion() {}

    private static String read() {
        String version = BrokerVersion.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }
}
