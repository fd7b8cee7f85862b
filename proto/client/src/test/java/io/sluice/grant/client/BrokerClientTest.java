package io.sluice.grant.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Descriptors;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.Confirmed;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GetStatus;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Hello;
import io.sluice.grant.v1.LeaseEnded;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Status;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client against a peer that keeps to a script. No test leaves a descriptor open. */
class BrokerClientTest {
    private static final int PATIENCE_S = 20;
    private static final int SHORT_MS = 200;
    private static final int LONG_MS = 20_000;

    @TempDir
    Path directory;

    private final BlockingQueue<Reply> notices = new LinkedBlockingQueue<>();
    private final BlockingQueue<IOException> ends = new LinkedBlockingQueue<>();
    private Path path;
    private List<String> before;
    private ScriptedBroker broker;

    /** What the platform opens once, at a first connection, and keeps. */
    @BeforeAll
    static void connectOnce(@TempDir Path directory) throws IOException {
        Path once = directory.resolve("once.sock");
        try (ScriptedBroker broker = new ScriptedBroker(once, ScriptedBroker::welcome);
                BrokerClient client = BrokerClient.connect(once, "", notice -> {}, end -> {})) {
            assertThat(broker).isNotNull();
            assertThat(client).isNotNull();
        }
    }

    @BeforeEach
    void countDescriptors() throws IOException {
        path = directory.resolve("broker.sock");
        before = Descriptors.open();
    }

    @AfterEach
    void nothingStaysOpen() throws IOException {
        if (broker != null) {
            broker.close();
        }
        assertThat(Descriptors.open()).isEqualTo(before);
    }

    @Test
    void greetsAndCalls() throws IOException {
        play(script -> {
            Request hello = script.request();
            assertThat(hello.getHello().getVersion()).isEqualTo(1);
            assertThat(hello.getHello().getClient()).isEqualTo("test");
            assertThat(hello.getId()).isNotZero();
            script.reply(hello.getId(), ScriptedBroker.WELCOME.clone());
            Request request = script.request();
            assertThat(request.hasGetStatus()).isTrue();
            assertThat(request.getId()).isNotIn(0L, hello.getId());
            script.reply(request.getId(), status(17));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThat(client.welcome().getTenant()).isEqualTo("blue");
            assertThat(client.call(getStatus()).getStatus().getPid()).isEqualTo(17);
        }
        assertThat(ends).as("closing is no end to tell of").isEmpty();
    }

    @Test
    void anErrorIsARefusalAndTheConnectionGoesOn() throws IOException {
        play(script -> {
            script.welcome();
            script.reply(script.request().getId(), ScriptedBroker.error(Error.Code.QUOTA, "too much"));
            script.reply(script.request().getId(), status(17));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThatExceptionOfType(RefusedException.class)
                    .isThrownBy(() -> client.call(getStatus()))
                    .withMessage("too much")
                    .matches(e -> e.code() == Error.Code.QUOTA && e.hint().equals("a hint"));
            assertThat(client.call(getStatus()).getStatus().getPid()).isEqualTo(17);
        }
    }

    @Test
    void aRequestThatTheBrokerWouldHangUpOnIsNotSent() throws IOException {
        play(script -> {
            script.welcome();
            script.reply(script.request().getId(), status(17));
            script.awaitEnd();
        });
        Acquire large = Acquire.newBuilder()
                .addGrants(GrantRequest.newBuilder().setGrant("x".repeat(FrameChannel.MAX_REQUEST)))
                .build();
        try (BrokerClient client = connect(LONG_MS)) {
            assertThatExceptionOfType(RefusedException.class)
                    .isThrownBy(() -> client.acquire(large))
                    .withMessageMatching("a request of 16[0-9]{3} bytes; the broker takes 16384")
                    .matches(e -> e.code() == Error.Code.INVALID);
            assertThat(client.call(getStatus()).getStatus().getPid()).isEqualTo(17);
        }
        assertThat(ends).isEmpty();
    }

    @Test
    void aRefusalOfThePeerIsWhatConnectingFailsWithHoweverFastTheBrokerHangsUp() throws IOException {
        for (int i = 0; i < 50; i++) {
            Path socket = directory.resolve("refusing" + i);
            try (ScriptedBroker refusing = new ScriptedBroker(
                    socket, script -> script.reply(0, ScriptedBroker.error(Error.Code.DENIED, "no tenant")))) {
                assertThat(refusing).isNotNull();
                assertThatExceptionOfType(RefusedException.class)
                        .isThrownBy(() -> BrokerClient.connect(socket, "test", notices::add, ends::add)
                                .close())
                        .withMessage("no tenant")
                        .matches(e -> e.code() == Error.Code.DENIED);
            }
        }
    }

    @Test
    void aNoticeWhileWaitingIsHandedOnAndIsNoAnswer() throws Exception {
        play(script -> {
            script.welcome();
            long id = script.request().getId();
            script.reply(0, leaseEnded(7));
            script.reply(id, status(17));
            script.reply(0, leaseEnded(8));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThat(client.call(getStatus()).getStatus().getPid()).isEqualTo(17);
            assertThat(notice().getLeaseEnded().getLease()).isEqualTo(7);
            assertThat(notice().getLeaseEnded().getLease())
                    .as("while nobody calls")
                    .isEqualTo(8);
        }
    }

    @Test
    void aReplyToAnotherRequestEndsTheConnection() throws IOException {
        play(script -> {
            script.welcome();
            script.reply(
                    script.request().getId() + 1,
                    status(17),
                    Descriptors.pipes(1).get(0));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(() -> client.call(getStatus()))
                    .withMessage("reply to request 3, expected 2");
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> client.call(getStatus()));
        }
    }

    @Test
    void aFrameThatIsNoReplyEndsTheConnectionAndItsDescriptorsAreClosed() throws Exception {
        play(script -> {
            script.welcome();
            script.request();
            script.raw(new byte[] {(byte) 0xff}, Descriptors.pipes(1).get(0));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> client.call(getStatus()));
            assertThat(end()).isInstanceOf(com.google.protobuf.InvalidProtocolBufferException.class);
        }
    }

    @Test
    void theEndOfTheBrokerIsToldAndFailsEveryCall() throws Exception {
        play(ScriptedBroker::welcome);
        try (BrokerClient client = connect(LONG_MS)) {
            assertThat(end()).isInstanceOf(EOFException.class);
            for (int i = 0; i < 3; i++) {
                assertThatExceptionOfType(IOException.class).isThrownBy(() -> client.call(getStatus()));
            }
        }
    }

    @Test
    void theEndWhileWaitingFailsTheCall() throws IOException {
        play(script -> {
            script.welcome();
            script.request();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThatExceptionOfType(EOFException.class).isThrownBy(() -> client.call(getStatus()));
        }
    }

    @Test
    void aSilentBrokerFailsTheCallInTimeAndTheConnectionEnds() throws Exception {
        play(script -> {
            script.welcome();
            script.request();
            script.awaitEnd();
        });
        try (BrokerClient client = connect(SHORT_MS)) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> client.call(getStatus()))
                    .withMessage("the broker gave no answer within 0.2 s");
            assertThat(end()).isNotNull();
        }
    }

    @Test
    void nobodyListeningIsAnErrorThatNamesThePath() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> connect(LONG_MS).close())
                .withMessageStartingWith("cannot connect to the broker at " + path + ": ");
    }

