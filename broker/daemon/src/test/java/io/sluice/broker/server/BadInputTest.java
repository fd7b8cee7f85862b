package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedOutputStream;
import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.broker.testbed.TestCalls;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.Confirm;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GetStatus;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Hello;
import io.sluice.grant.v1.ListGrants;
import io.sluice.grant.v1.ListLeases;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.grant.v1.Release;
import io.sluice.grant.v1.ReloadPolicy;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoke;
import io.sluice.grant.v1.ShowPolicy;
import io.sluice.grant.v1.WatchAudit;
import io.sluice.grant.v1.XdpRequest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a broker must take from anybody. After each test a client of another uid, connected all along, is served. */
@Tag("kernel")
class BadInputTest {
    private static final int BLUE = 1001;
    private static final int GREEN = 1002;
    private static final String POLICY = """
            version: 1
            tenants:
              root:
                identity: { uid: 0 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0, sockets: 4 }
              blue:
                identity: { uid: 1001 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
                  fast: { kind: xdp, interface: dev0, queues: [0-1] }
              green:
                identity: { uid: 1002 }
                grants:
                  lan: { kind: packet, interface: peer0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
            """;

    @TempDir
    static Path directory;

    private static RunningBroker broker;
    private Caller bystander;
    private Caller caller;

    @BeforeAll
    static void start() throws Exception {
        broker = new RunningBroker(directory, POLICY);
    }

    @AfterAll
    static void stop() throws Exception {
        if (broker != null) {
            broker.close();
        }
    }

    @BeforeEach
    void connect() throws Exception {
        bystander = Caller.greeted(broker.socket(), GREEN);
        caller = Caller.greeted(broker.socket(), BLUE);
    }

    @AfterEach
    void aBystanderNoticesNothing() throws Exception {
        try {
            bystander.isServed();
        } finally {
            caller.close();
            bystander.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 16 * 1024 + 1, Integer.MAX_VALUE, -1, 0x47455420})
    void aLengthBeyondTheLimitIsCutOffBeforeItsBody(int length) throws Exception {
        caller.raw(ByteBuffer.allocate(4).putInt(length).array());
        Error error = caller.cutOff();
        assertThat(error.getCode()).isEqualTo(Error.Code.PROTOCOL);
        assertThat(error.getMessage()).endsWith("bytes; 1 to 16384 are allowed");
        broker.audited("protocol_error", "\"uid\":1001", "bytes; 1 to 16384");
    }

    @Test
    void theLargestRequestIsRead() throws Exception {
        Request.Builder acquire = Caller.acquire(0, "x".repeat(16_384 - 100));
        assertThat(caller.refused(acquire).getCode()).isEqualTo(Error.Code.NOT_FOUND);
    }

    @Test
    void aFrameThatEndsEarlyIsWrittenDownAndDropped() throws Exception {
        caller.raw(new byte[] {0, 0, 0, 9, 1, 2});
        caller.close();
        broker.audited("protocol_error", "connection closed in the middle of a frame");
    }

    @Test
    void bytesThatAreNoMessageAreCutOff() throws Exception {
        caller.raw(new byte[] {0, 0, 0, 3, -1, -1, -1});
        assertThat(caller.cutOff().getMessage()).startsWith("a frame that is no Request: ");
    }

    @Test
    void anOperationThatDoesNotExistIsCutOff() throws Exception {
        caller.send(requestWithField(99));
        assertThat(caller.cutOff().getMessage()).isEqualTo("operation OPERATION_NOT_SET does not exist here");
        broker.audited("protocol_error", "OPERATION_NOT_SET");
    }

    @Test
    void aRequestWithoutAnIdIsCutOff() throws Exception {
        caller.send(Request.newBuilder()
                .setListGrants(ListGrants.getDefaultInstance())
                .build()
                .toByteArray());
        assertThat(caller.cutOff().getMessage()).isEqualTo("request without an id");
    }

