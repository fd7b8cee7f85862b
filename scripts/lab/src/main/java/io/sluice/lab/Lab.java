package io.sluice.lab;

import io.sluice.lab.Namespace.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A test network. Everything made through it is undone by {@link #close()}, last made first: when the body of a
 * try-with-resources throws, when the JVM is told to end (SIGTERM, SIGINT, exit), and, by the next lab, even after
 * SIGKILL. One step of undoing that fails does not keep the others from being done.
 *
 * <p>Names carry the maker, so labs of several processes live side by side. Devices are made inside their namespaces:
 * the network of the host is never touched. May be used by several threads.
 */
public final class Lab implements AutoCloseable {
    /** For commands that configure things. */
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static final Pattern MAC = Pattern.compile("link/ether ([0-9a-f:]{17})");
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String prefix;
    private final Thread hook;
    private final Deque<Undo> undo = new ArrayDeque<>();
    private boolean closed;

    /** One step of undoing. */
    @FunctionalInterface
    public interface Undo {
        /** Undoes it. */
        void run() throws Exception;
    }

    private Lab(String prefix) {
        this.prefix = prefix;
        this.hook = new Thread(this::undoAll, "lab-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** A new lab, after removing what killed ones left. Throws if this process may not make namespaces. */
    public static Lab open() {
        if (!isPossible()) {
            throw new LabException("test networks need root (CAP_SYS_ADMIN and CAP_NET_ADMIN): run this as root");
        }
        Leftovers.remove();
        return new Lab(Maker.self().prefix() + COUNT.getAndIncrement() + "-");
    }

    /** Whether this process is root, and so may make test networks. */
    public static boolean isPossible() {
        try {
            return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** A new network namespace with its loopback device up. The label is a short word, unique in this lab. */
    public Namespace namespace(String label) {
        Namespace namespace = new Namespace(prefix + label);
        run(Command.of("ip", "netns", "add", namespace.name()));
        onClose(() -> run(Command.of("ip", "netns", "delete", namespace.name())));
        run(Command.of("ip", "link", "set", "lo", "up").in(namespace));
        return namespace;
    }

    /** A veth pair whose ends are in namespaces from the start, both up, with one queue each way. */
    public void veth(Device left, Device right) {
        veth(left, 1, right, 1);
    }

    /** A veth pair whose ends are in namespaces from the start, both up, each with so many queues each way. */
    public void veth(Device left, int leftQueues, Device right, int rightQueues) {
        List<String> words = new ArrayList<>(List.of("ip", "link", "add"));
        words.addAll(end(left, leftQueues));
        words.addAll(List.of("type", "veth", "peer", "name"));
        words.addAll(end(right, rightQueues));
        run(Command.of(words));
        ip(left, "link", "set", left.name(), "up");
        ip(right, "link", "set", right.name(), "up");
    }

    private static List<String> end(Device device, int queues) {
        String count = Integer.toString(queues);
        String namespace = device.namespace().name();
        return List.of(device.name(), "netns", namespace, "numrxqueues", count, "numtxqueues", count);
    }

    /** Gives a device an address with prefix length, for example {@code 10.1.0.1/24}. */
    public void address(Device device, String address) {
        ip(device, "address", "add", address, "dev", device.name());
    }

    /** Sets a device's MTU in bytes. */
    public void mtu(Device device, int mtu) {
        ip(device, "link", "set", device.name(), "mtu", Integer.toString(mtu));
    }

    /** Switches features as {@code ethtool -K} takes them, for example {@code gro on tso off}. */
    public void features(Device device, String... switches) {
        Deque<String> words = new ArrayDeque<>(List.of(switches));
        words.addFirst(device.name());
        words.addFirst("-K");
        words.addFirst("ethtool");
        run(Command.of(List.copyOf(words)).in(device.namespace()));
    }

    /** The MAC address of a device. */
    public String mac(Device device) {
        // Not from /sys, which shows the devices of the namespace in which it was mounted.
        String link = run(Command.of("ip", "-o", "link", "show", "dev", device.name())
                        .in(device.namespace()))
                .output();
        Matcher matcher = MAC.matcher(link);
        if (!matcher.find()) {
            throw new LabException("no MAC address in: " + link);
        }
        return matcher.group(1);
    }

    private void ip(Device device, String... words) {
        run(Command.of(Stream.concat(Stream.of("ip"), Arrays.stream(words)).toList())
                .in(device.namespace()));
    }

    /** Runs a command to its end and throws if it fails. For those that take at most some seconds. */
    public Finished run(Command command) {
        return RunningProcess.run(command, LIMIT).orThrow();
    }

    /** Starts a process that ends with this lab at the latest. */
    public RunningProcess start(Command command) {
        RunningProcess process = RunningProcess.start(command);
        onClose(process::close);
        return process;
    }

    /** A new directory that everybody may look into, in a path short enough for sockets. */
    public Path directory(String label) {
        try {
            Path path = Files.createTempDirectory(Leftovers.directories(), prefix + label + "-");
            onClose(() -> Leftovers.deleteTree(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            return path;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same, owned by {@code owner}. */
    public Path directory(String label, Identity owner) {
        Path path = directory(label);
        try {
            Files.setAttribute(path, "unix:uid", owner.uid());
            Files.setAttribute(path, "unix:gid", owner.gid());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return path;
    }

    /** Adds a step to what {@link #close()} undoes. Done at once, then refused, if this lab is closed already. */
    public void onClose(Undo step) {
        synchronized (this) {
            if (!closed) {
                undo.push(step);
                return;
            }
        }
        attempt(step);
        throw new LabException("the lab is closed");
    }

    @Override
    public void close() {
        undoAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs, or has run; it finds nothing left to do.
        }
    }

    private void undoAll() {
        for (Undo step = next(); step != null; step = next()) {
            attempt(step);
        }
    }

    private synchronized Undo next() {
        closed = true;
        return undo.poll();
    }

    private static void attempt(Undo step) {
        // Cleaning up must also work on an interrupted thread, whose waits would all end at once.
        boolean interrupted = Thread.interrupted();
        try {
            step.run();
        } catch (Exception e) {
            System.err.println("lab: cleaning up: " + e.getMessage());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
