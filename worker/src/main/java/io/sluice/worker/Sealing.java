package io.sluice.worker;

import java.security.SecureRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens, while it is allowed, the files that a JVM otherwise opens when it first needs them. */
final class Sealing {
    private static final Logger LOG = LoggerFactory.getLogger(Sealing.class);

    private Sealing() {}

    /** After this the JVM does not have to open anything: classes come from jars that are open. */
    static void prepare() {
        // The class loader opens each jar when it first looks into it; for what is nowhere it looks into all of them.
        if (Sealing.class.getResource("/there is no such resource") != null) {
            throw new IllegalStateException("a jar claims to have everything");
        }
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random); // /dev/urandom
        // The time zone, which every line of the log begins with.
        LOG.info("sealed: it opens no socket and no file any more");
    }
}
