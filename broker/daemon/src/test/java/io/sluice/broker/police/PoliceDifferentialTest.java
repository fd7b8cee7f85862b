package io.sluice.broker.police;

import static io.sluice.broker.police.Frame.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.policy.Direction;
import io.sluice.broker.policy.DropReason;
import io.sluice.broker.policy.Prefix;
import io.sluice.compiler.police.Reference;
import io.sluice.compiler.police.Rules;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random frames, judged by {@link Reference} and by the programs. */
@Tag("kernel")
class PoliceDifferentialTest {
    private static final int FRAMES = 2500;
    private static final List<String> MACS = List.of(TENANT, TENANT, TENANT, SECOND, OTHER, BROADCAST);
    private static final List<String> IPV4S =
            List.of(OWN_IPV4, OWN_IPV4, "0a010180", OTHER_IPV4, "00000000", "c0000201");
    private static final List<String> IPV6S = List.of(
            OWN_IPV6,
            OWN_IPV6,
            LINK_LOCAL,
            UNSPECIFIED,
            OTHER_IPV6,
            OTHER_LINK_LOCAL,
            "20010db8 00000001 00000000 00000011");

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void theProgramsJudgeLikeTheReference(long seed) throws IOException {
        Random random = new Random(seed);
        Rules rules = rules(random, seed);
        Optional<Integer> tag = seed % 3 == 0 ? Optional.of(random.nextBoolean() ? 100 : 0) : Optional.empty();
        OptionalInt beside = tag.isPresent() ? OptionalInt.of(0x81000000 | tag.get()) : OptionalInt.empty();
        Set<DropReason> seen = EnumSet.noneOf(DropReason.class);
        try (Rig rig = new Rig(rules, beside)) {
            for (int i = 0; i < FRAMES; i++) {
                byte[] frame = mutated(random, bytes(pick(random, MACS), pick(random, MACS), rest(random)));
                Reference reference = new Reference(rules, frame, tag);
                Optional<DropReason> verdict = rig.fromTenant(frame);
                String what = "seed " + seed + ", " + rules + ", tag " + tag + ", "
                        + HexFormat.of().formatHex(frame);
                assertThat(verdict).as("from tenant, %s", what).isEqualTo(reference.fromTenant());
                assertThat(rig.toTenant(frame)).as("to tenant, %s", what).isEqualTo(reference.toTenant());
                verdict.ifPresent(seen::add);
            }
            for (Direction direction : Direction.values()) {
                String prefix = direction.name().toLowerCase(Locale.ROOT);
                Map<String, Long> counters = rig.state.read();
                long drops = counters.entrySet().stream()
                        .filter(counter -> counter.getKey().startsWith(prefix + "_drop_"))
                        .mapToLong(Map.Entry::getValue)
                        .sum();
                long frames = counters.get(prefix + "_packets");
                assertThat(frames + drops).isEqualTo(FRAMES);
                assertThat(frames).isGreaterThan(FRAMES / 100);
            }
        }
        assertThat(seen).hasSizeGreaterThanOrEqualTo(rules.layer2() ? 2 : 5);
    }

    private static Rules rules(Random random, long seed) {
        boolean layer2 = seed == 6;
        return new Rules(
                List.of(Prefix.of(bytes(TENANT)), Prefix.of(bytes(SECOND))),
                layer2 || seed == 5
                        ? List.of()
                        : List.of(new Prefix(bytes("0a010180"), 25), Prefix.of(bytes(OWN_IPV4))),
                layer2 || seed == 4
                        ? List.of()
                        : List.of(new Prefix(bytes("20010db8 00000001 00000000 00000010"), 124 + random.nextInt(5))),
                random.nextInt(4) == 0 ? Set.of() : Set.of(100, 200),
                true,
                seed < 7 ? List.of() : remotes(random));
    }

    /** With the frames' destination or without it; a changed byte makes them others. */
    private static List<Prefix> remotes(Random random) {
        List<Prefix> remotes = new ArrayList<>(List.of(Prefix.of(bytes("c6336401"))));
        if (random.nextBoolean()) {
            remotes.add(new Prefix(bytes("0a010110"), 28 + random.nextInt(5)));
        }
        if (random.nextBoolean()) {
            remotes.add(new Prefix(bytes("ff020000", "00".repeat(12)), 16));
        }
        return remotes;
    }

    private static String rest(Random random) {
        String tags = random.nextInt(3) > 0 ? "" : tag(pick(random, List.of(0, 0x2000, 100, 0xe064, 200, 300, 4095)));
        if (random.nextInt(30) == 0) {
            tags += pick(random, List.of(tag(100), "88a8 0064", "9100 0064"));
        }
        return tags
                + switch (random.nextInt(8)) {
                    case 0, 1 -> ipv4(pick(random, IPV4S));
                    case 2 -> arp(1 + random.nextInt(3), pick(random, MACS), pick(random, IPV4S));
                    case 3 -> u16(random.nextInt(0x10000)) + "00".repeat(40 + random.nextInt(20));
                    default -> randomIpv6(random);
                };
    }

    private static String randomIpv6(Random random) {
        int upper = pick(random, List.of(6, 17, 50, 51, 58, 58, 58, 58, 59, 135, 253));
        int type = pick(random, List.of(128, 130, 131, 132, 133, 134, 135, 135, 136, 136, 137, 143));
        String payload = upper == 58 ? icmpv6(type, pick(random, IPV6S)) : "00".repeat(20);
        int next = upper;
        for (int i = random.nextInt(3) == 0 ? random.nextInt(9) : 0; i > 0; i--) {
            int header = pick(random, List.of(0, 43, 60, 60, 60, 44));
            boolean longer = header != 44 && random.nextInt(4) == 0;
            payload = (longer ? u8(next) + "01" + "00".repeat(14) : extension(next)) + payload;
            next = header;
        }
        return ipv6(pick(random, IPV6S), next, payload);
    }

    /** Most frames as they are, some with a changed byte, some cut short. */
    private static byte[] mutated(Random random, byte[] frame) {
        // The test run refuses IP without its whole header; behind a tag it does not look.
        int shortest = frame[12] == (byte) 0x81 ? 14 : 14 + 40;
        return switch (random.nextInt(4)) {
            case 0 -> {
                byte[] longEnough = Arrays.copyOf(frame, Math.max(frame.length, 14 + 40));
                longEnough[random.nextInt(frame.length)] = (byte) random.nextInt(256);
                yield longEnough;
            }
            case 1 -> Arrays.copyOf(frame, shortest + random.nextInt(Math.max(1, frame.length - shortest)));
            default -> frame;
        };
    }

    private static <T> T pick(Random random, List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
