package io.sluice.broker.bpf;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The commands of bpf(2) that we use. Layouts: union bpf_attr in include/uapi/linux/bpf.h. */
enum BpfCommand {
    MAP_CREATE(0),
    MAP_LOOKUP_ELEM(1),
    MAP_UPDATE_ELEM(2),
    MAP_DELETE_ELEM(3),
    PROG_LOAD(5),
    OBJ_GET_INFO_BY_FD(15),
    LINK_CREATE(28),
    LINK_DETACH(34);

    /** More than any attribute that we set; the kernel accepts a longer union if the rest is zero. */
    private static final int ATTRIBUTES = 128;

    /** Of bpf(2) among the system calls. On other architectures the broker does not start. */
    static final long NUMBER = Map.of("amd64", 321, "aarch64", 280).get(System.getProperty("os.arch"));

    private final int code;

    BpfCommand(int code) {
        this.code = code;
    }

    /** Attributes that start with these words; all else is zero. */
    static ByteBuffer attributes(int... words) {
        ByteBuffer attributes = Native.allocate(ATTRIBUTES);
        attributes.asIntBuffer().put(words);
        return attributes;
    }

    /** Puts an object's name; the kernel takes up to 15 letters, digits, underscores and dots. */
    static void putName(ByteBuffer attributes, int offset, String name) {
        attributes.put(offset, name.getBytes(StandardCharsets.US_ASCII));
    }

    /** The call itself: a descriptor or 0, or -1 with errno set. {@code pointees} stay reachable meanwhile. */
    int call(ByteBuffer attributes, Object... pointees) {
        try {
            return (int) BrokerCalls.LIBC.syscall(NUMBER, code, attributes, attributes.capacity());
        } finally {
            Reference.reachabilityFence(pointees);
        }
    }

    /** Creates an object. The kernel sets close-on-exec on all of them. */
    Fd create(ByteBuffer attributes, String what) throws SyscallException {
        return Fd.owned(call(attributes), operation(what));
    }

    /** Acts on an object; {@code pointees} stay reachable meanwhile. */
    void run(ByteBuffer attributes, String what, Object... pointees) throws SyscallException {
        Native.check(call(attributes, pointees), operation(what));
    }

    /** How errors name it. */
    String operation(String what) {
        return "bpf(" + name() + ", " + what + ")";
    }
}
