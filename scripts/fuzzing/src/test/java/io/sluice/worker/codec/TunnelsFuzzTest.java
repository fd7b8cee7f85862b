package io.sluice.worker.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Input;
import io.sluice.fuzzing.Pools;
import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Any packet to any tunnel: a frame within it, or a reason; the same whatever lies around, and without writing. A frame that
 * got in comes back from a tunnel of the same kind.
 *
 * <pre>
 *  input: u8 which of the tunnels | packet
 * </pre>
 */
class TunnelsFuzzTest {
    private static final int HEADROOM = 256;
    private static final int LONGEST = 2_000;
    private static final OptionalInt NO_KEY = OptionalInt.empty();
    private static final Optional<Nsh> NSH_1 = Optional.of(new Nsh(1, 123, NO_KEY, 123, 255, 63, 1, 2));
    private static final Optional<Nsh> NSH_2 = Optional.of(new Nsh(2, 123, OptionalInt.of(255), 123, 255, 63, 0, 0));

    private static final List<Encapsulation> TUNNELS = List.of(
            new Encapsulation.Gre(NO_KEY, NO_KEY, Counting.NONE, 0, false, Optional.empty()),
            new Encapsulation.Gre(OptionalInt.of(2), OptionalInt.of(2), Counting.COUNTED, 1, true, Optional.empty()),
            new Encapsulation.Gre(NO_KEY, NO_KEY, Counting.PINNED, 0, false, NSH_1),
            l2tp(true, Encapsulation.Cookie.NONE, Counting.NONE, 0),
            l2tp(true, new Encapsulation.Cookie(4, 0x01020304), Counting.COUNTED, 5),
            l2tp(false, new Encapsulation.Cookie(8, 0x1112131415161718L), Counting.PINNED, 0),
            new Encapsulation.Vxlan(42),
            new Encapsulation.VxlanGpe(42, Optional.empty()),
            new Encapsulation.VxlanGpe(42, NSH_2),
            new Encapsulation.Geneve(7),
            new Encapsulation.NshEthernet(0x020000000002L, 0x020000000001L, NSH_1.get()));

    private static final ByteBuffer MEMORY = Native.allocate(2 * HEADROOM + LONGEST);

    private static Encapsulation l2tp(boolean udp, Encapsulation.Cookie cookie, Counting counter, int offset) {
        return new Encapsulation.L2tpv3(udp, 0x55667788, 0x55667788, cookie, cookie, counter, 1, offset);
    }

    @FuzzTest
    void aPacketIsAFrameWithinItOrAReason(byte[] bytes) {
        Input input = new Input(bytes);
        Encapsulation tunnel = TUNNELS.get(input.u8() % TUNNELS.size());
        byte[] packet = input.bytes(LONGEST);
        int header = receive(tunnel, packet, 0x00);
        assertThat(receive(tunnel, packet, 0xff)).isEqualTo(header);
        if (header >= 0) {
            comesBack(tunnel, packet, header);
        }
        if (packet.length >= 8) {
            MEMORY.put(HEADROOM, packet);
            assertThat(Nsh.forward(MEMORY, HEADROOM, packet.length, 1)).isLessThanOrEqualTo(packet.length);
        }
    }

    private static int receive(Encapsulation tunnel, byte[] packet, int around) {
        Pools.fill(MEMORY, around);
        MEMORY.put(HEADROOM, packet);
        byte[] before = Pools.copy(MEMORY, 0, MEMORY.capacity());
        long key = tunnel.protocol().key(MEMORY, HEADROOM, packet.length);
        int header = -1000;
        if (key < 0) {
            header = Drop.of(key).code();
        } else if (key == tunnel.key() || Nsh.anyIndex(key) == tunnel.key()) {
            header = tunnel.open().strip(MEMORY, HEADROOM, packet.length);
            assertThat(header).isLessThanOrEqualTo(packet.length);
            assertThat(header >= 0 || Drop.of(header) != null).isTrue();
        }
        assertThat(Pools.copy(MEMORY, 0, MEMORY.capacity())).isEqualTo(before);
        return header;
    }

    private static void comesBack(Encapsulation tunnel, byte[] packet, int header) {
        byte[] frame = new byte[packet.length - header];
        System.arraycopy(packet, header, frame, 0, frame.length);
        Session session = tunnel.open();
        MEMORY.put(HEADROOM, frame);
        session.encapsulate(MEMORY, HEADROOM, frame.length);
        int start = HEADROOM - session.overhead();
        int whole = frame.length + session.overhead();
        long key = tunnel.protocol().key(MEMORY, start, whole);
        assertThat(tunnel.key()).isIn(key, Nsh.anyIndex(key));
        assertThat(session.strip(MEMORY, start, whole)).isEqualTo(session.overhead());
        assertThat(Pools.copy(MEMORY, HEADROOM, frame.length)).isEqualTo(frame);
    }
}
