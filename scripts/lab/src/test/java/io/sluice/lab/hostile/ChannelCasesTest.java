package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The broker's socket: what clients can do to it, and whom it takes them for. */
@Tag("hostile")
final class ChannelCasesTest extends HostileCases {
    /** As the policy has them for the attacker. */
    private static final int CONNECTIONS = 8;

    /** What a client may take for its next step, and then some. */
    private static final int DEADLINE_MS = 8_000;

    private static final long SOON_MS = 1_000;
    private static final long MORE_KIB = 64 * 1024;
    private static final int FRAMES = 20;
    private static final int POOL = 1 << 20;

    private int descriptors;
    private long memory;

    @Override
    Ground makeGround() {
        return Ground.open(Policies.onDevices(), net -> {});
    }

    private String status() {
        return "/proc/" + ground().stack().broker().pid() + "/status";
    }

    private void remember() {
        descriptors = ground().descriptors();
        memory = Ground.kibibytes(status(), "VmRSS");
    }

    /** The victim is answered soon, whatever the attacker does at this moment. */
    private long served() {
        String answer = ground().victim().ask("serve");
        assertThat(answer).startsWith("served ");
        long millis = Long.parseLong(answer.replace("served ", ""));
        assertThat(millis).as("milliseconds for the victim's request").isLessThan(SOON_MS);
        return millis;
    }

    /** The broker has what it had before, and not much more memory. */
    private void nothingIsLeft(Tenant attacker) {
        assertThat(attacker.ask("disperse")).isEqualTo("ok");
        Ground.until("the broker has closed what it opened", () -> ground().descriptors() <= descriptors);
        assertThat(Ground.kibibytes(status(), "VmRSS") - memory)
                .as("KiB that the broker has grown by")
                .isLessThan(MORE_KIB);
    }

    @Test
    void case23ManyConnectionsOfOneTenantLeaveRoomForOthers() {
        log.attack(23, "channel, many connections");
        remember();
        Tenant attacker = ground().stranger();

        String crowd = attacker.ask("crowd " + ground().socket() + " 200");
        long millis = served();

        assertThat(crowd).isEqualTo("welcome " + CONNECTIONS + " refused " + (200 - CONNECTIONS));
        nothingIsLeft(attacker);
        log.saw("%s; the victim was served in %d ms".formatted(crowd, millis));
    }

    @Test
    void case23HalfFramesHoldNobodyUp() {
        log.attack(23, "channel, half frames");
        remember();
        Tenant attacker = ground().stranger();

        assertThat(attacker.ask("half " + ground().socket() + " " + CONNECTIONS))
                .isEqualTo("open " + CONNECTIONS);
        long millis = served();
        String cut = attacker.ask("cut-off " + DEADLINE_MS);

        assertThat(cut).isEqualTo("cut off " + CONNECTIONS + " of " + CONNECTIONS);
        nothingIsLeft(attacker);
        log.saw("the victim was served in %d ms; %s".formatted(millis, cut));
    }

    @Test
    void case23HalfAFrameHoldsUpABrokerThatWaitsForTheRest() {
        log.attackWithout(23, "channel, half frames", "polling all clients");
        try (CarelessServer server = CarelessServer.start(ground().lab())) {
            Tenant attacker = ground().stranger();
            assertThat(attacker.ask("half " + server.socket() + " 1")).isEqualTo("open 1");

            String answer = ground().stranger().connect(server.socket());

            assertThat(answer).isEqualTo("ended");
            log.saw("another client waits in vain");
        }
    }

    @Test
    void case23HugeLengthsTakeNoMemory() {
        log.attack(23, "channel, huge lengths");
        remember();
        Tenant attacker = ground().stranger();

        String huge = attacker.ask("huge " + ground().socket() + " 0xffffffff");
        String large = attacker.ask("huge " + ground().socket() + " 0x7fffffff");
        String little = attacker.ask("huge " + ground().socket() + " 16385");

        // With bytes unread at the broker the kernel resets the connection, and the last word may be lost in that.
        for (String answer : new String[] {huge, large, little}) {
            assertThat(answer).matches("ended|refused 1 .*");
        }
        long millis = served();
        nothingIsLeft(attacker);
        log.saw("4 GiB: %s, 2 GiB: %s, 16385 bytes: %s; the victim was served in %d ms"
                .formatted(huge, large, little, millis));
    }

    @Test
    void case23AHugeLengthIsBelievedByABrokerWithoutABound() {
        log.attackWithout(23, "channel, huge lengths", "a bound");
        try (CarelessServer server = CarelessServer.start(ground().lab())) {
            ground().stranger().ask("huge " + server.socket() + " " + CarelessServer.LARGE);

            Ground.until("the memory is taken", () -> server.largest() == CarelessServer.LARGE);
            log.saw("%d MiB taken for a frame that never comes".formatted(CarelessServer.LARGE >> 20));
        }
    }

    @Test
    void case23AClientThatNeverReadsIsCutOff() {
        log.attack(23, "channel, never read");
        remember();
        Tenant attacker = ground().stranger();

        String sent = attacker.ask("mute " + ground().socket() + " " + CONNECTIONS + " 200000 lan");
        long millis = served();
        String cut = attacker.ask("cut-off " + DEADLINE_MS);

        assertThat(cut).isEqualTo("cut off " + CONNECTIONS + " of " + CONNECTIONS);
        nothingIsLeft(attacker);
        log.saw("requests %s; the victim was served in %d ms; %s".formatted(sent, millis, cut));
    }

    @Test
    void case23AClientThatNeverReadsHoldsUpABrokerThatWritesWhatItWants() {
        log.attackWithout(23, "channel, never read", "bounded writing");
        try (CarelessServer server = CarelessServer.start(ground().lab())) {
            ground().stranger().ask("mute " + server.socket() + " 1 200000 lan");

            String answer = ground().stranger().connect(server.socket());

            assertThat(answer).isEqualTo("ended");
            log.saw("another client waits in vain");
        }
    }

