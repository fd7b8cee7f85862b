package io.sluice.broker.audit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
    @Test
    void writesValuesInTheOrderGivenAndLeavesEmptyOnesOut() {
        assertThat(Json.object("b", 1L, "a", "x", "none", "", "c", -2L)).isEqualTo("{\"b\":1,\"a\":\"x\",\"c\":-2}");
        assertThat(Json.object()).isEqualTo("{}");
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
        assertThat(Json.quoted("a" + text + "b")).isEqualTo("\"a" + expected + "b\"");
    }

    @Test
    void everythingElseStaysAsItIs() {
        assertThat(Json.quoted("é😀 </script>")).isEqualTo("\"é😀 </script>\"");
    }

    @Test
    void keysAreEscapedToo() {
        assertThat(Json.object("a\"b", 1L)).isEqualTo("{\"a\\\"b\":1}");
    }

    @Test
    void noLineIsEverBroken() {
        StringBuilder all = new StringBuilder();
        for (char c = 0; c < 0x3000; c++) {
            all.append(c);
        }
        assertThat(Json.quoted(all.toString())).doesNotContainPattern("[\\p{Cc}\\u2028\\u2029]");
    }
}
