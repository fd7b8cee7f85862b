package io.sluice.broker.policy;

/**
 * Sizes of the rings of one AF_XDP socket, in entries; powers of two. The kernel takes 2^27 and more, and charges that
 * memory to nobody; 2^18 frames are a third of a second at 0.8 million of them a second.
 *
 * @param rx descriptors of received frames
 * @param tx descriptors of frames to send; 0 if the socket has no TX ring and so can never send
 * @param fill free frames that the kernel may receive into
 * @param completion frames that the kernel has sent
 */
public record Rings(int rx, int tx, int fill, int completion) {
    public static final Range SIZES = Range.powersOfTwo(1, 262_144);
    /** What a grant has if its policy says nothing: rx takes all that fill can, however late the holder comes for it. */
    public static final Rings DEFAULT = new Rings(4096, 2048, 4096, 2048);

    public Rings {
        SIZES.check("rx ring", rx);
        if (tx != 0) {
            SIZES.check("tx ring", tx);
        }
        SIZES.check("fill ring", fill);
        SIZES.check("completion ring", completion);
    }

    /** Bytes of kernel memory: 16 an entry of rx and tx, 8 of fill and completion, a page for each ring's header. */
    public long bytes() {
        return 16L * (rx + tx) + 8L * (fill + completion) + (tx == 0 ? 3 : 4) * 4096L;
    }
}
