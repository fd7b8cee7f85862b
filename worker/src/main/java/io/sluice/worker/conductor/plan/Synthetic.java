package io.sluice.worker.conductor.plan;

import io.sluice.worker.port.synthetic.TestFrame;

/** Ports for measurements: nothing is behind them. */
public sealed interface Synthetic extends Transport {
    /** Forgets what it is given. */
    record Discard() implements Synthetic {
        @Override
        public String kind() {
            return "null";
        }
    }

    /**
     * Makes packets.
     *
     * @param length bytes without FCS
     * @param destination MAC address, as text
     * @param source MAC address, as text
     */
    record Generator(int length, String destination, String source) implements Synthetic {
        private static final int MAX_FRAME = 1514;

        public Generator {
            if (length < TestFrame.LEAST || length > MAX_FRAME) {
                throw new IllegalArgumentException("frame=" + length + ": " + TestFrame.LEAST + " to " + MAX_FRAME
                        + " bytes without FCS are expected");
            }
            Checks.mac("dst", destination);
            Checks.mac("src", source);
        }

        @Override
        public String kind() {
            return "generator";
        }
    }
}