    @Test
    void whatIsAcquiredIsConfirmedAndTheCallers() throws IOException {
        play(script -> {
            script.welcome();
            script.reply(
                    script.request().getId(), acquired(), Descriptors.pipe().toArray(Fd[]::new));
            Request confirm = script.request();
            assertThat(confirm.getConfirm().getNonce()).isEqualTo(-5);
            script.reply(confirm.getId(), Reply.newBuilder().setConfirmed(Confirmed.getDefaultInstance()));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            BrokerClient.Acquisition acquisition = client.acquire(Acquire.getDefaultInstance());
            assertThat(acquisition.reply().getNonce()).isEqualTo(-5);
            assertThat(acquisition.fds()).hasSize(2);
            assertThat(Descriptors.target(acquisition.fds().get(1))).startsWith("pipe:");
            acquisition.fds().forEach(Fd::close);
        }
    }

    @Test
    void whatIsBusyIsTriedAgain() throws IOException {
        play(script -> {
            script.welcome();
            for (int i = 0; i < 3; i++) {
                Request acquire = script.request();
                assertThat(acquire.hasAcquire()).isTrue();
                script.reply(acquire.getId(), ScriptedBroker.error(Error.Code.BUSY, "busy"));
            }
            script.reply(script.request().getId(), ScriptedBroker.error(Error.Code.DENIED, "denied"));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThatExceptionOfType(RefusedException.class)
                    .isThrownBy(() -> client.acquire(Acquire.getDefaultInstance()))
                    .withMessage("denied");
        }
    }

    @Test
    void whatStaysBusyIsRefusedInTheEnd() throws IOException {
        play(script -> {
            script.welcome();
            try {
                while (true) {
                    script.reply(script.request().getId(), ScriptedBroker.error(Error.Code.BUSY, "busy"));
                }
            } catch (EOFException e) {
                // The client has given up.
            }
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThatExceptionOfType(RefusedException.class)
                    .isThrownBy(() -> client.acquire(Acquire.getDefaultInstance()))
                    .withMessage("busy");
        }
    }

    @Test
    void whatIsAcquiredAndNotConfirmedIsClosed() throws IOException {
        play(script -> {
            script.welcome();
            script.reply(
                    script.request().getId(), acquired(), Descriptors.pipe().toArray(Fd[]::new));
            script.reply(script.request().getId(), ScriptedBroker.error(Error.Code.INTERNAL, "no"));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            assertThatExceptionOfType(RefusedException.class)
                    .isThrownBy(() -> client.acquire(Acquire.getDefaultInstance()));
        }
    }

    @Test
    void auditEventsComeAsNoticesAndARefusalEndsTheStream() throws Exception {
        play(script -> {
            script.welcome();
            long id = script.request().getId();
            for (int lease = 1; lease <= 3; lease++) {
                script.reply(
                        id,
                        Reply.newBuilder().setAuditEvent(AuditEvent.newBuilder().setLease(lease)));
            }
            script.reply(id, ScriptedBroker.error(Error.Code.DENIED, "no longer"));
            script.awaitEnd();
        });
        try (BrokerClient client = connect(LONG_MS)) {
            client.watchAudit();
            for (int lease = 1; lease <= 3; lease++) {
                assertThat(notice().getAuditEvent().getLease()).isEqualTo(lease);
            }
            assertThat(end()).isInstanceOf(RefusedException.class).hasMessage("no longer");
        }
    }

    @Test
    void closingFailsTheCallThatWaits() throws Exception {
        BlockingQueue<Request> asked = new LinkedBlockingQueue<>();
        play(script -> {
            script.welcome();
            asked.add(script.request());
            script.awaitEnd();
        });
        BrokerClient client = connect(LONG_MS);
        Thread closer = new Thread(() -> {
            try {
                asked.poll(PATIENCE_S, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            client.close();
        });
        closer.start();
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> client.call(getStatus()));
        closer.join();
        assertThat(ends).isEmpty();
    }

    @Test
    void aNoticesReceiverMayCloseTheClient() throws Exception {
        AtomicReference<Throwable> uncaught = new AtomicReference<>();
        AtomicReference<BrokerClient> self = new AtomicReference<>();
        BlockingQueue<Thread> readers = new LinkedBlockingQueue<>();
        play(script -> {
            script.welcome();
            script.request();
            script.reply(0, leaseEnded(7));
            script.awaitEnd();
        });
        BrokerClient client = BrokerClient.connect(
                path,
                "test",
                notice -> {
                    Thread.currentThread().setUncaughtExceptionHandler((thread, e) -> uncaught.set(e));
                    readers.add(Thread.currentThread());
                    self.get().close();
                },
                ends::add);
        self.set(client);
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> client.call(getStatus()));
        Thread reader = readers.poll(PATIENCE_S, TimeUnit.SECONDS);
        reader.join();
        assertThat(uncaught.get()).isNull();
        assertThat(ends).isEmpty();
    }

    private void play(ScriptedBroker.Script script) throws IOException {
        broker = new ScriptedBroker(path, script);
    }

    private BrokerClient connect(int timeoutMs) throws IOException {
        return BrokerClient.connect(path, Hello.newBuilder().setClient("test"), notices::add, ends::add, timeoutMs);
    }

    private Reply notice() throws InterruptedException {
        Reply notice = notices.poll(PATIENCE_S, TimeUnit.SECONDS);
        assertThat(notice).as("a notice").isNotNull();
        return notice;
    }

    private IOException end() throws InterruptedException {
        IOException end = ends.poll(PATIENCE_S, TimeUnit.SECONDS);
        assertThat(end).as("an end").isNotNull();
        return end;
    }

    private static Request.Builder getStatus() {
        return Request.newBuilder().setGetStatus(GetStatus.getDefaultInstance());
    }

    private static Reply.Builder status(int pid) {
        return Reply.newBuilder().setStatus(Status.newBuilder().setPid(pid));
    }

    private static Reply.Builder leaseEnded(long lease) {
        return Reply.newBuilder()
                .setLeaseEnded(LeaseEnded.newBuilder().setLease(lease).setReason(EndReason.REVOKED));
    }

    private static Reply.Builder acquired() {
        return Reply.newBuilder().setAcquired(Acquired.newBuilder().setNonce(-5));
    }
}
