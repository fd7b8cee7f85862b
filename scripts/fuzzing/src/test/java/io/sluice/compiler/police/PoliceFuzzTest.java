package io.sluice.compiler.police;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.broker.policy.Direction;
import io.sluice.broker.policy.DropReason;
import io.sluice.broker.policy.Prefix;
import io.sluice.compiler.bpf.Judge;
import io.sluice.fuzzing.Input;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Any frame, under any rules: the programs say what {@link Reference} says, in both directions, and touch nothing that is
 * not theirs; behind a gate that is shut nothing passes.
 *
 * <pre>
 *  input: u8 rules: IPv4, IPv6, VLANs, no untagged frames, remotes of IPv4, of IPv6, a second MAC address, gate shut (bits 0 to 7)
 *         u8 bits of the IPv4 prefix | u8 of the IPv6 prefix | u8 of the remotes
 *         u8 a tag beside the frame (1 of 4, else none) | u16 the tag
 *         u8 destination | u8 source | frame from its EtherType on
 * </pre>
 */
class PoliceFuzzTest {
    private static final String TENANT = "020000000110";
    private static final String SECOND = "020000000111";
    private static final String OTHER = "020000000220";
    private static final String BROADCAST = "ffffffffffff";
    private static final String IPV4 = "0a010010";
    private static final String IPV6 = "20010db8000000010000000000000010";
    private static final String REMOTE_IPV4 = "c0000201";
    private static final String REMOTE_IPV6 = "20010db8000000020000000000000010";

    @FuzzTest
    void theProgramsSayWhatTheRulesMean(byte[] bytes) {
        Input input = new Input(bytes);
        int choice = input.u8();
        Rules rules = rules(choice, input);
        boolean open = (choice & 0x80) == 0;
        boolean beside = input.u8() % 4 == 1;
        int tci = input.u16();
        Optional<Integer> tag = beside ? Optional.of(tci) : Optional.empty();
        byte[] frame = frame(input);

        Reference reference = new Reference(rules, frame, tag);
        Optional<DropReason> shut = Optional.of(DropReason.CLOSED);
        String what = rules + ", tag " + tag + ", " + HexFormat.of().formatHex(frame);
        assertThat(new Judge(PoliceProgram.fromTenant(rules), Direction.FROM_TENANT).of(frame, open, tag))
                .as("from tenant, %s", what)
                .isEqualTo(open ? reference.fromTenant() : shut);
        assertThat(new Judge(PoliceProgram.toTenant(rules), Direction.TO_TENANT).of(frame, open, tag))
                .as("to tenant, %s", what)
                .isEqualTo(open ? reference.toTenant() : shut);
    }

    private static Rules rules(int choice, Input input) {
        boolean ipv4 = (choice & 1) != 0;
        boolean ipv6 = (choice & 2) != 0;
        int bits4 = input.u8();
        int bits6 = input.u8();
        int remote = input.u8();
        List<Prefix> remotes = new ArrayList<>();
        if ((choice & 16) != 0 && (ipv4 || ipv6)) {
            remotes.add(prefix(REMOTE_IPV4, remote));
        }
        if ((choice & 32) != 0 && (ipv4 || ipv6)) {
            remotes.add(prefix(REMOTE_IPV6, remote));
        }
        return new Rules(
                (choice & 64) == 0 ? List.of(prefix(TENANT, 48)) : List.of(prefix(TENANT, 48), prefix(SECOND, 48)),
                ipv4 ? List.of(prefix(IPV4, bits4)) : List.of(),
                ipv6 ? List.of(prefix(IPV6, bits6)) : List.of(),
                (choice & 4) == 0 ? Set.of() : Set.of(100, 4094),
                (choice & 8) == 0,
                remotes);
    }

    /** The first so many bits of an address, or all of them if it has not as many. */
    private static Prefix prefix(String address, int bits) {
        byte[] network = HexFormat.of().parseHex(address);
        int length = Math.min(bits, network.length * Byte.SIZE);
        for (int i = length; i < network.length * Byte.SIZE; i++) {
            network[i / 8] &= (byte) ~(0x80 >> i % 8);
        }
        return new Prefix(network, length);
    }

    private static byte[] frame(Input input) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.writeBytes(HexFormat.of().parseHex(input.any(TENANT, SECOND, OTHER, BROADCAST)));
        frame.writeBytes(HexFormat.of().parseHex(input.any(TENANT, SECOND, OTHER, BROADCAST)));
        frame.writeBytes(input.rest());
        byte[] bytes = frame.toByteArray();
        return Arrays.copyOf(bytes, Math.max(bytes.length, 14));
    }
}
