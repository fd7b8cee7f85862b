package io.sluice.broker.bpf;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Optional;

/** BPF_PROG_TEST_RUN: runs a program once on a packet, without a device. */
public final class TestRun {
    private static final int BPF_PROG_TEST_RUN = 10;

    private TestRun() {}

    /** The verdict on an empty frame of 64 bytes; the device is lo, the queue 0. */
    static int verdict(BpfProgram program) throws IOException {
        return verdict(program, Native.allocate(64), Optional.empty());
    }

    /** The XDP verdict on an empty frame that came in by a device's queue. */
    static int xdpVerdict(BpfProgram program, int ifindex, int queue) throws IOException {
        ByteBuffer frame = Native.allocate(64);
        ByteBuffer xdpMd = Native.allocate(24)
                .putInt(4, frame.capacity())
                .putInt(12, ifindex)
                .putInt(16, queue);
        return verdict(program, frame, Optional.of(xdpMd));
    }

    /** The verdict on a frame; the device is lo. */
    public static int verdict(BpfProgram program, byte[] frame) throws IOException {
        return verdict(program, Native.allocate(frame.length).put(0, frame), Optional.empty());
    }

    /** The verdict on a frame, with a context for the program if one is given. */
    static int verdict(BpfProgram program, ByteBuffer frame, Optional<ByteBuffer> context) throws IOException {
        ByteBuffer attributes = BpfCommand.attributes()
                .putInt(0, program.fd().number())
                .putInt(8, frame.capacity())
                .putLong(16, Native.address(frame))
                .putInt(32, 1);
        context.ifPresent(ctx -> attributes.putInt(40, ctx.capacity()).putLong(48, Native.address(ctx)));
        try {
            long result =
                    BrokerCalls.LIBC.syscall(BpfCommand.NUMBER, BPF_PROG_TEST_RUN, attributes, attributes.capacity());
            Native.check(result, "bpf(PROG_TEST_RUN)");
            return attributes.getInt(4);
        } finally {
            Reference.reachabilityFence(frame);
            Reference.reachabilityFence(context);
        }
    }
}
