package io.sluice.worker.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Properties of every codec, for random configurations and payloads. */
class RoundTripTest {
    private static final int ROUNDS = 400;

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void whatGoesInComesOutAndNothingElseIsTouched(Protocol protocol) {
        Random random = new Random(protocol.name().hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            Encapsulation config = random(protocol, random);
            Tunnel tunnel = new Tunnel(config);
            for (int packet = 0; packet < 3; packet++) {
                byte[] frame = new byte[random.nextInt(1_600)];
                random.nextBytes(frame);
                byte[] wrapped = tunnel.encapsulate(frame);
                assertThat(tunnel.receive(wrapped)).as(config.toString()).isEqualTo(frame);
                assertThat(tunnel.receive(
                                Arrays.copyOf(wrapped, tunnel.session().overhead() - 1)))
                        .as(config.toString())
                        .isNotInstanceOf(byte[].class);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void anythingIsAFrameOrAReason(Protocol protocol) {
        Random random = new Random(1);
        for (int round = 0; round < ROUNDS; round++) {
            Tunnel tunnel = new Tunnel(random(protocol, random));
            byte[] rubbish = new byte[random.nextInt(80)];
            random.nextBytes(rubbish);
            tunnel.receive(rubbish);
            byte[] nearly = tunnel.encapsulate(new byte[20]);
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                nearly[random.nextInt(nearly.length)] ^= (byte) (1 << random.nextInt(8));
            }
            tunnel.receive(Arrays.copyOf(nearly, random.nextInt(nearly.length + 1)));
        }
    }

    @Test
    void numbersWrapAt32Bits() {
        Tunnel gre = new Tunnel(Tunnel.gre(OptionalInt.of(1), Counting.COUNTED, -2));
        Tunnel l2tp = new Tunnel(new Encapsulation.L2tpv3(
                true, 1, 1, Tunnel.cookie(0, 0), Tunnel.cookie(0, 0), Counting.COUNTED, -2, 0));
        for (String number : new String[] {"fffffffe", "ffffffff", "00000000", "00000001"}) {
            assertThat(gre.header()).isEqualTo("3000655800000001" + number);
            assertThat(gre.receive("3000655800000001" + number)).isEqualTo("010203");
            assertThat(l2tp.header()).isEqualTo("0003000000000001" + number);
        }
        assertThat(gre.outOfOrder()).isZero();
        assertThat(gre.receive("3000655800000001" + "00000001")).isEqualTo("010203");
        assertThat(gre.receive("3000655800000001" + "fffffff0")).isEqualTo("010203");
        assertThat(gre.receive("3000655800000001" + "00000002")).isEqualTo("010203");
        assertThat(gre.outOfOrder()).isEqualTo(2);
    }

    static Encapsulation random(Protocol protocol, Random random) {
        return switch (protocol) {
            case GRE -> {
                OptionalInt key = random.nextBoolean() ? OptionalInt.of(random.nextInt()) : OptionalInt.empty();
                yield new Encapsulation.Gre(
                        key, key, counting(random), random.nextInt(), random.nextBoolean(), nsh(random));
            }
            case L2TPV3_UDP, L2TPV3_IP -> {
                int session = random.nextInt() | 1;
                Encapsulation.Cookie cookie = cookie(random);
                int offset = random.nextBoolean() ? 0 : random.nextInt(Encapsulation.L2tpv3.MAX_OFFSET + 1);
                boolean udp = protocol == Protocol.L2TPV3_UDP;
                yield new Encapsulation.L2tpv3(
                        udp, session, session, cookie, cookie, counting(random), random.nextInt(), offset);
            }
            case VXLAN -> new Encapsulation.Vxlan(random.nextInt(1 << 24));
            case VXLAN_GPE -> new Encapsulation.VxlanGpe(random.nextInt(1 << 24), nsh(random));
            case GENEVE -> new Encapsulation.Geneve(random.nextInt(1 << 24));
            case NSH_ETHERNET ->
                new Encapsulation.NshEthernet(
                        random.nextLong() >>> 16,
                        random.nextLong() >>> 16,
                        nsh(random).orElse(Tunnel.nsh(1)));
        };
    }

    private static Counting counting(Random random) {
        return List.of(Counting.NONE, Counting.COUNTED, Counting.PINNED).get(random.nextInt(3));
    }

    private static Encapsulation.Cookie cookie(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> Encapsulation.Cookie.NONE;
            case 1 -> Tunnel.cookie(4, random.nextLong() >>> 32);
            default -> Tunnel.cookie(8, random.nextLong());
        };
    }

    private static Optional<Nsh> nsh(Random random) {
        if (random.nextBoolean()) {
            return Optional.empty();
        }
        int type = 1 + random.nextInt(2);
        int path = random.nextInt(1 << 24);
        int index = 1 + random.nextInt(255);
        int ttl = 2 + random.nextInt(62);
        OptionalInt wanted = random.nextBoolean() ? OptionalInt.of(index) : OptionalInt.empty();
        long context = type == 1 ? random.nextLong() : 0;
        return Optional.of(new Nsh(type, path, wanted, path, index, ttl, context, ~context * (type == 1 ? 1 : 0)));
    }
}
