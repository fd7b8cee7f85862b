package io.sluice.worker.port.tap;

import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** Two programs of classic BPF (linux/filter.h): {code u16, jt u8, jf u8, k u32} an instruction. */
final class SocketFilter {
    private static final int LOAD_BYTE = 0x30;
    private static final int JUMP_EQUAL = 0x15;
    private static final int RETURN = 0x06;

    /** Where the packet type is, for a load: SKF_AD_OFF + SKF_AD_PKTTYPE. */
    private static final int PACKET_TYPE = -0x1000 + 4;

    private static final int PACKET_OUTGOING = 4;
    private static final int ALL = -1;

    /** Takes a struct sock_fprog. */
    interface Attach {
        void to(ByteBuffer program) throws SyscallException;
    }

    private SocketFilter() {}

    /** Lets nothing pass. */
    static void dropAll(Attach attach) throws SyscallException {
        attach(attach, code(1).putInt(0, RETURN).putInt(4, 0));
    }

    /** Lets pass what the host sends by the device, and nothing that comes in by it. */
    static void onlyOutgoing(Attach attach) throws SyscallException {
        ByteBuffer code = code(4);
        code.putInt(0, LOAD_BYTE).putInt(4, PACKET_TYPE);
        code.putInt(8, JUMP_EQUAL).put(8 + 3, (byte) 1).putInt(12, PACKET_OUTGOING);
        code.putInt(16, RETURN).putInt(20, ALL);
        code.putInt(24, RETURN).putInt(28, 0);
        attach(attach, code);
    }

    private static ByteBuffer code(int instructions) {
        return Native.allocate(8 * instructions);
    }

    /** struct sock_fprog: length u16 0, instructions* 8. */
    private static void attach(Attach attach, ByteBuffer code) throws SyscallException {
        ByteBuffer program =
                Native.allocate(16).putShort(0, (short) (code.capacity() / 8)).putLong(8, Native.address(code));
        try {
            attach.to(program);
        } finally {
            Reference.reachabilityFence(code);
        }
    }
}
