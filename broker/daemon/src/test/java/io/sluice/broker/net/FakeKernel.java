package io.sluice.broker.net;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.testbed.TestCalls;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The other end of a netlink socket, which is a pair of unix sockets here: what it is to answer is put in before, what it
 * was asked is taken out after. A reader that wants more than was put in gets EAGAIN.
 */
final class FakeKernel implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SEQPACKET_NONBLOCK_CLOEXEC = 5 | 0x800 | 0x80000;

    private final Fd end;
    private final NetlinkSocket socket;
    private int sequence;

    FakeKernel() throws IOException {
        ByteBuffer pair = Native.allocate(8);
        Native.check(TestCalls.LIBC.socketpair(AF_UNIX, SEQPACKET_NONBLOCK_CLOEXEC, 0, pair), "socketpair");
        end = Fd.owned(pair.getInt(0), "socketpair");
        socket = new NetlinkSocket(Fd.owned(pair.getInt(4), "socketpair"));
    }

    NetlinkSocket socket() {
        return socket;
    }

    /** Sends these bytes, given in hexadecimal digits. */
    void answer(String hex) throws IOException {
        answer(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
    }

    void answer(byte... datagram) throws IOException {
        ByteBuffer bytes = Native.allocate(datagram.length).put(0, datagram);
        Native.check(BrokerCalls.LIBC.write(end.number(), bytes, datagram.length), "write");
    }

    /** Acknowledges the next request: NLMSG_ERROR, capped, errno 0. */
    void acknowledge() throws IOException {
        ByteBuffer ack =
                Native.allocate(36).putInt(0, 36).putShort(4, (short) 2).putShort(6, (short) 0x100);
        byte[] bytes = new byte[36];
        ack.putInt(8, ++sequence).get(0, bytes);
        answer(bytes);
    }

    /** The next request in hexadecimal digits, its sequence number as 0. */
    String asked() throws IOException {
        ByteBuffer request = Native.allocate(4096);
        int length = (int)
                Native.check(BrokerCalls.LIBC.read(end.number(), request, request.capacity()), "read of a request");
        byte[] bytes = new byte[length];
        request.putInt(8, 0).get(0, bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Override
    public void close() {
        socket.close();
        end.close();
    }
}
