package io.sluice.lab.soak;

import io.sluice.lab.Command;
import io.sluice.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What there is of all that a lease makes.
 *
 * @param devices of the broker's network namespace
 * @param programs of BPF, by us, on the whole machine
 * @param maps likewise
 * @param namespaces network namespaces that some process is in or holds by a descriptor
 * @param mounts of this process' mount namespace
 * @param descriptors of the broker
 */
record Left(int devices, int programs, int maps, int namespaces, int mounts, int descriptors) {
    static Left now(Ground ground) {
        String[] bpf = ground.program("bpfcount").output().strip().split(" ", -1);
        int devices = (int) ground.lab()
                .run(Command.of("ip", "-br", "link").in(ground.net().dut()))
                .output()
                .lines()
                .count();
        try {
            return new Left(
                    devices,
                    Integer.parseInt(bpf[1]),
                    Integer.parseInt(bpf[3]),
                    countNamespaces(),
                    Files.readAllLines(Path.of("/proc/self/mounts")).size(),
                    entries(Path.of("/proc/" + ground.stack().broker().pid() + "/fd"))
                            .size());
        } catch (IOException e) {
            throw new LabException("what is left can't be seen: " + e.getMessage(), e);
        }
    }

    /** Whether nothing more is there than {@code before}. */
    boolean isNoMoreThan(Left before) {
        return devices <= before.devices
                && programs <= before.programs
                && maps <= before.maps
                && namespaces <= before.namespaces
                && mounts <= before.mounts
                && descriptors <= before.descriptors;
    }

    /** Whether there is no program and no map: a broker without leases has none. */
    boolean isWithoutBpf() {
        return programs == 0 && maps == 0;
    }

    private static int countNamespaces() throws IOException {
        List<String> all = new ArrayList<>();
        for (Path process : entries(Path.of("/proc"))) {
            if (process.getFileName().toString().matches("[0-9]+")) {
                all.add(target(process.resolve("ns/net")));
                for (Path descriptor : entries(process.resolve("fd"))) {
                    String target = target(descriptor);
                    if (target.startsWith("net:")) {
                        all.add(target);
                    }
                }
            }
        }
        return (int) all.stream().filter(name -> !name.isEmpty()).distinct().count();
    }

    private static List<Path> entries(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        } catch (IOException gone) {
            return List.of();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException gone) {
            return "";
        }
    }
}
