package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.WorkerCalls;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** The other end of a stream: u32 length, big-endian, and the frame. */
public final class StreamWire extends Wire {
    private static final int MSG_DONTWAIT = 0x40;

    private final Deque<byte[]> frames = new ArrayDeque<>();
    private byte[] rest = {};

    /** @param socket consumed */
    public StreamWire(Fd socket) {
        super(socket);
    }

    @Override
    public void send(byte[] vnet, byte[] frame) throws SyscallException {
        sendRaw(ByteBuffer.allocate(4 + frame.length)
                .putInt(frame.length)
                .put(frame)
                .array());
    }

    /** Sends bytes as they are. */
    public void sendRaw(byte[] bytes) throws SyscallException {
        data.put(0, bytes);
        int done = 0;
        while (done < bytes.length) {
            long from = Native.address(data) + done;
            done += (int) Native.check(WorkerCalls.LIBC.send(socket.number(), from, bytes.length - done, 0), "send");
        }
    }

    @Override
    public byte[] poll() {
        while (frames.isEmpty()) {
            long n = WorkerCalls.LIBC.recv(socket.number(), Native.address(data), data.capacity(), MSG_DONTWAIT);
            if (n <= 0) {
                return null;
            }
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes(rest);
            byte[] more = new byte[(int) n];
            data.get(0, more);
            all.writeBytes(more);
            split(all.toByteArray());
        }
        return frames.poll();
    }

    private void split(byte[] bytes) {
        int at = 0;
        while (bytes.length - at >= 4) {
            int end = at + 4 + ByteBuffer.wrap(bytes).getInt(at);
            if (end > bytes.length) {
                break;
            }
            frames.add(Arrays.copyOfRange(bytes, at + 4, end));
            at = end;
        }
        rest = Arrays.copyOfRange(bytes, at, bytes.length);
    }
}
