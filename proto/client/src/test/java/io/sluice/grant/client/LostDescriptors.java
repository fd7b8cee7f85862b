package io.sluice.grant.client;

import io.sluice.grant.channel.Child;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Descriptors;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.List;

/** A receiver with an almost full table of open files: a process of its own, as the limit is the process'. */
public final class LostDescriptors {
    private static final int RLIMIT_NOFILE = 7;
    private static final int SENT = 20;
    private static final int ROOM = 5;

    private LostDescriptors() {}

    /** Runs {@link #main} and returns what it prints. */
    static String inAChild() throws Exception {
        return Child.run(LostDescriptors.class);
    }

    /** Prints the error that receiving meets, and how many descriptors are open afterwards that were not before. */
    public static void main(String[] arguments) throws Exception {
        List<Fd> pair = Descriptors.socketPair();
        FrameChannel sender = new FrameChannel(pair.get(0), 1);
        FdChannel receiver = new FdChannel(pair.get(1), 1);
        sender.send(new byte[1], Descriptors.pipes(SENT));
        sender.flush();
        new ProtocolException("").fillInStackTrace(); // loads the class while files can be opened
        int before = Descriptors.open().size();

        long unlimited = limitOpenFiles(firstFree(pair.get(0)) + ROOM);
        String error = "none";
        try {
            receiver.receiveFrame();
        } catch (ProtocolException e) {
            error = e.getMessage();
        }
        limitOpenFiles(unlimited);

        int held = Descriptors.open().size() - before;
        receiver.close();
        int left = Descriptors.open().size() - (before - 1);
        System.out.println(held == ROOM ? error + " leaked " + left : "held " + held + ", expected " + ROOM);
        sender.close();
    }

    private static int firstFree(Fd any) throws SyscallException {
        try (Fd probe = any.duplicate()) {
            return probe.number();
        }
    }

    /** Sets the soft limit and returns what it was. */
    private static long limitOpenFiles(long soft) throws SyscallException {
        ByteBuffer limits = Native.allocate(16);
        Native.check(Descriptors.Calls.LIBC.getrlimit(RLIMIT_NOFILE, limits), "getrlimit");
        long was = limits.getLong(0);
        Native.check(Descriptors.Calls.LIBC.setrlimit(RLIMIT_NOFILE, limits.putLong(0, soft)), "setrlimit");
        return was;
    }
}
