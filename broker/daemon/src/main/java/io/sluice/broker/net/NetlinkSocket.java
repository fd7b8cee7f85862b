package io.sluice.broker.net;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Errno;

/**
 * A socket to the rtnetlink of one namespace, and one request after the other over it. Nobody but the kernel can send to
 * it without CAP_NET_ADMIN in that namespace. Not for several threads.
 */
final class NetlinkSocket implements AutoCloseable {
    private static final int AF_NETLINK = 16;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_CAP_ACK = 10;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int SO_RCVTIMEO = 20;
    /** The kernel answers before write(2) returns; only a dump is made while it is read. */
    private static final int TIMEOUT_S = 5;
    /** The kernel makes no part of a dump larger than this, whatever the reader has room for. */
    private static final int RECEIVE = 32 * 1024;

    private final Fd socket;
    private final ByteBuffer received = Native.allocate(RECEIVE);
    private int sequence;

    /** Over a socket that is open already, which this owns from now on. */
    NetlinkSocket(Fd socket) {
        this.socket = socket;
    }

    /** Opens one in the calling thread's namespace. */
    static NetlinkSocket open() throws SyscallException {
        try (Closer closer = new Closer()) {
            Fd socket = closer.add(Sockets.open(AF_NETLINK, Sockets.SOCK_RAW, 0, "AF_NETLINK, NETLINK_ROUTE"));
            Sockets.set(socket, SOL_NETLINK, NETLINK_CAP_ACK, 1, "NETLINK_CAP_ACK");
            Sockets.set(socket, SOL_NETLINK, NETLINK_EXT_ACK, 1, "NETLINK_EXT_ACK");
            ByteBuffer timeval = Native.allocate(16).putLong(0, TIMEOUT_S);
            Sockets.set(socket, Sockets.SOL_SOCKET, SO_RCVTIMEO, timeval, "SO_RCVTIMEO");
            NetlinkSocket opened = new NetlinkSocket(socket);
            closer.release();
            return opened;
        }
    }

    /** Like {@link #request}, but false if it fails with one of {@code expected}. */
    boolean attempt(NetlinkMessage message, String what, Errno... expected) throws IOException {
        try {
            request(message, what);
            return true;
        } catch (SyscallException e) {
            if (List.of(expected).contains(e.errno())) {
                return false;
            }
            throw e;
        }
    }

    /** Has a request carried out and returns the replies before the last one, which says whether it was. */
    List<NetlinkReply> request(NetlinkMessage message, String what) throws IOException {
        String operation = "rtnetlink(" + what + ")";
        ByteBuffer bytes = message.encode(++sequence);
        Native.check(LIBC.write(socket.number(), bytes, bytes.remaining()), operation);
        List<NetlinkReply> replies = new ArrayList<>();
        while (true) {
            for (NetlinkReply reply : receive(operation)) {
                if (reply.sequence() != sequence) {
                    continue; // to an earlier request that was given up
                }
                if (!reply.isLast()) {
                    replies.add(reply);
                } else if (reply.errno() == 0) {
                    return replies;
                } else {
                    String text = reply.text();
                    throw new SyscallException(
                            text.isEmpty() ? operation : operation + ", \"" + text + "\"", reply.errno());
                }
            }
        }
    }

    private List<NetlinkReply> receive(String operation) throws IOException {
        long length;
        do {
            length = LIBC.read(socket.number(), received, received.capacity());
        } while (length == -1 && Native.failedWith(Errno.EINTR));
        Native.check(length, operation);
        ByteBuffer copy = ByteBuffer.allocate((int) length).order(received.order());
        return NetlinkReply.parse(copy.put(0, received, 0, (int) length));
    }

    @Override
    public void close() {
        socket.close();
    }
}
