package io.sluice.broker.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
    @Test
    void writesValuesInTheOrderGiven() {
        assertThat(Json.write(Json.object("b", 1, "a", true, "list", List.of("x", -2L), "none", List.of())))
                .isEqualTo("{\"b\":1,\"a\":true,\"list\":[\"x\",-2],\"none\":[]}");
        assertThat(Json.write(Json.object())).isEqualTo("{}");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "0022, \\\"", "005c, \\\\", "0000, \\u0000", "000a, \\u000a", "001b, \\u001b", "007f, \\u007f",
                "009b, \\u009b", "2028, \\u2028", "2029, \\u2029", "d83d, \\ud83d", "dc00, \\udc00", "002f, /"
            })
    void escapesWhatMustNotStandInAString(String hex, String expected) {
        String text = String.valueOf((char) Integer.parseInt(hex, 16));
        assertThat(Json.write("a" + text + "b")).isEqualTo("\"a" + expected + "b\"");
    }

    @Test
    void everythingElseStaysAsItIs() {
        assertThat(Json.write("é😀 </script>")).isEqualTo("\"é😀 </script>\"");
    }

    @Test
    void keysAreEscapedToo() {
        assertThat(Json.write(Json.object("a\"b", 1))).isEqualTo("{\"a\\\"b\":1}");
    }

    @Test
    void noLineIsEverBroken() {
        StringBuilder all = new StringBuilder();
        for (char c = 0; c < 0x3000; c++) {
            all.append(c);
        }
        assertThat(Json.write(all.toString())).doesNotContainPattern("[\\p{Cc}\\u2028\\u2029]");
    }

    @Test
    void refusesWhatHasNoJsonForm() {
        assertThatThrownBy(() -> Json.write(1.5)).isInstanceOf(IllegalArgumentException.class);
    }
}
