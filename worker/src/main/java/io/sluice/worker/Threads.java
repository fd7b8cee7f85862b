package io.sluice.worker;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Affinity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The data-path threads that were asked for.
 *
 * @param count at least 1
 * @param cpus one for each; empty: they run anywhere
 */
record Threads(int count, List<Integer> cpus) {
    private static final int MOST = 64;

    /** A thread with fewer has not enough for one vector each way. */
    private static final int LEAST_FRAMES = 64;

    private static final Pattern RANGE = Pattern.compile("(\\d{1,4})(?:-(\\d{1,4}))?");

    Threads {
        cpus = List.copyOf(cpus);
    }

    /** What {@code --threads} and {@code --cpus} say. */
    static Threads of(Values values, int frames, int largeFrames) throws Options.UsageException {
        String list = values.get("--cpus", "");
        List<Integer> cpus = list.isEmpty() ? List.of() : cpus(list);
        int count = values.number("--threads", Math.max(1, cpus.size()), 1, MOST);
        if (!cpus.isEmpty() && cpus.size() != count) {
            throw new Options.UsageException("--cpus " + list + ": as many CPUs as threads are expected, " + count);
        }
        if (frames / count < LEAST_FRAMES || (largeFrames > 0 && largeFrames < count)) {
            throw new Options.UsageException("--threads " + count + " share the frames: --frames has to be at least "
                    + LEAST_FRAMES * count + ", and --large-frames 0 or at least " + count);
        }
        return new Threads(count, cpus);
    }

    private static List<Integer> cpus(String list) throws Options.UsageException {
        Set<Integer> cpus = new LinkedHashSet<>();
        for (String part : list.split(",", -1)) {
            Matcher range = RANGE.matcher(part);
            int first = range.matches() ? Integer.parseInt(range.group(1)) : 1;
            int last = !range.matches() ? 0 : range.group(2) == null ? first : Integer.parseInt(range.group(2));
            if (last < first) {
                throw new Options.UsageException("--cpus " + list + ": numbers and ranges are expected, as in 2,4-7");
            }
            for (int cpu = first; cpu <= last; cpu++) {
                if (!cpus.add(cpu)) {
                    throw new Options.UsageException("--cpus " + list + ": CPU " + cpu + " is named twice");
                }
            }
        }
        return List.copyOf(cpus);
    }

    /**
     * Has the whole process leave the CPUs that data-path threads will be pinned to, if it has others: what compiles, collects or
     * answers beside a data-path thread takes half of that CPU for as long as it lasts, and frames are lost. To be called
     * before threads of ours are started.
     *
     * @throws Options.UsageException this process may not run on one of the CPUs
     */
    void clearCpus() throws Options.UsageException, IOException {
        if (cpus.isEmpty()) {
            return;
        }
        BitSet allowed;
        try {
            allowed = Affinity.allowed();
        } catch (SyscallException e) {
            return; // more CPUs than a mask of ours has room for: pinning will say
        }
        BitSet others = (BitSet) allowed.clone();
        for (int cpu : cpus) {
            if (!allowed.get(cpu)) {
                throw new Options.UsageException(
                        "--cpus: CPU " + cpu + " is not one that this process may run on; those are " + shown(allowed));
            }
            others.clear(cpu);
        }
        if (!others.isEmpty()) {
            Affinity.confineProcess(others);
        }
    }

    /** As {@code --cpus} takes it: "0-3,6". */
    static String shown(BitSet cpus) {
        List<String> ranges = new ArrayList<>();
        for (int first = cpus.nextSetBit(0); first >= 0; ) {
            int end = cpus.nextClearBit(first);
            ranges.add(end - first == 1 ? Integer.toString(first) : first + "-" + (end - 1));
            first = cpus.nextSetBit(end);
        }
        return String.join(",", ranges);
    }
}
