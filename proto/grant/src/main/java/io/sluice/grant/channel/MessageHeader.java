package io.sluice.grant.channel;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@code struct msghdr} with one iovec and room for control data, laid out for 64-bit glibc (recvmsg(2), cmsg(3)).
 *
 * <pre>
 *  msghdr   0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags        (56 bytes)
 *  iovec    0 base*  8 len                                                                      (16 bytes)
 *  cmsghdr  0 len  8 level  12 type  16 data, padded to 8
 * </pre>
 */
final class MessageHeader {
    private static final int IOV = 56;
    private static final int CONTROL = 72;
    private static final int CMSG_HEADER = 16;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;

    private final ByteBuffer memory;
    private final int controlCapacity;

    /** @param maxFds most descriptors that one message can carry; 0 for no control data at all */
    MessageHeader(int maxFds) {
        this.controlCapacity = maxFds == 0 ? 0 : align(CMSG_HEADER + 4 * maxFds);
        this.memory = Native.allocate(CONTROL + controlCapacity);
        long base = Native.address(memory);
        memory.putLong(16, base + IOV);
        memory.putLong(24, 1);
        memory.putLong(32, controlCapacity == 0 ? 0 : base + CONTROL);
    }

    /** Points the message at {@code length} bytes of {@code payload} from {@code offset}. */
    void payload(ByteBuffer payload, int offset, int length) {
        memory.putLong(IOV, Native.address(payload) + offset);
        memory.putLong(IOV + 8, length);
    }

    /** Fills the control data with {@code fds}; borrows them. */
    void fds(List<Fd> fds) {
        if (fds.isEmpty()) {
            memory.putLong(40, 0);
            return;
        }
        int length = CMSG_HEADER + 4 * fds.size();
        memory.putLong(40, align(length));
        memory.putLong(CONTROL, length);
        memory.putInt(CONTROL + 8, SOL_SOCKET);
        memory.putInt(CONTROL + 12, SCM_RIGHTS);
        for (int i = 0; i < fds.size(); i++) {
            memory.putInt(CONTROL + CMSG_HEADER + 4 * i, fds.get(i).number());
        }
    }

    /** Offers the whole control buffer to recvmsg. */
    void offerControl() {
        memory.putLong(40, controlCapacity);
        memory.putInt(48, 0);
    }

    int flags() {
        return memory.getInt(48);
    }

    /** Takes every descriptor that arrived, by the lengths received (a short buffer may still hold some). */
    List<Fd> takeFds() throws SyscallException {
        List<Fd> fds = new ArrayList<>();
        long end = CONTROL + Math.min(memory.getLong(40), controlCapacity);
        int at = CONTROL;
        while (at + CMSG_HEADER <= end) {
            long length = memory.getLong(at);
            if (length < CMSG_HEADER || at + length > end) {
                break;
            }
            if (memory.getInt(at + 8) == SOL_SOCKET && memory.getInt(at + 12) == SCM_RIGHTS) {
                for (int i = at + CMSG_HEADER; i + 4 <= at + length; i += 4) {
                    fds.add(Fd.owned(memory.getInt(i), "recvmsg"));
                }
            }
            at += align((int) length);
        }
        return fds;
    }

    ByteBuffer memory() {
        return memory;
    }

    private static int align(int length) {
        return (length + 7) & ~7;
    }
}
