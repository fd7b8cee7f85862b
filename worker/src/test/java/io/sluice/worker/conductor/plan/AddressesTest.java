package io.sluice.worker.conductor.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The time is limited because a name server that does not answer takes longer: none may be asked. */
@Timeout(value = 2, unit = TimeUnit.SECONDS)
class AddressesTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1",
        "0.0.0.0, 0.0.0.0",
        "255.255.255.255, 255.255.255.255",
        "localhost, 127.0.0.1",
        "2001:db8::1, 2001:db8:0:0:0:0:0:1",
        "::, 0:0:0:0:0:0:0:0",
        "fe80::1%2, fe80:0:0:0:0:0:0:1%2",
        "::ffff:192.0.2.1, 192.0.2.1"
    })
    void digitsAreAnAddress(String text, String address) {
        assertThat(Addresses.of("dst", text).getHostAddress()).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "example.org",
                "638.0.0.2",
                "1.2.3.256",
                "1.2.3",
                "010.0.0.1",
                "1.2.3.4.5",
                ".:1",
                "::::",
                "1::2::3",
                "fe80::1%lo",
                "%2",
                "[::1]",
                "::1/64",
                "1.2.3.4 ",
                "g::1",
                "::ffff:638.0.0.2"
            })
    void nothingElseIsAndNobodyIsAsked(String text) {
        assertThatThrownBy(() -> Addresses.of("dst", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dst \"" + text
                        + "\": an IPv4 or IPv6 address is expected, such as 192.0.2.1; names are not" + " looked up");
    }

    @ParameterizedTest
    @CsvSource({"192.0.2.1:7, 192.0.2.1, 7", "[::1]:65535, 0:0:0:0:0:0:0:1, 65535", ":9, 0.0.0.0, 9"})
    void anEndpointIsAnAddressAndAPort(String text, String address, int port) {
        assertThat(Addresses.endpoint("at", text).getAddress().getHostAddress()).isEqualTo(address);
        assertThat(Addresses.endpoint("at", text).getPort()).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "192.0.2.1", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:0", "192.0.2.1:65536", "::1"})
    void otherEndpointsAreRefused(String text) {
        assertThatThrownBy(() -> Addresses.endpoint("at", text)).isInstanceOf(IllegalArgumentException.class);
    }
}
