package io.sluice.broker.policy;

/**
 * Sizes of the rings of one AF_XDP socket, in entries; powers of two.
 *
 * @param rx descriptors of received frames
 * @param tx descriptors of frames to send; 0 if the socket has no TX ring and so can never send
 * @param fill free frames that the kernel may receive into
 * @param completion frames that the kernel has sent
 */
public record Rings(int rx, int tx, int fill, int completion) {
    /** Upper bound of each. The kernel takes 2^27 and more, and charges that memory to nobody. */
    public static final int MAX = 65_536;
    /** What a grant has if its policy says nothing. */
    public static final Rings DEFAULT = new Rings(2048, 2048, 4096, 2048);

    public Rings {
        Require.ring("rx ring", rx, 1, MAX);
        if (tx != 0) {
            Require.ring("tx ring", tx, 1, MAX);
        }
        Require.ring("fill ring", fill, 1, MAX);
        Require.ring("completion ring", completion, 1, MAX);
    }

    /**
     * Bytes of kernel memory: 16 an entry of rx and tx, 8 an entry of fill and completion, and a page for each ring's
     * header (the kernel rounds header and entries up to whole pages).
     */
    public long bytes() {
        int headers = tx == 0 ? 3 : 4;
        return 16L * (rx + tx) + 8L * (fill + completion) + headers * 4096L;
    }
}
