package io.sluice.control.transport;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/**
 * The place of a listening unix socket in the file system: taken by one process at a time, never more open than it will
 * be, gone when the owner closes it.
 *
 * <p>The owner holds a lock on {@code PATH.lock}. A server binds {@link #bindPath()}, in a directory of its own that
 * nobody else may enter; {@link #publish} then sets mode and group and renames the socket to its path, which also takes
 * the place of a stale one.
 */
final class SocketFile implements AutoCloseable {
    /** Room of sockaddr_un for a path and its zero byte is 108 bytes. */
    private static final int MAX_PATH = 107;

    private static final int S_IFMT = 0170000;
    private static final int S_IFSOCK = 0140000;
    private static final int S_ISVTX = 01000;
    private static final int S_IWOTH = 02;
    private static final int OVERFLOW_UID = 65534;
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OTHERS_ENTER = PosixFilePermissions.fromString("rwxr-xr-x");

    private final Path path;
    private final FileChannel lock;
    private final Path privateDirectory;
    private Object published;

    private SocketFile(Path path, FileChannel lock, Path privateDirectory) {
        this.path = path;
        this.lock = lock;
        this.privateDirectory = privateDirectory;
    }

    /**
     * Takes {@code path}. Its directory is created if it is missing, with mode 0755 if the socket is shared with other
     * users, else 0700.
     *
     * @throws IOException a running process uses the path, or it can't be used; the message says why and what to do
     */
    static SocketFile claim(Path path, boolean shared) throws IOException {
        Path absolute = path.toAbsolutePath().normalize();
        Path directory = absolute.getParent();
        if (directory == null) {
            throw new IOException(path + " is not a path for a socket");
        }
        Path privateDirectory = directory.resolve(".s" + randomName());
        checkLength(absolute);
        checkLength(bindPath(privateDirectory));
        FileChannel lock = null;
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(shared ? OTHERS_ENTER : OWNER_ONLY));
            }
            checkDirectory(directory);
            lock = lock(absolute);
            checkFree(absolute);
            Files.createDirectory(privateDirectory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            return new SocketFile(absolute, lock, privateDirectory);
        } catch (AccessDeniedException e) {
            close(lock);
            throw new IOException(
                    "cannot create the socket " + absolute + ": no permission for " + e.getFile()
                            + "; choose a directory that this user may write",
                    e);
        } catch (IOException | RuntimeException e) {
            close(lock);
            throw e;
        }
    }

    /** Where to bind. */
    Path bindPath() {
        return bindPath(privateDirectory);
    }

    /**
     * Gives the bound socket its mode and group, then its path.
     *
     * @param permissions for example {@code rw-rw----}
     * @param group name of a group that this process may give files to, or null to keep the process' own
     */
    void publish(Set<PosixFilePermission> permissions, String group) throws IOException {
        Path bound = bindPath();
        if (group != null) {
            GroupPrincipal principal =
                    path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
            Files.getFileAttributeView(bound, PosixFileAttributeView.class).setGroup(principal);
        }
        Files.setPosixFilePermissions(bound, permissions);
        Object key = fileKey(bound);
        Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE);
        published = key;
        Files.delete(privateDirectory);
    }

    /** Removes what is still ours and gives the path free. */
    @Override
    public void close() throws IOException {
        try {
            if (published == null) {
                Files.deleteIfExists(bindPath());
                Files.deleteIfExists(privateDirectory);
            } else if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && published.equals(fileKey(path))) {
                Files.deleteIfExists(path);
            }
        } finally {
            // The lock file stays: whoever removed it could remove one that a successor has just locked.
            close(lock);
        }
    }

    private static FileChannel lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                path.resolveSibling(path.getFileName() + ".lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException sameProcess) {
            // Falls through: this very process has it.
        } catch (IOException e) {
            close(channel);
            throw e;
        }
        close(channel);
        throw inUse(path);
    }

    /** In a directory that strangers control, clients of this path could be led to a socket of theirs. */
    private static void checkDirectory(Path directory) throws IOException {
        int mode = (Integer) Files.getAttribute(directory, "unix:mode");
        int owner = (Integer) Files.getAttribute(directory, "unix:uid");
        boolean sticky = (mode & S_ISVTX) != 0;
        boolean writable = (mode & S_IWOTH) != 0;
        // In a user namespace root's /tmp seems to belong to the overflow uid.
        boolean trusted = owner == 0 || owner == Peer.self().uid() || (owner == OVERFLOW_UID && sticky && writable);
        if (!trusted) {
            throw new IOException("the directory " + directory + " belongs to uid " + owner
                    + ", who could replace the socket; choose a directory of your own");
        }
        if (writable && !sticky) {
            throw new IOException("everybody may write to the directory " + directory
                    + " and replace the socket; choose another or run chmod o-w " + directory);
        }
    }

    /** Somebody who knows nothing of our locks may listen there, or it may not be a socket at all. */
    private static void checkFree(Path path) throws IOException {
        int mode;
        try {
            mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException free) {
            return;
        }
        if ((mode & S_IFMT) != S_IFSOCK) {
            throw new IOException(path + " exists and is not a socket; remove it or choose another path");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException stale) {
            return;
        } catch (IOException e) {
            throw new IOException(
                    "cannot tell whether a process listens at " + path + " (" + e.getMessage()
                            + "); remove it if none does",
                    e);
        }
        throw inUse(path);
    }

    private static IOException inUse(Path path) {
        return new IOException(path + " is already in use by a running process; stop that one or choose another path");
    }

    private static void checkLength(Path path) throws IOException {
        int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_PATH) {
            throw new IOException("the socket path " + path + " has " + length + " bytes; at most " + MAX_PATH
                    + " are possible; choose a shorter directory");
        }
    }

    private static Path bindPath(Path privateDirectory) {
        return privateDirectory.resolve("s");
    }

    private static String randomName() {
        byte[] bytes = new byte[4];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static Object fileKey(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    private static void close(FileChannel channel) throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}
