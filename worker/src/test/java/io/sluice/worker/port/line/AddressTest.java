package io.sluice.worker.port.line;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
    @Test
    void aPathIsEncodedWithItsEnd() {
        ByteBuffer encoded = new UnixPath("/run/w").encode();
        assertThat(encoded.capacity()).isEqualTo(2 + 6 + 1);
        assertThat(encoded.getShort(0)).isOne();
        byte[] path = new byte[7];
        encoded.get(2, path);
        assertThat(new String(path, StandardCharsets.UTF_8)).isEqualTo("/run/w\0");
    }

    @Test
    void aPathHasToFitIntoAnAddress() {
        assertThat(new UnixPath("x".repeat(107)).encode().capacity()).isEqualTo(110);
        assertThatThrownBy(() -> new UnixPath("x".repeat(108)))
                .hasMessage("a unix socket's path has 1 to 107 bytes, not 108, and no NUL; use a shorter directory");
        assertThatThrownBy(() -> new UnixPath("\u00e9".repeat(54))).hasMessageContaining("not 108");
        assertThatThrownBy(() -> new UnixPath("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new UnixPath("a\0b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void hostsOfBothKindsAreEncodedAsTheKernelHasThem() throws IOException {
        ByteBuffer four = new HostPort("127.0.0.2", 0x1234).encode();
        assertThat(four.capacity()).isEqualTo(16);
        assertThat(four.getShort(0)).isEqualTo((short) 2);
        assertThat(new byte[] {four.get(2), four.get(3), four.get(4), four.get(7)})
                .containsExactly(0x12, 0x34, 127, 2);
        ByteBuffer six = new HostPort("::1", 0x1234).encode();
        assertThat(six.capacity()).isEqualTo(28);
        assertThat(six.getShort(0)).isEqualTo((short) 10);
        assertThat(new byte[] {six.get(2), six.get(3), six.get(8), six.get(23)}).containsExactly(0x12, 0x34, 0, 1);
        assertThat(new HostPort("::1", 80)).hasToString("[::1]:80");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536})
    void aPortIsANumberOfSixteenBits(int port) {
        assertThatThrownBy(() -> new HostPort("::1", port)).hasMessage("port " + port + ": 0 to 65535 is expected");
        assertThatThrownBy(() -> new HostPort(" ", 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void pausesGrowToALimitAndBeginAnew() {
        BackOff backOff = new BackOff();
        assertThat(backOff.failed(1_000)).isEqualTo(20);
        assertThat(backOff.failed(1_000)).isEqualTo(40);
        for (int i = 0; i < 10; i++) {
            backOff.failed(1_000);
        }
        assertThat(backOff.failed(1_000)).isEqualTo(1_000);
        assertThat(backOff.failed(60_000)).isEqualTo(2_000);
        assertThat(backOff.failed(1_000)).isEqualTo(1_000);
        backOff.succeeded();
        assertThat(backOff.failed(1_000)).isEqualTo(20);
    }
}
