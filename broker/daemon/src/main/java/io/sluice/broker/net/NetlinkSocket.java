package io.sluice.broker.net;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
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
    /** The kernel answers before write(2) returns. */
    private static final int TIMEOUT_S = 5;
    /** A device without its statistics is a fraction of this. */
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
            closer.release();
            return new NetlinkSocket(socket);
        }
    }

    /** Like {@link #request}, but false if it fails with {@code expected}. */
    boolean attempt(NetlinkMessage message, String what, Errno expected) throws IOException {
        try {
            request(message, what);
            return true;
        } catch (SyscallException e) {
            if (e.is(expected)) {
                return false;
            }
            throw e;
        }
    }

    /** Has a request carried out. */
    void request(NetlinkMessage message, String what) throws IOException {
        String operation = "rtnetlink(" + what + ")";
        ByteBuffer bytes = message.encode(++sequence);
        Native.check(LIBC.write(socket.number(), bytes, bytes.remaining()), operation);
        NetlinkReply reply = null;
        while (reply == null) {
            long length = LIBC.read(socket.number(), received.clear(), received.capacity());
            if (length != -1 || !Native.failedWith(Errno.EINTR)) {
                Native.check(length, operation);
                reply = NetlinkReply.find(received.limit((int) length), sequence);
            }
        }
        if (reply.errno() != 0) {
            String text = reply.text().isEmpty() ? "" : ", \"" + reply.text() + "\"";
            throw new SyscallException(operation + text, reply.errno());
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
