package io.sluice.lab.soak;

import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import java.time.Duration;
import java.util.Random;

/**
 * {@code scripts/soak}: lease cycles with clients killed at random and, once a round, the broker (SIGKILL). After each round
 * nothing more may be there than before the first.
 *
 * <p>Programs, maps and namespaces are those of the whole machine, so what somebody else has at the moment shows. What a
 * lease leaves behind stays, so a look that finds nothing more speaks for all rounds before it: after a round that finds
 * more the next one is played, a few times, and after the last one there has to be such a look.
 */
public final class Soak {
    private static final Duration ROUND = Duration.ofMinutes(10);
    private static final Duration SETTLING = Duration.ofSeconds(3);
    private static final Duration SETTLING_AT_LAST = Duration.ofMinutes(5);
    private static final int ROUNDS_UNSETTLED = 20;
    private static final int LOOK_AGAIN_MS = 100;

    private Soak() {}

    /**
     * What a soak came to.
     *
     * @param cycles clients that came and went
     * @param outcomes how these ended, over all rounds
     * @param kills of the broker
     * @param before what was there before the first
     * @param after what was there in the end
     */
    public record Result(int cycles, Outcomes outcomes, int kills, String before, String after) {}

    /** How clients ended. */
    public record Outcomes(int granted, int refused, int gone, int killed) {
        Outcomes plus(Outcomes other) {
            return new Outcomes(
                    granted + other.granted, refused + other.refused, gone + other.gone, killed + other.killed);
        }

        /** From the line of the C program: a word and a number four times. */
        static Outcomes parse(String line) {
            String[] words = line.strip().split(" ", -1);
            return new Outcomes(
                    Integer.parseInt(words[1]),
                    Integer.parseInt(words[3]),
                    Integer.parseInt(words[5]),
                    Integer.parseInt(words[7]));
        }
    }

    /** Exit codes: 0 nothing was left, 1 something was or failed, 2 the command line was wrong. */
    public static void main(String[] args) {
        int cycles = 100_000;
        int perKill = 1_000;
        long seed = 1;
        boolean json = false;
        try {
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "--cycles" -> cycles = number(args, ++i);
                    case "--per-kill" -> perKill = number(args, ++i);
                    case "--seed" -> seed = number(args, ++i);
                    case "--json" -> json = true;
                    default -> throw new IllegalArgumentException("unknown option \"" + args[i] + "\"");
                }
            }
        } catch (IllegalArgumentException e) {
            System.err.println("soak: " + e.getMessage() + ". See scripts/soak --help");
            System.exit(2);
        }
        try (Lab lab = Lab.open()) {
            Result result = run(lab, Install.find(), cycles, perKill, seed);
            Outcomes all = result.outcomes();
            System.out.println(
                    json
                            ? String.format(
                                    "{\"cycles\":%d,\"kills\":%d,\"granted\":%d,\"refused\":%d,\"gone\":%d,\"killed\":%d}",
                                    result.cycles(),
                                    result.kills(),
                                    all.granted(),
                                    all.refused(),
                                    all.gone(),
                                    all.killed())
                            : result.cycles() + " cycles, broker killed " + result.kills() + " times; " + all
                                    + "; nothing left: " + result.after());
        } catch (LabException e) {
            System.err.println("soak: " + e.getMessage());
            System.exit(1);
        }
    }

    private static int number(String[] args, int at) {
        if (at == args.length || !args[at].matches("[1-9][0-9]{0,8}")) {
            throw new IllegalArgumentException(args[at - 1] + " needs a number");
        }
        return Integer.parseInt(args[at]);
    }

    /**
     * Runs it.
     *
     * @throws LabException something is left, with what and after which round
     */
    public static Result run(Lab lab, Install install, int cycles, int perKill, long seed) {
        Random random = new Random(seed);
        Ground ground = Ground.make(lab, install);
        // The first client loads classes and makes what stays; it is no part of the comparison.
        ground.startClients(20, random).await(ROUND).orThrow();
        Left before = settle(ground, null, SETTLING_AT_LAST);
        Outcomes all = new Outcomes(0, 0, 0, 0);
        int kills = 0;
        int unsettled = 0;
        for (int done = 0; done < cycles; done += perKill) {
            int round = Math.min(perKill, cycles - done);
            long start = System.nanoTime();
            try (RunningProcess clients = ground.startClients(round, random)) {
                pause(random.nextInt(2_000));
                ground.stack().broker().kill();
                kills++;
                ground.stack().startBroker();
                all = all.plus(Outcomes.parse(clients.await(ROUND).orThrow().output()));
            }
            boolean last = done + round == cycles || unsettled == ROUNDS_UNSETTLED;
            Left after = settle(ground, before, last ? SETTLING_AT_LAST : SETTLING);
            unsettled = after.isNoMoreThan(before) ? 0 : unsettled + 1;
            System.err.printf(
                    "soak: %d of %d cycles, %.0f a second, broker killed %d times, %s%s%n",
                    done + round,
                    cycles,
                    round * 1e9 / (System.nanoTime() - start),
                    kills,
                    all,
                    unsettled == 0 ? "" : ", there is more than before, of ours or others: " + after);
            if (unsettled > 0 && last) {
                throw new LabException(
                        "after " + (done + round) + " cycles there is more than before, and was after each of "
                                + unsettled + " rounds: " + after + ", it was " + before);
            }
        }
        return new Result(
                cycles, all, kills, before.toString(), Left.now(ground).toString());
    }

    /** Waits until nothing more is there than before, or, without a before, until all is quiet; not for ever. */
    private static Left settle(Ground ground, Left before, Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        Left last = Left.now(ground);
        while (System.nanoTime() < end) {
            pause(LOOK_AGAIN_MS);
            Left now = Left.now(ground);
            if (before == null ? now.equals(last) && now.isWithoutBpf() : now.isNoMoreThan(before)) {
                return now;
            }
            last = now;
        }
        return last;
    }

    private static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted", e);
        }
    }
}
