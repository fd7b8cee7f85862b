package io.sluice.grant.channel;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import jnr.constants.platform.Errno;

/**
 * Who connected, as the kernel recorded it at connect(2): unix(7), SO_PEERCRED and SO_PEERGROUPS.
 *
 * @param pid in the reader's pid namespace; it may have been reused since, so decide by uid
 * @param uid effective uid
 * @param gid effective gid
 * @param groups gid and the supplementary groups
 */
public record PeerCredentials(int pid, int uid, int gid, Set<Integer> groups) {
    private static final SocketCalls CALLS = Native.libc(SocketCalls.class);
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SO_PEERGROUPS = 59;
    private static final int SO_PEERPIDFD = 77;

    /** pidfd_open(2), the same number on every architecture. */
    private static final long PIDFD_OPEN = 434;

    public PeerCredentials {
        groups = Set.copyOf(groups);
    }

    /** Reads the credentials of the peer of a connected unix socket. */
    public static PeerCredentials of(Fd socket) throws SyscallException {
        ByteBuffer cred = Native.allocate(12);
        ByteBuffer length = Native.allocate(4).putInt(0, 12);
        Native.check(
                CALLS.getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, cred, length), "getsockopt(SO_PEERCRED)");
        int gid = cred.getInt(8);
        Set<Integer> groups = new HashSet<>();
        groups.add(gid);
        ByteBuffer list = Native.allocate(4 * 1024);
        length.putInt(0, list.capacity());
        while (CALLS.getsockopt(socket.number(), SOL_SOCKET, SO_PEERGROUPS, list, length) != 0) {
            if (!Native.failedWith(Errno.ERANGE)) {
                throw new SyscallException("getsockopt(SO_PEERGROUPS)", Native.errno());
            }
            list = Native.allocate(length.getInt(0)); // what it takes
        }
        for (int i = 0; i < length.getInt(0); i += 4) {
            groups.add(list.getInt(i));
        }
        return new PeerCredentials(cred.getInt(0), cred.getInt(4), gid, groups);
    }

    /**
     * A pidfd of the peer, readable once that very process has ended; owned by the caller. Before Linux 6.5 it is opened by
     * pid, which may name another process if the peer died and its pid was reused meanwhile: then the end of the socket
     * still tells.
     */
    public static Fd pidfd(Fd socket) throws SyscallException {
        ByteBuffer value = Native.allocate(4);
        ByteBuffer length = Native.allocate(4).putInt(0, 4);
        if (CALLS.getsockopt(socket.number(), SOL_SOCKET, SO_PEERPIDFD, value, length) == 0) {
            return Fd.owned(value.getInt(0), "getsockopt(SO_PEERPIDFD)");
        }
        if (!Native.failedWith(Errno.ENOPROTOOPT)) {
            throw new SyscallException("getsockopt(SO_PEERPIDFD)", Native.errno());
        }
        return Fd.owned((int) CALLS.syscall(PIDFD_OPEN, of(socket).pid(), 0), "pidfd_open");
    }
}
