package io.sluice.grant.client;

import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.MessageHeader;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import java.util.ArrayList;
import java.util.List;

/** A message header for recvmsg(2): room for descriptors, and what has come in it. */
final class ReceivedHeader extends MessageHeader {
    /** @param maxFds most descriptors that one message can carry, {@link FrameChannel#MAX_FDS} to lose none */
    ReceivedHeader(int maxFds) {
        super(maxFds);
    }

    /** Offers the whole control buffer. */
    void offerControl() {
        memory().putLong(CONTROL_LENGTH, controlCapacity).putInt(FLAGS, 0);
    }

    /** MSG_* of what came. */
    int flags() {
        return memory().getInt(FLAGS);
    }

    /** Takes every descriptor that arrived, by the lengths received (a short buffer may still hold some). */
    List<Fd> takeFds() throws SyscallException {
        List<Fd> fds = new ArrayList<>();
        long end = CONTROL + Math.min(memory().getLong(CONTROL_LENGTH), controlCapacity);
        int at = CONTROL;
        while (at + CMSG_HEADER <= end) {
            long length = memory().getLong(at);
            if (length < CMSG_HEADER || at + length > end) {
                break;
            }
            if (memory().getInt(at + 8) == SOL_SOCKET && memory().getInt(at + 12) == SCM_RIGHTS) {
                for (int i = at + CMSG_HEADER; i + 4 <= at + length; i += 4) {
                    fds.add(Fd.owned(memory().getInt(i), "recvmsg"));
                }
            }
            at += align((int) length);
        }
        return fds;
    }
}