    static Stream<Request.Builder> adminOperations() {
        return Stream.of(
                Request.newBuilder().setGetStatus(GetStatus.getDefaultInstance()),
                Request.newBuilder().setListLeases(ListLeases.getDefaultInstance()),
                Request.newBuilder().setRevoke(Revoke.newBuilder().setLease(1)),
                Request.newBuilder().setShowPolicy(ShowPolicy.getDefaultInstance()),
                Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()),
                Request.newBuilder().setWatchAudit(WatchAudit.getDefaultInstance()));
    }

    static Stream<Request.Builder> tenantOperations() {
        return Stream.of(
                Request.newBuilder().setListGrants(ListGrants.getDefaultInstance()),
                Caller.acquire(0, "lan"),
                Caller.confirm(0),
                Request.newBuilder().setRelease(Release.newBuilder().setLease(1)));
    }

    static Stream<Request.Builder> allButHello() {
        return Stream.concat(adminOperations(), tenantOperations());
    }

    @ParameterizedTest
    @MethodSource("adminOperations")
    void anAdminOperationDoesNotExistForATenant(Request.Builder request) throws Exception {
        caller.send(request);
        assertThat(caller.cutOff().getMessage())
                .isEqualTo("operation " + request.getOperationCase() + " does not exist here");
    }

    @ParameterizedTest
    @MethodSource("tenantOperations")
    void aTenantsOperationDoesNotExistForAnAdmin(Request.Builder request) throws Exception {
        try (Caller admin = Caller.greeted(broker.adminSocket())) {
            admin.send(request);
            assertThat(admin.cutOff().getMessage()).endsWith(" does not exist here");
        }
    }

    @ParameterizedTest
    @MethodSource("allButHello")
    void nothingIsPossibleBeforeHello(Request.Builder request) throws Exception {
        boolean forAdmins = adminOperations().anyMatch(row -> row.getOperationCase() == request.getOperationCase());
        try (Caller silent = Caller.connect(forAdmins ? broker.adminSocket() : broker.socket())) {
            silent.send(request);
            assertThat(silent.cutOff().getMessage()).contains("is not allowed in phase GREETING, but in ");
        }
    }

    @Test
    void helloIsSaidOnce() throws Exception {
        caller.send(Request.newBuilder().setHello(Hello.newBuilder().setVersion(1)));
        assertThat(caller.cutOff().getMessage()).contains("HELLO is not allowed in phase READY");
    }

    @Test
    void anotherVersionIsCutOff() throws Exception {
        try (Caller other = Caller.connect(broker.socket())) {
            other.send(Request.newBuilder().setHello(Hello.newBuilder().setVersion(2)));
            assertThat(other.cutOff().getMessage()).isEqualTo("protocol version 2; this broker speaks 1");
        }
    }

    @Test
    void aNameThatCouldForgeALogLineIsCutOff() throws Exception {
        for (String name : List.of("a\nb", "x".repeat(65), "\u00e9")) {
            try (Caller other = Caller.connect(broker.socket())) {
                other.send(Request.newBuilder()
                        .setHello(Hello.newBuilder().setVersion(1).setClient(name)));
                assertThat(other.cutOff().getMessage()).startsWith("a client name is ");
            }
        }
    }

    @Test
    void confirmNeedsSomethingToConfirm() throws Exception {
        caller.send(Caller.confirm(0));
        assertThat(caller.cutOff().getMessage()).contains("CONFIRM is not allowed in phase READY, but in CONFIRMING");
    }

    @Test
    void nothingButConfirmFollowsAcquire() throws Exception {
        caller.acquired(Caller.acquire(0, "lan"));
        caller.send(Caller.acquire(0, "lan"));
        assertThat(caller.cutOff().getMessage()).contains("ACQUIRE is not allowed in phase CONFIRMING");
        broker.audited("\"end\"", "unconfirmed");
        assertThat(broker.netns().sockets("PACKET")).as("the one that we hold").isEqualTo(1);
    }

    @Test
    void aWrongNonceEndsTheLease() throws Exception {
        long nonce = caller.acquired(Caller.acquire(0, "lan")).getNonce();
        caller.send(Caller.confirm(nonce + 1));
        assertThat(caller.cutOff().getMessage()).isEqualTo("confirm with a wrong nonce");
        broker.audited("\"end\"", "unconfirmed");
    }

    @Test
    void noncesAreNotReused() throws Exception {
        long first = caller.hold(Caller.acquire(0, "lan")).getNonce();
        long second = caller.acquired(Caller.acquire(0, "lan")).getNonce();
        assertThat(second).isNotEqualTo(first);
        caller.send(Caller.confirm(first));
        caller.cutOff();
    }

    @Test
    void whatDoesNotExistIsAnErrorAndTheConnectionGoesOn() throws Exception {
        Error grant = caller.refused(Caller.acquire(0, "lam"));
        assertThat(grant.getCode()).isEqualTo(Error.Code.NOT_FOUND);
        assertThat(grant.getMessage()).contains("lam");
        assertThat(grant.getHint()).contains("lan");
        broker.audited("\"deny\"", "lam");
        Error lease = caller.refused(
                Request.newBuilder().setRelease(Release.newBuilder().setLease(-1)));
        assertThat(lease.getCode()).isEqualTo(Error.Code.NOT_FOUND);
        assertThat(lease.getMessage()).isEqualTo("this connection holds no lease 18446744073709551615");
        caller.isServed();
    }

    @Test
    void anotherConnectionsLeaseCannotBeReleased() throws Exception {
        long lease = caller.hold(Caller.acquire(0, "lan")).getLeases(0).getId();
        try (Caller other = Caller.greeted(broker.socket(), BLUE)) {
            assertThat(other.refused(Request.newBuilder()
                                    .setRelease(Release.newBuilder().setLease(lease)))
                            .getCode())
                    .isEqualTo(Error.Code.NOT_FOUND);
        }
        caller.release(lease);
    }

    @Test
    void aRequestThatContradictsItselfIsAnErrorAndLeavesNothing() throws Exception {
        List<String> before = Held.descriptors();
        Error kind = caller.refused(
                narrowed(GrantRequest.newBuilder().setGrant("lan").setXdp(XdpRequest.getDefaultInstance())));
        assertThat(kind.getCode()).isEqualTo(Error.Code.INVALID);
        Error sockets = caller.refused(narrowed(GrantRequest.newBuilder()
                .setGrant("lan")
                .setPacket(PacketRequest.newBuilder().setSockets(-1))));
        assertThat(sockets.getCode()).isIn(Error.Code.INVALID, Error.Code.DENIED);
        assertThat(caller.refused(Caller.acquire(0, "fast")).getMessage()).contains("needs a frame pool");
        for (long size : new long[] {1, -4096, 4097, Long.MAX_VALUE / 4096 * 4096}) {
            assertThat(caller.refused(Caller.acquire(size, "fast")).getCode())
                    .isIn(Error.Code.INVALID, Error.Code.QUOTA);
        }
        // The first one is made, the second one fails: all or nothing.
        assertThat(caller.refused(Caller.acquire(0, "lan", "fast")).getMessage())
                .contains("needs a frame pool");
        assertThat(caller.refused(Caller.acquire(4096, "lan", "fast", "fast")).getCode())
                .isEqualTo(Error.Code.BUSY);
        caller.isServed();
        Held.nothingSince(before);
        assertThat(broker.netns().sockets("PACKET")).isZero();
        Eventually.holds("no XDP socket", () -> broker.netns().sockets("XDP") == 0);
        assertThat(broker.netns().ip("link", "show", "dev0")).doesNotContain("xdp");
    }

    @Test
    void whatWasSentBeforeTheWritingHalfWasClosedIsAnswered() throws Exception {
        caller.send(Request.newBuilder().setListGrants(ListGrants.getDefaultInstance()));
        caller.send(Request.newBuilder().setListGrants(ListGrants.getDefaultInstance()));
        int shutWr = 1;
        Native.check(TestCalls.LIBC.shutdown(caller.channel().socket().number(), shutWr), "shutdown");
        assertThat(caller.reply().hasGrantList()).isTrue();
        assertThat(caller.reply().hasGrantList()).isTrue();
        caller.ended();
    }

    @Test
    void requestsInOneWriteAreAnsweredInOrder() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (int id = 100; id < 300; id++) {
            byte[] body = Request.newBuilder()
                    .setId(id)
                    .setListGrants(ListGrants.getDefaultInstance())
                    .build()
                    .toByteArray();
            out.writeInt(body.length);
            out.write(body);
        }
        caller.raw(bytes.toByteArray());
        for (int id = 100; id < 300; id++) {
            assertThat(caller.reply().getId()).isEqualTo(id);
        }
    }

    /** The kernel refuses them for us from 6.16 on, and drops them before. */
    @Test
    void descriptorsSentWithARequestReachNobody() throws Exception {
        List<String> before = Held.descriptors();
        Fd[] many = new Fd[100];
        for (int i = 0; i < many.length; i++) {
            many[i] = caller.channel().socket().duplicate();
        }
        byte[] request = Request.newBuilder()
                .setId(77)
                .setListGrants(ListGrants.getDefaultInstance())
                .build()
                .toByteArray();
        try {
            caller.send(request, many);
            assertThat(caller.reply().getId()).isEqualTo(77);
        } catch (SyscallException e) {
            assertThat(e.is(Errno.EPERM)).as(e.getMessage()).isTrue();
            caller.close(); // and what it has queued
            caller = Caller.greeted(broker.socket(), BLUE);
        }
        caller.isServed();
        Held.nothingSince(before);
    }

    /** A socket that lingers blocks whoever drops its last descriptor, so the broker must not be that one. */
    @Test
    void aDescriptorWhoseCloseBlocksDoesNotHoldTheBrokerUp() throws Exception {
        Fd lingering = lingeringSocket();
        byte[] request = Request.newBuilder()
                .setId(77)
                .setListGrants(ListGrants.getDefaultInstance())
                .build()
                .toByteArray();
        long start = System.nanoTime();
        try {
            caller.send(request, lingering);
        } catch (SyscallException e) {
            assertThat(e.is(Errno.EPERM)).as(e.getMessage()).isTrue();
        }
        bystander.isServed();
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(2));
    }

    /** Connected to a listener that never accepts, with more unsent data than its peer has room for. */
    private static Fd lingeringSocket() throws Exception {
        return broker.netns().call(() -> {
            Fd listener = Fd.owned(BrokerCalls.LIBC.socket(2, 1, 0), "socket");
            ByteBuffer address = Native.allocate(16).putShort(0, (short) 2).putInt(4, 0x0100007f);
            Native.check(BrokerCalls.LIBC.bind(listener.number(), address, 16), "bind");
            Native.check(TestCalls.LIBC.listen(listener.number(), 1), "listen");
            Native.check(
                    TestCalls.LIBC.getsockname(
                            listener.number(), address, Native.allocate(4).putInt(0, 16)),
                    "getsockname");
            Fd socket = Fd.owned(BrokerCalls.LIBC.socket(2, 1, 0), "socket");
            Native.check(TestCalls.LIBC.connect(socket.number(), address, 16), "connect");
            ByteBuffer linger = Native.allocate(8).putInt(0, 1).putInt(4, 5);
            Native.check(BrokerCalls.LIBC.setsockopt(socket.number(), 1, 13, linger, 8), "SO_LINGER");
            ByteBuffer data = Native.allocate(1 << 16);
            int dontwait = 0x40;
            while (TestCalls.LIBC.send(socket.number(), data, data.capacity(), dontwait) > 0) {
                // Until neither side has room.
            }
            return socket; // the listener is left open until the namespace goes: closing it would reset the connection
        });
    }

    @Test
    void noiseNeverStopsTheBroker() throws Exception {
        Random random = new Random(4711);
        byte[][] seeds = {
            Caller.acquire(65_536, "lan", "fast").setId(5).build().toByteArray(),
            narrowed(GrantRequest.newBuilder()
                            .setGrant("lan")
                            .setPacket(PacketRequest.newBuilder().setSockets(1).setRingFrames(64)))
                    .setId(5)
                    .build()
                    .toByteArray(),
            narrowed(GrantRequest.newBuilder()
                            .setGrant("fast")
                            .setXdp(XdpRequest.newBuilder()
                                    .addQueues(1)
                                    .setRxRing(64)
                                    .setChunkSize(2048)))
                    .setId(5)
                    .build()
                    .toByteArray(),
            Request.newBuilder()
                    .setId(5)
                    .setConfirm(Confirm.newBuilder().setNonce(7))
                    .build()
                    .toByteArray(),
        };
        for (int i = 0; i < 1500; i++) {
            try (Caller noisy = Caller.greeted(broker.socket())) {
                byte[] body = seeds[random.nextInt(seeds.length)].clone();
                for (int flips = random.nextInt(4); flips >= 0; flips--) {
                    body[random.nextInt(body.length)] = (byte) random.nextInt();
                }
                noisy.send(body);
                noisy.frame(); // an answer or a last word
            }
        }
        broker.audited("protocol_error");
    }

    private static Request.Builder narrowed(GrantRequest.Builder grant) {
        return Request.newBuilder().setAcquire(Acquire.newBuilder().addGrants(grant));
    }

    /** A request with an empty message in a field that this version does not know. */
    private static byte[] requestWithField(int field) throws Exception {
        byte[] bytes = new byte[5];
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeUInt64(1, 5);
        out.writeByteArray(field, new byte[0]);
        out.checkNoSpaceLeft();
        return bytes;
    }

    @Test
    void aTextThatIsNoUtf8IsCutOff() throws Exception {
        byte[] body = Caller.acquire(0, "grant").setId(5).build().toByteArray();
        int at = new String(body, StandardCharsets.ISO_8859_1).indexOf("grant");
        body[at] = (byte) 0xff;
        caller.send(body);
        assertThat(caller.cutOff().getCode()).isEqualTo(Error.Code.PROTOCOL);
    }
}
