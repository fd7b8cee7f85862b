package io.sluice.cli;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the kernel can do, and lets us do. */
final class KernelChecks {
    private static final int AF_PACKET = 17;
    private static final int AF_XDP = 44;
    private static final int SOCK_RAW = 3;
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

    private final Host host;

    KernelChecks(Host host) {
        this.host = host;
    }

    List<Finding> all() {
        return List.of(
                version(),
                architecture(),
                packet(),
                xdp(),
                jit(),
                unprivilegedBpf(),
                tun(),
                userNamespaces(),
                hugepages());
    }

    private Finding version() {
        String release = host.read("/proc/sys/kernel/osrelease").orElse("");
        Matcher matcher = RELEASE.matcher(release);
        if (!matcher.matches()) {
            return Finding.fail("kernel", "no version in /proc/sys/kernel/osrelease", "mount /proc");
        }
        int version = Integer.parseInt(matcher.group(1)) * 1000 + Integer.parseInt(matcher.group(2));
        if (version >= 6_006) {
            return Finding.ok("kernel", "Linux " + release);
        }
        if (version >= 6_001) {
            return Finding.warn(
                    "kernel",
                    "Linux " + release + " has packet and tap ports, but xdp ports need 6.6",
                    "on Debian 12 install linux-image-amd64 from backports for xdp");
        }
        return Finding.fail("kernel", "Linux " + release + " is older than 6.1", "boot a kernel of 6.6 or newer");
    }

    private Finding architecture() {
        String name = host.architecture();
        return name.equals("amd64") || name.equals("aarch64")
                ? Finding.ok("architecture", name)
                : Finding.fail("architecture", name + " is not supported", "use x86_64 or aarch64");
    }

    private Finding packet() {
        String refused = host.socket(AF_PACKET, SOCK_RAW, 0);
        return switch (refused) {
            case "" -> Finding.ok("packet sockets", "this user may make them without the broker");
            case "EPERM", "EACCES" -> Finding.ok("packet sockets", "the kernel has them; this user needs the broker");
            default ->
                Finding.fail(
                        "packet sockets",
                        "socket(AF_PACKET): " + refused,
                        "use a kernel with CONFIG_PACKET, or allow the socket in this container's seccomp profile");
        };
    }

    private Finding xdp() {
        String refused = host.socket(AF_XDP, SOCK_RAW, 0);
        return switch (refused) {
            case "" -> Finding.ok("xdp sockets", "this user may make them without the broker");
            case "EPERM", "EACCES" -> Finding.ok("xdp sockets", "the kernel has them; this user needs the broker");
            default ->
                Finding.warn(
                        "xdp sockets",
                        "socket(AF_XDP): " + refused + ", so xdp ports will not work",
                        "use a kernel with CONFIG_XDP_SOCKETS, or packet ports");
        };
    }

    private Finding jit() {
        Optional<String> jit = host.read("/proc/sys/net/core/bpf_jit_enable");
        if (jit.isEmpty()) {
            // For root's eyes, and in the first network namespace only.
            return Finding.ok("bpf jit", "the setting can't be seen from here");
        }
        return jit.get().equals("0")
                ? Finding.warn("bpf jit", "off, so filters are slow", "run: sysctl -w net.core.bpf_jit_enable=1")
                : Finding.ok("bpf jit", "on");
    }

    private Finding unprivilegedBpf() {
        String value = host.read("/proc/sys/kernel/unprivileged_bpf_disabled").orElse("");
        return switch (value) {
            case "1", "2" -> Finding.ok("unprivileged bpf", "off, as it should be");
            case "0" ->
                Finding.warn(
                        "unprivileged bpf",
                        "on, so every user may load programs, a way to attack the kernel",
                        "run: sysctl -w kernel.unprivileged_bpf_disabled=2");
            default ->
                Finding.warn(
                        "unprivileged bpf",
                        "no /proc/sys/kernel/unprivileged_bpf_disabled",
                        "the broker needs a kernel with CONFIG_BPF_SYSCALL");
        };
    }

    private Finding tun() {
        return host.exists("/dev/net/tun")
                ? Finding.ok("/dev/net/tun", "there")
                : Finding.warn(
                        "/dev/net/tun", "missing, so neither tap ports nor tap grants will work", "run: modprobe tun");
    }

    private Finding userNamespaces() {
        boolean none =
                host.read("/proc/sys/user/max_user_namespaces").orElse("0").equals("0")
                        || host.read("/proc/sys/kernel/unprivileged_userns_clone")
                                .orElse("1")
                                .equals("0")
                        || host.read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
                                .orElse("0")
                                .equals("1");
        return none
                ? Finding.warn(
                        "user namespaces",
                        "not for every user",
                        "Sluice does without them; guests in rootless containers may not")
                : Finding.ok("user namespaces", "for every user");
    }

    private Finding hugepages() {
        String total = host.read("/proc/meminfo")
                .orElse("")
                .lines()
                .filter(line -> line.startsWith("HugePages_Total:"))
                .map(line -> line.substring(16).strip())
                .findFirst()
                .orElse("0");
        return Finding.ok("hugepages", total + " reserved, none needed");
    }
}
