package io.sluice.worker.conductor.plan;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Internet addresses as text. Nothing is looked up. */
public final class Addresses {
    private Addresses() {}

    /**
     * An IPv4 or IPv6 address in digits, or localhost, which is 127.0.0.1.
     *
     * @param what it is, for the error
     * @throws IllegalArgumentException it is none
     */
    public static InetAddress of(String what, String text) {
        return Checks.address(what, text);
    }

    /**
     * {@code HOST:PORT}, an IPv6 address in brackets, no host for 0.0.0.0.
     *
     * @param what it is, for the error
     * @throws IllegalArgumentException it is none
     */
    public static InetSocketAddress endpoint(String what, String text) {
        return Checks.endpoint(what, text);
    }
}
