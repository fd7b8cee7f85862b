package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.lab.Flow;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Frames.Transport;
import io.sluice.worker.port.Coalescing.Packet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is put together and what is not, packet by packet; that nothing is lost or overtaken is CoalescerPropertyTest's. */
class CoalescerTest {
    private static final int ETHERNET = Frames.ETHERNET;

    private final Flow flow = new Flow(Transport.TCP4, 1);
    private Coalescing bench;

    @BeforeEach
    void make() throws Exception {
        bench = new Coalescing(4);
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private List<Packet> run(byte[]... frames) {
        return bench.run(Coalescing.ALL, Stream.of(frames).map(Packet::plain).toList());
    }

    /** How many packets each of those that go on was made of, if cutting them brings back what came. */
    private List<Integer> sizes(byte[]... frames) {
        List<Packet> out = run(frames);
        assertThat(bench.plain(out)).containsExactly(frames);
        return out.stream().map(packet -> bench.plain(List.of(packet)).size()).toList();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aRowOfPacketsBecomesOneSuperframe(Transport transport) {
        Flow row = new Flow(transport, 7);
        byte[][] frames = {row.next(1_400), row.next(1_400), row.next(1_400), row.next(33)};

        List<Packet> out = run(frames);

        assertThat(out).hasSize(1);
        assertThat(bench.plain(out)).containsExactly(frames);
        assertThat(bench.counters.get(PortCounter.RX_SUPERFRAMES)).isEqualTo(1);
        assertThat(bench.counters.merged()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"TCP4, 1, 54, 34, 16", "TCP6, 4, 74, 54, 16", "UDP4, 5, 42, 34, 6", "UDP6, 5, 62, 54, 6"})
    void itsHeaderIsWhatVirtioWants(Transport transport, int type, int headers, int start, int offset) {
        Flow row = new Flow(transport, 3);
        Packet whole = run(row.next(1_000), row.next(1_000), row.next(10)).get(0);

        ByteBuffer header = ByteBuffer.wrap(whole.header()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(header.get(0)).as("flags: NEEDS_CSUM").isEqualTo((byte) 1);
        assertThat(header.get(1)).as("gso_type").isEqualTo((byte) type);
        assertThat(header.getShort(2)).as("hdr_len").isEqualTo((short) headers);
        assertThat(header.getShort(4)).as("gso_size").isEqualTo((short) 1_000);
        assertThat(header.getShort(6)).as("csum_start").isEqualTo((short) start);
        assertThat(header.getShort(8)).as("csum_offset").isEqualTo((short) offset);
        byte[] frame = whole.frame();
        assertThat(frame).hasSize(headers + 2_010);
        assertThat(frame).as("the sum of the pseudo-header").isEqualTo(Frames.partial(transport, frame));
        boolean ipv4 = start == 34;
        assertThat(ByteBuffer.wrap(frame).getShort(ETHERNET + (ipv4 ? 2 : 4)))
                .isEqualTo((short) (frame.length - (ipv4 ? ETHERNET : 54)));
        if (type == 5) {
            assertThat(ByteBuffer.wrap(frame).getShort(start + 4)).isEqualTo((short) (frame.length - start));
        }
    }

    @Test
    void aPushEndsASuperframeAndIsOnItsLastSegment() {
        byte[] first = flow.next(500);
        byte[] second = flow.flagged(flow.next(500), 0x18);
        assertThat(sizes(first, second, flow.next(500), flow.next(500))).containsExactly(2, 2);
    }

    @Test
    void aPacketWithPushBeginsNothing() {
        byte[] pushed = flow.flagged(flow.next(500), 0x18);
        assertThat(sizes(pushed, flow.next(500), flow.next(500))).containsExactly(1, 2);
    }

    @Test
    void aShorterPacketIsTheLastOneAndALongerOneTheNextOnes() {
        assertThat(sizes(flow.next(500), flow.next(499), flow.next(500), flow.next(501), flow.next(501)))
                .containsExactly(2, 1, 2);
    }

    /** FIN, SYN, RST, URG, ECE, CWR, none at all; each with ACK or without. */
    @ParameterizedTest
    @ValueSource(ints = {0x11, 0x12, 0x14, 0x30, 0x50, 0x90, 0x00, 0x08})
    void otherFlagsAreLeftAloneAndEndTheFlow(int flags) {
        byte[] first = flow.next(500);
        byte[] second = flow.next(500);
        byte[] other = flow.flagged(flow.next(500), flags);
        assertThat(sizes(first, second, other, flow.next(500), flow.next(500))).containsExactly(2, 1, 2);
        byte[] same = flow.flagged(flow.next(500), flags);
        assertThat(sizes(same, flow.flagged(flow.next(500), flags))).containsExactly(1, 1);
    }

    @Test
    void anAcknowledgmentWithoutDataIsLeftAlone() {
        assertThat(sizes(flow.next(500), flow.next(0), flow.next(500), flow.next(500)))
                .containsExactly(1, 1, 2);
    }

    /** What differs, as an offset from the beginning of the frame. */
    @ParameterizedTest
    @CsvSource({
        "0, destination MAC",
        "11, source MAC",
        "15, TOS",
        "22, TTL",
        "20, DF",
        "42, acknowledgment",
        "46, reserved bit",
        "48, window",
        "53, urgent pointer",
        "38, sequence",
        "19, identification"
    })
    void whatDiffersIsNotPutTogether(int at, String what) {
        byte[] first = flow.next(500);
        byte[] second = flow.next(500);
        byte[] other = flow.changed(second, at, second[at] ^ (at == 46 ? 1 : 0x40));
        assertThat(sizes(first, other)).as(what).containsExactly(1, 1);
        assertThat(sizes(first, second)).containsExactly(2);
    }

    @ParameterizedTest
    @CsvSource({"14, traffic class", "17, flow label", "21, hop limit"})
    void whatDiffersOfIpv6IsNotPutTogether(int at, String what) {
        Flow row = new Flow(Transport.TCP6, 1);
        byte[] first = row.next(500);
        byte[] second = row.next(500);
        assertThat(sizes(first, row.changed(second, at, second[at] ^ 1)))
                .as(what)
                .containsExactly(1, 1);
        assertThat(sizes(first, second)).containsExactly(2);
    }

    @Test
    void equalOptionsAreKeptAndOthersNotPutTogether() {
        byte[] now = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
        byte[] later = {1, 1, 8, 10, 0, 0, 0, 2, 0, 0, 0, 2};
        byte[] first = flow.withOptions(flow.next(500), now);
        byte[] second = flow.withOptions(flow.next(500), now);
        byte[] third = flow.withOptions(flow.next(500), later);
        assertThat(sizes(first, second, third)).containsExactly(2, 1);
    }

    @Test
    void aTaggedRowKeepsItsTagAndAnotherTagIsAnotherRow() {
        byte[] first = flow.next(500);
        byte[] second = flow.next(500);
        assertThat(sizes(Frames.tagged(first, 0x8100, 5), Frames.tagged(second, 0x8100, 5)))
                .containsExactly(2);
        assertThat(sizes(Frames.tagged(first, 0x8100, 5), Frames.tagged(second, 0x8100, 6)))
                .containsExactly(1, 1);
        assertThat(sizes(first, Frames.tagged(second, 0x8100, 5))).containsExactly(1, 1);
    }

    @Test
    void aWrongChecksumIsLeftAsItIs() {
        byte[] first = flow.next(500);
        byte[] second = flow.next(500);
        byte[] third = flow.next(500);
        byte[] wrong = second.clone();
        wrong[200] ^= 1;
        assertThat(sizes(first, wrong, third)).containsExactly(1, 1, 1);
        wrong = first.clone();
        wrong[200] ^= 1;
        assertThat(sizes(wrong, second, third)).containsExactly(1, 2);
        wrong = second.clone();
        wrong[ETHERNET + 10] ^= 1;
        assertThat(sizes(first, wrong, third)).containsExactly(1, 1, 1);
    }

    @Test
    void aChecksumThatTheKernelHasVerifiedIsNotAddedUpAgain() {
        byte[] valid = new byte[10];
        valid[0] = 2;
        byte[] wrong = flow.next(500);
        wrong[200] ^= 1; // adding up would show it
        List<Packet> out =
                bench.run(Coalescing.ALL, List.of(new Packet(valid, wrong), new Packet(valid, flow.next(500))));
        assertThat(out).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void openChecksumsAreCoalescedAndFilledInWhenCut(Transport transport) {
        Flow row = new Flow(transport, 9);
        List<byte[]> frames = List.of(row.next(700), row.next(700), row.next(1));
        List<Packet> open = new ArrayList<>();
        for (byte[] frame : frames) {
            open.add(new Packet(transport.vnetHeader(), Frames.partial(transport, frame)));
        }
        List<Packet> out = bench.run(Coalescing.ALL, open);
        assertThat(out).hasSize(1);
        assertThat(bench.plain(out)).containsExactlyElementsOf(frames);
    }

    @Test
    void anOpenChecksumWithoutThePseudoHeaderIsLeftAlone() {
        byte[] first = flow.next(500);
        Packet open = new Packet(Transport.TCP4.vnetHeader(), flow.next(500)); // the finished sum, still to be finished
        assertThat(bench.run(Coalescing.ALL, List.of(Packet.plain(first), open)))
                .hasSize(2);
    }

    /** TCP writes 0 as 0 and not as ffff, which is as right; UDP the other way round, where 0 says that there is none. */
    @Test
    void aChecksumThatASegmenterWouldWriteOtherwiseIsLeftAlone() {
        byte[] valid = new byte[10];
        valid[0] = 2;
        byte[] first = flow.next(500);
        byte[] second = flow.next(500);
        ByteBuffer.wrap(second).putShort(Transport.TCP4.checksumAt(), (short) 0xffff);
        assertThat(bench.run(Coalescing.ALL, List.of(new Packet(valid, first), new Packet(valid, second))))
                .hasSize(2);
        Flow row = new Flow(Transport.UDP6, 1);
        byte[] one = row.next(500);
        byte[] other = row.next(500);
        ByteBuffer.wrap(other).putShort(Transport.UDP6.checksumAt(), (short) 0);
        assertThat(bench.run(Coalescing.ALL, List.of(new Packet(valid, one), new Packet(valid, other))))
                .hasSize(2);
    }

    @Test
    void anOpenChecksumElsewhereIsLeftAlone() {
        byte[] header = Transport.TCP4.vnetHeader();
        header[6] = (byte) (header[6] + 2);
        byte[] first = flow.next(500);
        List<Packet> out = bench.run(Coalescing.ALL, List.of(Packet.plain(first), new Packet(header, flow.next(500))));
        assertThat(out).hasSize(2);
        assertThat(out.get(1).header()).isEqualTo(header);
    }

    @Test
    void aSuperframeThatCameIsNotTouchedAndNotOvertaken() {
        byte[] first = flow.next(500);
        byte[] second = flow.next(500);
        byte[] big = Frames.partial(Transport.TCP4, flow.next(1_500));
        Packet came = new Packet(Transport.TCP4.superframeHeader(500), big);
        List<Packet> out = bench.run(
                Coalescing.ALL,
                List.of(
                        Packet.plain(first),
                        Packet.plain(second),
                        came,
                        Packet.plain(flow.next(500)),
                        Packet.plain(flow.next(500))));
        assertThat(out).hasSize(3);
        assertThat(out.get(1).frame()).isEqualTo(big);
        assertThat(out.get(1).header()).isEqualTo(came.header());
    }

    @Test
    void datagramsWithoutAChecksumAreLeftAlone() {
        Flow row = new Flow(Transport.UDP4, 1);
        byte[] first = row.next(500);
        byte[] second = row.next(500);
        ByteBuffer.wrap(second).putShort(Transport.UDP4.checksumAt(), (short) 0);
        assertThat(sizes(first, second)).containsExactly(1, 1);
    }

    @Test
    void datagramsAreCoalescedOnlyWhereTheyAreWanted() {
        Flow row = new Flow(Transport.UDP4, 1);
        int tcp = Offload.TX_TCP4.bit() | Offload.TX_TCP6.bit();
        List<Packet> packets = List.of(
                Packet.plain(row.next(500)),
                Packet.plain(flow.next(500)),
                Packet.plain(row.next(500)),
                Packet.plain(flow.next(500)));
        assertThat(bench.run(tcp, packets)).hasSize(3);
        assertThat(bench.run(Offload.TX_UDP.bit(), packets)).hasSize(3);
        assertThat(bench.run(Coalescing.ALL, packets)).hasSize(2);
        assertThat(bench.run(Offload.TX_TCP6.bit(), packets)).hasSize(4);
    }

    @Test
    void atMost64DatagramsAndAtMost65535BytesBecomeOne() {
        Flow datagrams = new Flow(Transport.UDP6, 1);
        assertThat(sizes(Stream.generate(() -> datagrams.next(100)).limit(130).toArray(byte[][]::new)))
                .containsExactly(64, 64, 2);
        // 20 + 20 + 45 * 1448 = 65200
        assertThat(sizes(Stream.generate(() -> flow.next(1_448)).limit(50).toArray(byte[][]::new)))
                .containsExactly(45, 5);
    }

    @Test
    void paddingStaysWhereItIs() {
        byte[] first = flow.next(500);
        byte[] padded = java.util.Arrays.copyOf(flow.next(2), 60);
        assertThat(sizes(first, padded)).containsExactly(1, 1);
    }

    /** Byte of the IP header, and what is there: a fragment, IP options. */
    @ParameterizedTest
    @CsvSource({"6, 0x20", "0, 0x46"})
    void whatMayBeOfTheFlowIsNotOvertaken(int at, String value) {
        byte[] first = flow.next(500);
        byte[] second = flow.next(500);
        byte[] between = flow.changed(first, ETHERNET + at, Integer.decode(value));
        assertThat(sizes(first, between, second)).containsExactly(1, 1, 1);
        assertThat(sizes(between, first, second)).containsExactly(1, 2);
    }

    @Test
    void norIsWhatHasExtensionHeaders() {
        Flow row = new Flow(Transport.TCP6, 1);
        byte[] first = row.next(500);
        byte[] second = row.next(500);
        byte[] between = first.clone();
        between[ETHERNET + 6] = 60;
        assertThat(sizes(first, between, second)).containsExactly(1, 1, 1);
        between[ETHERNET + 6] = 58;
        assertThat(run(first, between, second)).as("ICMPv6 may be").hasSize(2);
    }

    @Test
    void otherPacketsAreOvertakenAndSeveralFlowsMixed() {
        Flow second = new Flow(Transport.TCP6, 2);
        byte[] arp = new byte[60];
        arp[12] = 8;
        arp[13] = 6;
        List<Packet> out = run(flow.next(500), second.next(300), arp, flow.next(500), second.next(300), flow.next(500));
        assertThat(out.stream().map(packet -> packet.frame().length)).containsExactly(54 + 1_500, 74 + 600, 60);
    }

    @Test
    void sixteenFlowsInTurnAreCoalesced() throws Exception {
        assertThat(inTurn(16)).isEqualTo(16);
    }

    @Test
    void moreFlowsMakeRoomForEachOther() throws Exception {
        assertThat(inTurn(64)).isLessThan(64);
    }

    /** How many packets of so many flows are merged: two of each come, all first ones before all second ones. */
    private static long inTurn(int flows) throws Exception {
        try (Coalescing roomy = new Coalescing(flows)) {
            List<Flow> rows = new ArrayList<>();
            List<Packet> packets = new ArrayList<>();
            for (int i = 0; i < flows; i++) {
                rows.add(new Flow(Transport.TCP4, i));
            }
            for (int round = 0; round < 2; round++) {
                rows.forEach(row -> packets.add(Packet.plain(row.next(100))));
            }
            List<Packet> out = roomy.run(Coalescing.ALL, packets);
            assertThat(roomy.plain(out))
                    .containsExactlyInAnyOrderElementsOf(
                            packets.stream().map(Packet::frame).toList());
            return roomy.counters.merged();
        }
    }

    @Test
    void withoutALargeFrameEverythingStays() throws Exception {
        try (Coalescing none = new Coalescing(0)) {
            List<Packet> packets = List.of(Packet.plain(flow.next(500)), Packet.plain(flow.next(500)));
            assertThat(none.run(Coalescing.ALL, packets)).hasSize(2);
            assertThat(none.counters.merged()).isZero();
        }
    }

    @Test
    void aJumboFrameIsLeftAlone() {
        assertThat(sizes(flow.next(3_000), flow.next(3_000))).containsExactly(1, 1);
    }

    @Test
    void aTruncatedHeaderIsLeftAlone() {
        byte[] first = flow.next(500);
        byte[] second = flow.next(500);
        for (int length = 14; length < second.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(second, length);
            assertThat(run(first, cut, flow.next(500))).as("%d bytes", length).hasSize(3);
        }
    }
}
