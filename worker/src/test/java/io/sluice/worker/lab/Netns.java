package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network namespace of the test's own, removed on close. It is silent: without addresses and without IPv6, nothing but
 * the test sends. Whoever closes it also closes the sockets made in it, else they keep it alive unnamed.
 */
public final class Netns implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int O_CLOEXEC = 0x80000;
    private static final int CLONE_NEWNET = 0x40000000;

    /** Those that are there: deleted with the process as well, if it is told to end in the middle. */
    private static final Set<String> OPEN = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Netns::deleteAll, "netns-cleanup"));
    }

    private final String name = "sluice-worker-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();

    /** Creates it, with only {@code lo}. */
    public Netns() throws IOException {
        OPEN.add(name);
        command("ip", "netns", "add", name);
        try {
            command("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Runs ip(8) in the namespace and returns what it prints. */
    public String ip(String arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip", "-n", name));
        command.addAll(List.of(arguments.split(" ")));
        return command(command.toArray(String[]::new));
    }

    /** Runs a program in the namespace and returns what it prints. */
    public String run(String... command) throws IOException {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(List.of(command));
        return command(all.toArray(String[]::new));
    }

    /** Lets a device have IPv6 addresses after all. */
    public void allowIpv6(String device) throws IOException {
        run("sysctl", "-qw", "net.ipv6.conf." + device + ".disable_ipv6=0");
    }

    /** Moves a device to another namespace, where it is down. */
    public void move(String device, Netns to) throws IOException {
        ip("link set " + device + " netns " + to.name);
    }

    /** Creates two joined devices of this MTU, each with so many queues each way, both up. */
    public void veth(String one, String other, int mtu, int queues) throws IOException {
        String sizes = " mtu " + mtu + " numrxqueues " + queues + " numtxqueues " + queues;
        ip("link add " + one + sizes + " type veth peer name " + other + sizes);
        ip("link set " + other + " up");
        up(one);
    }

    /** Sets a device up whose peer is up, and waits until it carries. */
    public void up(String device) throws IOException {
        ip("link set " + device + " up");
        awaitCarrier(device);
    }

    /** Waits until a device carries, and every one that has a peer: before, the kernel silently drops what is sent. */
    public void awaitCarrier(String device) throws IOException {
        long end = System.nanoTime() + PATIENCE_NS;
        while (ip("-o link show")
                .lines()
                .anyMatch(line ->
                        (line.contains("@") || line.contains(" " + device + ":")) && !line.contains(" state UP "))) {
            if (System.nanoTime() > end) {
                throw new IOException(device + " does not come up: " + ip("link show"));
            }
        }
    }

    /** The index of a device. */
    public int ifindex(String device) throws Exception {
        return call(() -> LabCalls.LIBC.if_nametoindex(device));
    }

    /** Runs something on a thread that has entered the namespace and ends afterwards: what it opens stays there. */
    public <T> T call(Callable<T> body) throws Exception {
        FutureTask<T> task = new FutureTask<>(() -> {
            try (Fd namespace = Fd.owned(LabCalls.LIBC.open("/run/netns/" + name, O_CLOEXEC), "open(" + name + ")")) {
                Native.check(LabCalls.LIBC.setns(namespace.number(), CLONE_NEWNET), "setns(" + name + ")");
            }
            return body.call();
        });
        Thread thread = new Thread(task, name);
        thread.start();
        thread.join();
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) e.getCause();
        }
    }

    @Override
    public void close() throws IOException {
        command("ip", "netns", "del", name);
        OPEN.remove(name);
    }

    private static void deleteAll() {
        for (String left : OPEN) {
            try {
                command("ip", "netns", "del", left);
            } catch (IOException e) {
                System.err.println(left + " stays: " + e.getMessage());
            }
        }
    }

    private static String command(String... command) throws IOException {
        Path output = Files.createTempFile("sluice", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            int status = process.waitFor();
            String text = Files.readString(output, StandardCharsets.UTF_8);
            if (status != 0) {
                throw new IOException(String.join(" ", command) + " exited with " + status + ": " + text);
            }
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            Files.delete(output);
        }
    }
}
