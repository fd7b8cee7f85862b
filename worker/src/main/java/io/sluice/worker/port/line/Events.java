package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Epoll;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jnr.constants.platform.Errno;

/**
 * What happens in directories (inotify(7)): a descriptor for all of them, a watch for each. Where a path's directory does not
 * exist, the nearest one above it that does is watched for the next component.
 */
final class Events implements AutoCloseable {
    private static final int CLOEXEC_NONBLOCK = 0x80000 | 0x800;

    /** IN_ATTRIB, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE: a name has come, gone, or may be used by others now. */
    private static final int NAMES = 0x4 | 0x40 | 0x80 | 0x100 | 0x200;

    /** IN_DELETE_SELF, IN_MOVE_SELF. */
    private static final int SELF = 0x400 | 0x800;

    private static final int IN_ONLYDIR = 0x0100_0000;
    private static final int IN_UNMOUNT = 0x2000;
    private static final int IN_Q_OVERFLOW = 0x4000;
    private static final int IN_IGNORED = 0x8000;

    /** struct inotify_event: watch i32, mask u32, cookie u32, length u32, then so many bytes of name with NULs. */
    private static final int HEADER = 16;

    private static final int BUFFER = 16 * 1024;
    private static final int NOT_THERE = -1;
    private static final int REFUSED = -2;

    /** Directories may come while they are looked for, but not for ever. */
    private static final int PASSES = 8;

    private final Epoll epoll;
    private final Fd fd;
    private final ByteBuffer buffer = Native.allocate(BUFFER);
    private final Map<Integer, Directory> directories = new HashMap<>();

    /** Who waits for which name in a directory. */
    static final class Directory {
        private final int watch;
        private final Map<String, Set<Post>> names = new HashMap<>();

        private Directory(int watch) {
            this.watch = watch;
        }

        private void remove(Post post) {
            Set<Post> waiting = names.get(post.name());
            waiting.remove(post);
            if (waiting.isEmpty()) {
                names.remove(post.name());
            }
        }
    }

    private Events(Epoll epoll, Fd fd) {
        this.epoll = epoll;
        this.fd = fd;
    }

    /** Null if the kernel refuses: each user has 128 of these. */
    static Events begin(Epoll epoll) {
        try (Closer closer = new Closer()) {
            Fd fd = closer.add(Fd.owned(LIBC.inotify_init1(CLOEXEC_NONBLOCK), "inotify_init1"));
            Events events = new Events(epoll, fd);
            epoll.add(fd, events::read);
            closer.release();
            return events;
        } catch (SyscallException e) {
            return null;
        }
    }

    /** Tells {@code post} what happens at its place from now on; false if the kernel refuses, for which it has many reasons. */
    boolean watch(Post post) {
        int before = REFUSED;
        for (int pass = 0; pass < PASSES; pass++) {
            int missing = climb(post);
            if (missing == 0 || missing == before) {
                return true;
            } else if (missing == REFUSED) {
                forget(post);
                return false;
            }
            before = missing; // the directory may have come before there was a watch for it
        }
        return true;
    }

    /** Watches the lowest directory of the path that exists; returns how many do not, or {@link #REFUSED}. */
    private int climb(Post post) {
        Place place = post.place();
        for (int missing = 0; ; missing++) {
            int watch = add(place);
            if (watch >= 0) {
                enter(post, directories.computeIfAbsent(watch, Directory::new), place.name());
                return missing;
            }
            if (watch == REFUSED || place.above().isEmpty()) {
                return REFUSED;
            }
            place = place.above().get();
        }
    }

    /** The watch, the same one for each name of a directory; else {@link #NOT_THERE} or {@link #REFUSED}. */
    private int add(Place place) {
        int watch = LIBC.inotify_add_watch(fd.number(), place.encode(), NAMES | SELF | IN_ONLYDIR);
        if (watch >= 0) {
            return watch;
        }
        int errno = Native.errno();
        return errno == Errno.ENOENT.intValue() || errno == Errno.ENOTDIR.intValue() ? NOT_THERE : REFUSED;
    }

    private void enter(Post post, Directory directory, String name) {
        if (post.directory() == directory && name.equals(post.name())) {
            return;
        }
        Directory before = post.directory();
        if (before != null) {
            before.remove(post);
        }
        post.at(directory, name);
        directory.names.computeIfAbsent(name, unused -> new LinkedHashSet<>()).add(post);
        release(before);
    }

    /** Tells it nothing more. */
    void forget(Post post) {
        Directory before = post.directory();
        if (before != null) {
            before.remove(post);
            post.at(null, null);
            release(before);
        }
    }

    private void release(Directory directory) {
        if (directory != null && directory.names.isEmpty() && directories.remove(directory.watch, directory)) {
            LIBC.inotify_rm_watch(fd.number(), directory.watch);
        }
    }

    private void read() {
        long into = Native.address(buffer);
        for (long n = LIBC.read(fd.number(), into, BUFFER); n > 0; n = LIBC.read(fd.number(), into, BUFFER)) {
            for (int at = 0; at < n; at += HEADER + buffer.getInt(at + 12)) {
                event(at);
            }
        }
    }

    private void event(int at) {
        int mask = buffer.getInt(at + 4);
        if ((mask & IN_Q_OVERFLOW) != 0) {
            directories.values().forEach(Events::stirAll);
            return;
        }
        Directory directory = directories.get(buffer.getInt(at));
        if (directory == null) {
            return; // of a watch that was given up meanwhile
        }
        if ((mask & (SELF | IN_UNMOUNT | IN_IGNORED)) != 0) {
            directories.remove(directory.watch);
            LIBC.inotify_rm_watch(fd.number(), directory.watch);
            stirAll(directory);
        } else {
            List.copyOf(directory.names.getOrDefault(name(at), Set.of())).forEach(Post::stir);
        }
    }

    private static void stirAll(Directory directory) {
        List<Post> all = new ArrayList<>();
        directory.names.values().forEach(all::addAll);
        all.forEach(Post::stir);
    }

    private String name(int at) {
        byte[] bytes = new byte[buffer.getInt(at + 12)];
        buffer.get(at + HEADER, bytes);
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        epoll.remove(fd);
        fd.close();
    }
}