    @Test
    void case23AClientThatNeverTakesItsDescriptorsLosesThem() {
        log.attack(23, "channel, never take descriptors");
        remember();
        Tenant attacker = ground().stranger();

        assertThat(attacker.ask("take-nothing " + ground().socket() + " " + CONNECTIONS + " lan"))
                .isEqualTo("asked " + CONNECTIONS);
        Ground.until("they are made", () -> ground().leases("blue").size() == CONNECTIONS);
        long millis = served();
        int meanwhile = ground().victim().acquire(POOL, "fast");
        String cut = attacker.ask("cut-off " + DEADLINE_MS);

        assertThat(meanwhile).as("the victim can acquire meanwhile").isPositive();
        assertThat(cut).isEqualTo("cut off " + CONNECTIONS + " of " + CONNECTIONS);
        assertThat(ground().leases("blue")).isEmpty();
        log.saw("the victim was served in %d ms and acquired; %s; their leases are gone".formatted(millis, cut));
    }

    @Test
    void case23DescriptorsOfClientsAreRefused() {
        log.attack(23, "channel, 253 descriptors a request");
        remember();
        Tenant attacker = ground().stranger();

        String sent = attacker.ask("send-descriptors " + ground().socket() + " 100");
        long millis = served();

        // Linux 6.16 refuses them; before, they are dropped at the read.
        assertThat(sent).isIn("sent 0 EPERM", "sent 100 ok");
        nothingIsLeft(attacker);
        log.saw("%s; the victim was served in %d ms; none is left at the broker".formatted(sent, millis));
    }

    @Test
    void case24ForgedCredentialsAreRefused() {
        log.attack(24, "channel, forged credentials");
        String answer = ground().stranger().ask("forge " + ground().socket() + " " + Ground.RED.uid());

        assertThat(answer).isEqualTo("EPERM welcome blue");
        log.saw("SCM_CREDENTIALS of the victim: " + answer);
    }

    @Test
    void case24AClientIsWhoItSaysToABrokerThatBelievesIt() {
        log.attackWithout(24, "channel, forged credentials", "SO_PEERCRED");
        try (CarelessServer server = CarelessServer.start(ground().lab())) {
            String answer = ground().stranger().ask("connect " + server.socket() + " red");

            assertThat(answer).isEqualTo("welcome red");
            log.saw(answer);
        }
    }

    @Test
    void case24WhoConnectedCounts() {
        log.attack(24, "channel, setuid after connect");
        String answer = ground().root().ask("become-after " + ground().socket() + " " + Ground.RED.uid());

        assertThat(answer).startsWith("refused 3 ");
        log.saw("root that became the victim: " + answer);
    }

    @Test
    void case24AnInheritedConnectionIsItsMakersAndEndsWithIt() {
        log.attack(24, "channel, inherited connection");
        String answer =
                ground().root().ask("inherit " + ground().socket() + " " + Ground.BLUE.uid() + " " + Ground.RED.uid());

        assertThat(answer).isEqualTo("welcome blue, then ended");
        log.saw("the victim's process with the attacker's connection: " + answer);
    }

    @Test
    void case24TheConnectionOfADeadProcessIsClosed() {
        log.attack(24, "channel, dead peer");
        String answer = ground().stranger().ask("dead-peer " + ground().socket());

        assertThat(answer).isEqualTo("ended");
        log.saw("greeting by its heir: " + answer);
    }

    @Test
    void case24TheHeirOfADeadProcessIsServedByABrokerThatDoesNotLook() {
        log.attackWithout(24, "channel, dead peer", "a pidfd");
        try (CarelessServer server = CarelessServer.start(ground().lab())) {
            String orphan = ground().stranger().ask("dead-peer " + server.socket());

            assertThat(orphan).isEqualTo("welcome orphan");
            log.saw("greeting by its heir: " + orphan);
        }
    }

    @Test
    void case24NobodyWhoHasLostDescriptorsGetsALease() {
        log.attack(24, "channel, CTRUNC");
        Wire stack = ground().listenAt("v1");
        Tenant attacker = ground().attacker();
        assertThat(attacker.ask("limit-files 5")).isEqualTo("ok");

        String taken = attacker.ask("acquire-only " + POOL + " fast");
        assertThat(taken).startsWith("truncated 1 ");
        stack.zero();
        ground().left().burst(FRAMES, "foreign", Ground.FOREIGN);
        long reached = stack.count().foreign();
        assertThat(reached).as("frames that still reach the host").isEqualTo(FRAMES);
        Ground.until(
                "the unconfirmed lease has ended", () -> ground().leases("blue").isEmpty());
        log.saw("%s; %d of %d frames still reached the host; the lease ended".formatted(taken, reached, FRAMES));
    }

    @Test
    void case24ALeaseThatNobodyServesMakesTheDeviceDeaf() {
        log.attackWithout(24, "channel, CTRUNC", "Confirm");
        Wire stack = ground().listenAt("v1");
        Tenant attacker = ground().attacker();
        assertThat(attacker.ask("limit-files 5")).isEqualTo("ok");
        assertThat(attacker.ask("acquire-only " + POOL + " fast")).startsWith("truncated 1 ");

        // As if the broker had taken its own send for the client's word.
        assertThat(attacker.ask("confirm")).isEqualTo("ok");

        stack.zero();
        ground().left().burst(FRAMES, "foreign", Ground.FOREIGN);
        assertThat(stack.count().foreign()).isZero();
        log.saw("0 of %d frames reach the host".formatted(FRAMES));
    }
}
