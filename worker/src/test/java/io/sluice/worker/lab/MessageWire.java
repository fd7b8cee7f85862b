package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.WorkerCalls;

/** The other end of a socket pair: a bare frame a message, without tags put aside and without vnet headers. */
public final class MessageWire extends Wire {
    private static final int MSG_DONTWAIT = 0x40;

    /** @param socket consumed */
    public MessageWire(Fd socket) {
        super(socket);
    }

    @Override
    public void send(byte[] vnet, byte[] frame) throws SyscallException {
        data.put(0, frame);
        Native.check(LabCalls.LIBC.send(socket.number(), data, frame.length, 0), "send");
    }

    @Override
    public byte[] poll() {
        long n = WorkerCalls.LIBC.recv(socket.number(), Native.address(data), data.capacity(), MSG_DONTWAIT);
        if (n <= 0) {
            return null;
        }
        byte[] frame = new byte[(int) n];
        data.get(0, frame);
        return frame;
    }
}
