package io.sluice.broker.police;

import static io.sluice.broker.police.Frame.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.broker.policy.DropReason;
import io.sluice.broker.policy.Prefix;
import io.sluice.compiler.police.Rules;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RulesTest {
    private static final Prefix MAC = Prefix.of(bytes(Frame.TENANT));
    private static final Prefix IPV4 = Prefix.of(bytes(Frame.OWN_IPV4));

    @Test
    void rulesWithoutVlansAreForUntaggedFrames() {
        assertThat(new Rules(List.of(MAC), List.of(), List.of(), Set.of(), false).untagged())
                .isTrue();
        assertThat(new Rules(List.of(MAC), List.of(), List.of(), Set.of(7), false).untagged())
                .isFalse();
    }

    @Test
    void whatIsNotATenantsAddressIsRefused() {
        refused(List.of(), List.of(), Set.of(), "need a MAC address");
        refused(List.of(Prefix.of(bytes(Frame.BROADCAST))), List.of(), Set.of(), "no unicast MAC address");
        refused(List.of(Prefix.of(new byte[6])), List.of(), Set.of(), "no unicast MAC address");
        refused(List.of(new Prefix(bytes("020000000000"), 24)), List.of(), Set.of(), "no unicast MAC address");
        refused(List.of(IPV4), List.of(), Set.of(), "given among the MAC addresses");
        refused(List.of(MAC), List.of(MAC), Set.of(), "given among the IPv4 prefixes");
        refused(List.of(MAC), List.of(), Set.of(0), "1 to 4094, not 0");
        refused(List.of(MAC), List.of(), Set.of(4095), "1 to 4094, not 4095");
    }

    @Test
    void thereIsAMostOfEverything() {
        refused(Collections.nCopies(5, MAC), List.of(), Set.of(), "5 MAC addresses are given, the most is 4");
        refused(List.of(MAC), Collections.nCopies(65, IPV4), Set.of(), "65 IPv4 prefixes are given, the most is 64");
        Set<Integer> vlans = IntStream.rangeClosed(1, 17).boxed().collect(Collectors.toSet());
        refused(List.of(MAC), List.of(), vlans, "17 VLANs are given, the most is 16");
    }

    @Test
    void aPrefixHasNoBitsBehindIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Prefix(bytes("0a010010"), 24))
                .withMessage("bits are set behind the first 24 of 0a:01:00:10: clear them, or make the prefix longer");
        assertThatIllegalArgumentException().isThrownBy(() -> new Prefix(bytes("0a010000"), 33));
        assertThatIllegalArgumentException().isThrownBy(() -> new Prefix(bytes("0a0100"), 8));
        assertThat(new Prefix(bytes("0a010000"), 24)).isEqualTo(new Prefix(bytes("0a010000"), 24));
    }

    @Test
    void everyReasonHasRoomForItsCounter() {
        assertThat(DropReason.values()).hasSizeLessThanOrEqualTo(14);
    }

    private static void refused(List<Prefix> macs, List<Prefix> ipv4, Set<Integer> vlans, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Rules(macs, ipv4, List.of(), vlans, true))
                .withMessageContaining(message);
    }
}
