package io.sluice.broker.bpf;

import io.sluice.broker.policy.XdpMode;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.Locale;
import jnr.constants.platform.Errno;

/**
 * An attached program. It stays attached until {@link #detach()}, the end of the device, or the close of the last
 * descriptor, be it by the end of this process.
 *
 * @param fd the descriptor; the link owns it
 * @param mode the mode that the program runs in: NATIVE or SKB, never AUTO
 */
public record BpfLink(Fd fd, XdpMode mode) implements AutoCloseable {
    private static final int BPF_XDP = 37;
    private static final int XDP_FLAGS_SKB_MODE = 2;
    private static final int XDP_FLAGS_DRV_MODE = 4;
    /** struct bpf_link_info: type at 0, id at 4, prog_id at 8, then for XDP ifindex at 16. */
    private static final int INFO_BYTES = 24;

    /**
     * Attaches an XDP program to a device.
     *
     * <p>The kernel does not tell which mode a link has (struct bpf_link_info), so AUTO is not left to it: first native,
     * and where that is not supported (EOPNOTSUPP), skb. Any other failure of native mode is reported, not papered over
     * with the slower one.
     *
     * @param ifindex the device, in the network namespace of the calling thread
     * @throws SyscallException EBUSY or EEXIST if the device has an XDP program already, EINVAL if there is no such device
     *     or the program is none for XDP
     */
    public static BpfLink attachXdp(BpfProgram program, int ifindex, XdpMode mode) throws SyscallException {
        try {
            return attach(program, ifindex, mode == XdpMode.AUTO ? XdpMode.NATIVE : mode);
        } catch (SyscallException e) {
            if (mode != XdpMode.AUTO || !e.is(Errno.EOPNOTSUPP)) {
                throw e;
            }
            return attach(program, ifindex, XdpMode.SKB);
        }
    }

    private static BpfLink attach(BpfProgram program, int ifindex, XdpMode mode) throws SyscallException {
        int flags = mode == XdpMode.NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
        String what = "xdp " + mode.name().toLowerCase(Locale.ROOT) + ", ifindex " + ifindex;
        ByteBuffer attributes = BpfCommand.attributes(program.fd().number(), ifindex, BPF_XDP, flags);
        return new BpfLink(BpfCommand.LINK_CREATE.create(attributes, what), mode);
    }

    /** The device that the program is attached to, 0 if it was detached or the device is gone. */
    public int attachedIfindex() throws SyscallException {
        ByteBuffer info = Native.allocate(INFO_BYTES);
        ByteBuffer attributes = BpfCommand.attributes(fd.number(), INFO_BYTES).putLong(8, Native.address(info));
        BpfCommand.OBJ_GET_INFO_BY_FD.run(attributes, "xdp link", info);
        return info.getInt(16);
    }

    /** Detaches: the device is free when this returns. May be repeated; fails only if the device, and all with it, is gone. */
    public void detach() {
        BpfCommand.LINK_DETACH.call(BpfCommand.attributes(fd.number()));
    }

    /** Detaches first: closing the last descriptor does so some time later. */
    @Override
    public void close() {
        if (!fd.isClosed()) {
            detach();
        }
        fd.close();
    }
}
