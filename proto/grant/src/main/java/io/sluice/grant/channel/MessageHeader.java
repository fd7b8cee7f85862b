package io.sluice.grant.channel;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A {@code struct msghdr} with one iovec and room for descriptors, laid out for 64-bit glibc (sendmsg(2), cmsg(3)).
 *
 * <pre>
 *  msghdr   0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags        (56 bytes)
 *  iovec    0 base*  8 len                                                                      (16 bytes)
 *  cmsghdr  0 len  8 level  12 type  16 data, padded to 8
 * </pre>
 */
public class MessageHeader {
    protected static final int CONTROL_LENGTH = 40;
    protected static final int FLAGS = 48;
    /** Where the control data is. */
    protected static final int CONTROL = 72;
    /** Bytes of it, if each message of it is padded. */
    protected final int controlCapacity;

    protected static final int CMSG_HEADER = 16;
    protected static final int SOL_SOCKET = 1;
    protected static final int SCM_RIGHTS = 1;
    private static final int IOV = 56;

    private final ByteBuffer memory;

    /** @param maxFds most descriptors that one message can carry */
    public MessageHeader(int maxFds) {
        this.controlCapacity = align(CMSG_HEADER + 4 * maxFds);
        this.memory = Native.allocate(CONTROL + controlCapacity);
        long base = Native.address(memory);
        memory.putLong(16, base + IOV).putLong(24, 1).putLong(32, base + CONTROL);
    }

    /** Points the message at the first {@code length} bytes of {@code payload}. */
    public final void payload(ByteBuffer payload, int length) {
        memory.putLong(IOV, Native.address(payload)).putLong(IOV + 8, length);
    }

    /** Fills the control data with {@code fds}; borrows them. */
    public final void fds(List<Fd> fds) {
        int length = CMSG_HEADER + 4 * fds.size();
        memory.putLong(CONTROL_LENGTH, fds.isEmpty() ? 0 : align(length));
        memory.putLong(CONTROL, length).putInt(CONTROL + 8, SOL_SOCKET).putInt(CONTROL + 12, SCM_RIGHTS);
        for (int i = 0; i < fds.size(); i++) {
            memory.putInt(CONTROL + CMSG_HEADER + 4 * i, fds.get(i).number());
        }
    }

    /** For the system call. */
    public final ByteBuffer memory() {
        return memory;
    }

    protected static int align(int length) {
        return (length + 7) & ~7;
    }
}
