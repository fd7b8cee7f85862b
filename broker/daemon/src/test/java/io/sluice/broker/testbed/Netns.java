package io.sluice.broker.testbed;

import io.sluice.broker.sys.BrokerCalls;
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
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of the test's own, silent (no IPv6), removed on close. */
public final class Netns implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final int O_CLOEXEC = 0x80000;
    private static final int CLONE_NEWNET = 0x40000000;

    /** Those that are there: deleted with the process as well, if it is told to end in the middle. */
    private static final Set<String> OPEN = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Netns::deleteAll, "netns-cleanup"));
    }

    private final String name = "sluice-test-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();

    public Netns() throws IOException {
        OPEN.add(name);
        command("ip", "netns", "add", name);
        try {
            command("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
            ip("link", "set", "lo", "up");
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Runs ip(8) in the namespace and returns what it prints. */
    public String ip(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip", "-n", name));
        command.addAll(List.of(arguments));
        return command(command.toArray(String[]::new));
    }

    /** Runs a command in the namespace and returns what it prints. */
    public String exec(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", name));
        command.addAll(List.of(arguments));
        return command(command.toArray(String[]::new));
    }

    /** Creates two joined devices with two queues each, both up, and returns the index of the first. */
    public int veth(String one, String other) throws Exception {
        ip("link", "add", one, "numrxqueues", "2", "numtxqueues", "2", "type", "veth", "peer", other);
        ip("link", "set", one, "up");
        ip("link", "set", other, "up");
        return ifindex(one);
    }

    /** The index of a device. */
    public int ifindex(String device) throws Exception {
        return call(() -> BrokerCalls.LIBC.if_nametoindex(device));
    }

    /** Runs something on a thread that has entered the namespace and ends afterwards. */
    public <T> T call(Callable<T> body) throws Exception {
        FutureTask<T> task = new FutureTask<>(() -> {
            enter();
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

    /** Moves the calling thread, which should end soon, into the namespace. */
    public void enter() throws IOException {
        try (Fd namespace = Fd.owned(TestCalls.LIBC.open("/run/netns/" + name, O_CLOEXEC), "open(" + name + ")")) {
            Native.check(TestCalls.LIBC.setns(namespace.number(), CLONE_NEWNET), "setns(" + name + ")");
        }
    }

    /** How many sockets of a protocol there are, a name in /proc/net/protocols: {@code PACKET}, {@code XDP}. */
    public int sockets(String protocol) throws Exception {
        return call(() -> Files.readAllLines(Path.of("/proc/thread-self/net/protocols")).stream()
                .map(line -> line.split("\\s+", 4))
                .filter(columns -> columns[0].equals(protocol))
                .mapToInt(columns -> Integer.parseInt(columns[2]))
                .sum());
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

    /** Runs a command and returns what it prints. */
    public static String command(String... command) throws IOException {
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
