package io.sluice.cli;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import jnr.ffi.Pointer;

/** The machine that this process runs on. */
final class ThisHost implements Host {
    private static final int SOCK_CLOEXEC = 0x80000;
    /** struct group of 64-bit glibc: name*, passwd*, gid. */
    private static final int GR_GID = 16;

    private final CliCalls libc = Native.libc(CliCalls.class);

    @Override
    public Optional<String> read(String path) {
        try {
            return Optional.of(Files.readString(Path.of(path)).stripTrailing());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public boolean exists(String path) {
        return Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public String socket(int family, int type, int protocol) {
        try {
            Fd.owned(libc.socket(family, type | SOCK_CLOEXEC, protocol), "socket")
                    .close();
            return "";
        } catch (SyscallException e) {
            return e.errno().name();
        }
    }

    @Override
    public OptionalInt group(String name) {
        Pointer group = libc.getgrnam(name);
        return group == null ? OptionalInt.empty() : OptionalInt.of(group.getInt(GR_GID));
    }

    @Override
    public String connect(Path socket) {
        if (!Files.exists(socket)) {
            return "there is no socket at " + socket;
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return "";
        } catch (IOException e) {
            return "cannot connect to " + socket + " (" + e.getMessage() + ")";
        }
    }

    @Override
    public String architecture() {
        return System.getProperty("os.arch");
    }

    @Override
    public int java() {
        return Runtime.version().feature();
    }
}
