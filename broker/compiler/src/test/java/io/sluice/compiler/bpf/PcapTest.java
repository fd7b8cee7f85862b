package io.sluice.compiler.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.compiler.bpf.ClassicFilter.Instruction;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PcapTest {
    @Test
    @Tag("kernel")
    void anExpressionBecomesInstructions() {
        assertThat(Pcap.compile("ip", 96).instructions())
                .containsExactly(
                        new Instruction(0x28, 0, 0, 12),
                        new Instruction(0x15, 0, 1, 0x0800),
                        new Instruction(0x06, 0, 0, 96),
                        new Instruction(0x06, 0, 0, 0));
        assertThat(Pcap.compile("", 96).instructions()).containsExactly(new Instruction(0x06, 0, 0, 96));
    }

    @Test
    @Tag("kernel")
    void whatLibpcapRefusesIsRefusedInItsWords() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Pcap.compile("tcp port", 96))
                .withMessageStartingWith("'tcp port': ")
                .withMessageEndingWith("syntax error");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Pcap.compile("ip and arp", 96))
                .withMessageContaining("expression rejects all packets");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "host www.example",
                "host 1e100.net",
                "host example",
                "net loopback",
                "port http",
                "port 80a",
                "tcp port 80-a",
                "portrange ftp-ssh",
                "host 10-20",
                "host 10.0.0.1.5",
                "host dead:beef",
                "host 1::2::3",
                "host fe80::1%eth0",
                "ether host aa.bb.cc.dd.ee.ff",
                "ether host gateway",
                "gateway router",
                "ip proto tlsp",
                "ip proto \\tcp",
                "TCP",
                "ip6 protochain 6",
                "host tcp.",
                "host $ab",
                "host ex\u00e4mple"
            })
    void whatMightBeLookedUpIsRefusedBeforeLibpcapSeesIt(String expression) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Pcap.compile(expression, 96))
                .withMessageContainingAll("'", "is no");
    }

    static Stream<String> keywords() {
        return Pcap.KEYWORDS.stream();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "host ::1",
                "host 2001:db8::1:2",
                "net fe80::/10",
                "host 1:2:3:4:5:6:7:8",
                "ether host 02:0:0:0:1:10",
                "tcp[2:2] - 20 > 0x10",
                "tcp[tcpflags:1] & tcp-syn != 0",
                "portrange 10-20",
                "net 10.1.2"
            })
    void numbersAreNoNames(String expression) {
        Pcap.requireNoNames(expression);
    }

    /** A keyword in the place of a name is an error of syntax; a name would be "unknown". */
    @ParameterizedTest
    @MethodSource("keywords")
    @Tag("kernel")
    void noKeywordIsLookedUp(String keyword) {
        for (String before : List.of("host ", "net ", "port ", "ip proto ")) {
            assertThatCode(() -> Pcap.compile(before + keyword, 96))
                    .satisfiesAnyOf(
                            thrown -> assertThat(thrown).isNull(),
                            thrown -> assertThat(thrown)
                                    .hasMessageMatching("(?s).*(syntax error|is not a valid|illegal).*"));
        }
    }

    @Test
    @Tag("kernel")
    void thereIsAMostOfAnExpression() {
        String longest = "port 1" + " or port 1".repeat(101) + " ".repeat(8);
        assertThat(longest).hasSize(1024);
        assertThat(Pcap.compile(longest, 96).instructions()).isNotEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Pcap.compile(longest + " ", 96))
                .withMessage("the expression has 1025 characters, the most is 1024");
    }
}
