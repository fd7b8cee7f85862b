package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class JsonTest {
    @Test
    void whatIsWrittenIsReadBack() {
        Map<String, Object> value =
                Map.of("a", List.of(1.5, true, Optional.empty()), "b\"\\\n", Map.of(), "c", List.of(), "d", "\u0001x");

        assertThat(Json.parse(Json.write(value))).isEqualTo(value);
    }

    @Test
    void pathsLeadThroughObjectsAndArrays() {
        Object json = Json.parse(" {\"a\" : [ {\"n\": -2e3}, {\"n\": \"42\"} ] } ");

        assertThat(Json.number(json, "a", 0, "n")).isEqualTo(-2000);
        assertThat(Json.number(json, "a", 1, "n")).isEqualTo(42);
        assertThat(Json.at(json, "a", 2)).isEmpty();
        assertThatThrownBy(() -> Json.number(json, "b")).hasMessageContaining("[b]");
    }

    @Test
    void escapesAreUnderstood() {
        assertThat(Json.parse("\"\\u00e9\\t\\/\"")).isEqualTo("\u00e9\t/");
    }

    @Test
    void whatIsNotJsonIsRefusedWithItsPosition() {
        for (String text : List.of("", "{", "[1,", "{\"a\" 1}", "\"x", "nul", "1 2", "{a: 1}", "\"\\x\"", "\"\\u12")) {
            assertThatThrownBy(() -> Json.parse(text))
                    .as(text)
                    .isInstanceOf(LabException.class)
                    .hasMessageContaining("position");
        }
    }
}
