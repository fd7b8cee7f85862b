package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import jnr.constants.platform.Errno;

/** What is on the other end of a port's cable: sends and receives frames there, with their tags and vnet headers. */
public class Wire implements AutoCloseable {
    /** How long a frame that is due may take. The machine may be busy; nothing waits so long when all is well. */
    private static final int PATIENCE_MS = 5_000;

    private static final int VNET = 10;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int POLLIN = 1;
    private static final int VLAN_VALID = 0x10;
    private static final int CONTROL = 40;

    final Fd socket;
    final ByteBuffer data = Native.allocate(128 * 1024);
    private final byte[] tunnelHeader;
    private final int outer;
    private final ByteBuffer control = Native.allocate(CONTROL);
    private final ByteBuffer iovec = Native.allocate(16);
    private final ByteBuffer message = Native.allocate(56);
    byte[] vnetHeader = new byte[VNET];

    /** Opens it on {@code device} of {@code netns}. */
    public Wire(Netns netns, String device) throws Exception {
        this(netns.call(() -> Sockets.packet(device, PortKind.PACKET_OFFLOADS, 0)));
        Sockets.set(socket, Sockets.SOL_PACKET, Sockets.PACKET_AUXDATA, 1);
    }

    /** @param socket consumed; it carries bare frames */
    Wire(Fd socket) {
        this(socket, null, 0);
    }

    /**
     * The far end of a tunnel: a connected socket.
     *
     * @param header what packets have before the frame, both ways
     * @param outer bytes that received packets have before that
     */
    Wire(Fd socket, byte[] header, int outer) {
        this.socket = socket;
        this.tunnelHeader = header;
        this.outer = outer;
        iovec.putLong(0, Native.address(data)).putLong(8, data.capacity());
        message.putLong(16, Native.address(iovec)).putLong(24, 1).putLong(32, Native.address(control));
    }

    /** Sends a plain frame. */
    public void send(byte[] frame) throws SyscallException {
        send(tunnelHeader == null ? new byte[VNET] : tunnelHeader, frame);
    }

    /** Sends a frame with a virtio_net_hdr of 10 bytes: a partial checksum, or a superframe. */
    public void send(byte[] vnet, byte[] frame) throws SyscallException {
        data.put(0, vnet).put(vnet.length, frame);
        int length = vnet.length + frame.length;
        long sent = LabCalls.LIBC.send(socket.number(), data, length, 0);
        if (sent == -1 && Native.failedWith(Errno.ENETDOWN)) { // told once of a device that was down, maybe long ago
            sent = LabCalls.LIBC.send(socket.number(), data, length, 0);
        }
        Native.check(sent, "send");
    }

    /** The next frame that has arrived, with its VLAN tag put back, or null if there is none now. */
    public byte[] poll() throws SyscallException {
        message.putLong(40, CONTROL);
        int n = (int) LabCalls.LIBC.recvmsg(socket.number(), message, MSG_DONTWAIT);
        if (tunnelHeader != null) {
            return n < 0 ? null : unwrap(n);
        }
        if (n < VNET) {
            return null;
        }
        vnetHeader = new byte[VNET];
        data.get(0, vnetHeader);
        byte[] frame = new byte[n - VNET];
        data.get(VNET, frame);
        boolean tagged = (control.getInt(16) & VLAN_VALID) != 0;
        return tagged ? Frames.tagged(frame, control.getShort(34), control.getShort(32)) : frame;
    }

    private byte[] unwrap(int n) {
        byte[] packet = new byte[n];
        data.get(0, packet);
        int at = outer + tunnelHeader.length;
        if (n < at || !Arrays.equals(tunnelHeader, Arrays.copyOfRange(packet, outer, at))) {
            throw new AssertionError(
                    "no packet of the tunnel: " + HexFormat.of().formatHex(packet));
        }
        return Arrays.copyOfRange(packet, at, n);
    }

    /** The next frame; waits for it. */
    public byte[] receive() throws SyscallException {
        return receive(1).get(0);
    }

    /** The next {@code count} frames; waits for them. */
    public List<byte[]> receive(int count) throws SyscallException {
        List<byte[]> frames = new ArrayList<>();
        while (frames.size() < count) {
            byte[] frame = poll();
            if (frame != null) {
                frames.add(frame);
            } else if (!await()) {
                throw new AssertionError(frames.size() + " of " + count + " frames arrived");
            }
        }
        return frames;
    }

    private boolean await() throws SyscallException {
        ByteBuffer set = Native.allocate(8).putInt(0, socket.number()).putShort(4, (short) POLLIN);
        return Native.check(LabCalls.LIBC.poll(set, 1, PATIENCE_MS), "poll") > 0;
    }

    /** gso_type of the frame that was received last. */
    public int gsoType() {
        return vnetHeader[1];
    }

    /** gso_size of the frame that was received last. */
    public int gsoSize() {
        return ByteBuffer.wrap(vnetHeader).order(ByteOrder.nativeOrder()).getShort(4);
    }

    /** Whether the frame that was received last has its checksum left to us. */
    public boolean partial() {
        return (vnetHeader[0] & 1) != 0;
    }

    /** The virtio_net_hdr of the frame that was received last. */
    public byte[] vnetHeader() {
        return Arrays.copyOf(vnetHeader, VNET);
    }

    @Override
    public void close() {
        socket.close();
    }
}
