package io.sluice.worker.conductor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A release of Linux.
 *
 * @param major 6 of 6.1.0-28-amd64
 * @param minor 1 of it
 */
record KernelRelease(int major, int minor) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(\\D.*)?");

    /** That of this machine. */
    static KernelRelease running() {
        return of(System.getProperty("os.version"));
    }

    /** As uname -r says it; 0.0 if that can't be read. */
    static KernelRelease of(String release) {
        Matcher numbers = FORM.matcher(release);
        return numbers.matches()
                ? new KernelRelease(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)))
                : new KernelRelease(0, 0);
    }

    /** Whether a virtio_net_hdr may say GSO_UDP_L4 (include/linux/virtio_net.h, from 6.2 on). */
    boolean hasUdpSuperframes() {
        return major > 6 || (major == 6 && minor >= 2);
    }
}
