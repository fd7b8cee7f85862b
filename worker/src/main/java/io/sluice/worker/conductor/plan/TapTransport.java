package io.sluice.worker.conductor.plan;

import java.util.List;
import java.util.Optional;

/** Tap devices (Documentation/networking/tuntap.rst). */
public sealed interface TapTransport extends Transport {
    /** MAX_TAP_QUEUES of linux/if_tap.h. */
    int MOST_QUEUES = 256;

    /** Where the device's descriptors come from. */
    sealed interface Source {
        /** From the broker; without a name, from the tenant's only grant of kind tap. */
        record Leased(Optional<GrantRef> grant) implements Source {}

        /** From /dev/net/tun: a persistent device that belongs to the worker's user. */
        record Device(String ifname) implements Source {
            public Device {
                Checks.ifname(ifname);
            }
        }

        /** Inherited, one a queue. */
        record Descriptors(List<Integer> fds) implements Source {
            public Descriptors {
                fds = List.copyOf(fds);
                Checks.range("number of fds", fds.size(), 1, MOST_QUEUES);
                fds.forEach(Checks::descriptor);
                if (fds.stream().distinct().count() != fds.size()) {
                    throw new IllegalArgumentException("fds " + fds + ": each may be named once only");
                }
            }
        }
    }

    /**
     * Frames by read(2) and write(2).
     *
     * @param queues descriptors to open of a {@link Source.Device}, 1..256; those of the other sources are given
     * @param vnet whether frames carry a virtio_net_hdr, so that superframes stay whole; empty: if the device has it
     */
    record Tap(Source source, int queues, Optional<Boolean> vnet) implements TapTransport {
        public Tap {
            Checks.range("queues", queues, 1, MOST_QUEUES);
        }

        @Override
        public String kind() {
            return "tap";
        }
    }

    /**
     * Written to by write(2), read through an AF_PACKET socket on the same device, a vector a call. Both are the worker's own: a
     * socket of a grant has its filter locked, and this one has to hear nothing but what the host sends.
     *
     * @param source of the tap's descriptor
     * @param vnet as in {@link Tap}
     */
    record Hybrid(Source.Device source, Optional<Boolean> vnet) implements TapTransport {
        @Override
        public String kind() {
            return "hybrid";
        }
    }
}
