package io.sluice.broker.testbed;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Sends frames and looks whether a leased socket, or anybody, gets them. */
public final class Frames implements AutoCloseable {
    private static final int ETH_P_ALL = 3;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int SIZE = 60;
    private static final int SOL_XDP = 283;
    private static final int XDP_STATISTICS = 7;
    private static final int PATIENCE_MS = 5000;

    private final Fd sender;
    private final Fd witness;

    /**
     * @param to the device that receives; the witness is bound to it here. Sockets that are bound later hear of a frame
     *     earlier, so what the witness has heard they have heard.
     * @param from its peer
     */
    public Frames(Netns netns, String from, String to) throws Exception {
        sender = netns.call(() -> Sockets.open(Sockets.AF_PACKET, Sockets.SOCK_RAW, 0, "sender"));
        witness = netns.call(() -> Sockets.open(Sockets.AF_PACKET, Sockets.SOCK_RAW, 0, "witness"));
        bind(sender, netns.ifindex(from), 0);
        bind(witness, netns.ifindex(to), ETH_P_ALL);
    }

    private static void bind(Fd socket, int ifindex, int protocol) throws Exception {
        ByteBuffer address =
                Native.allocate(20).putShort(0, (short) Sockets.AF_PACKET).putInt(4, ifindex);
        address.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) protocol);
        Native.check(BrokerCalls.LIBC.bind(socket.number(), address, 20), "bind(AF_PACKET)");
    }

    /** Sends a frame to everybody on the wire. */
    public void send() throws Exception {
        ByteBuffer frame = Native.allocate(SIZE).putLong(0, -1).putShort(12, (short) 0xb588);
        Native.check(TestCalls.LIBC.send(sender.number(), frame, SIZE, 0), "send");
    }

    /** Sends a frame and waits until the witness has it. */
    public void sendToTheStack() throws Exception {
        send();
        ByteBuffer pollfd = Native.allocate(8).putInt(0, witness.number()).putShort(4, (short) 1);
        if (BrokerCalls.LIBC.poll(pollfd, 1, PATIENCE_MS) != 1) {
            throw new AssertionError("the witness did not get the frame");
        }
        take(witness);
    }

    /** How many frames the witness has got since it was asked last. */
    public int heard() {
        return take(witness);
    }

    /** Takes what is queued at a packet socket and says how many frames there were. */
    public static int take(Fd socket) {
        int count = 0;
        while (TestCalls.LIBC.recv(socket.number(), Native.allocate(256), 256, MSG_DONTWAIT) >= 0) {
            count++;
        }
        return count;
    }

    /** How many frames were directed to an AF_XDP socket whose fill ring is empty: the kernel counts and drops them. */
    public static long directedTo(Fd xdpSocket) throws Exception {
        ByteBuffer statistics = Native.allocate(48);
        Native.check(
                BrokerCalls.LIBC.getsockopt(
                        xdpSocket.number(),
                        SOL_XDP,
                        XDP_STATISTICS,
                        statistics,
                        Native.allocate(4).putInt(0, 48)),
                "getsockopt(XDP_STATISTICS)");
        return statistics.getLong(0); // rx_dropped
    }

    @Override
    public void close() {
        sender.close();
        witness.close();
    }
}
