package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.PacketOptions;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.PortState;
import org.junit.jupiter.api.Test;

class FormatTest {
    @Test
    void countsHaveSiPrefixesFromTenThousandOn() {
        assertThat(Units.si(0)).isEqualTo("0");
        assertThat(Units.si(9_999)).isEqualTo("9999");
        assertThat(Units.si(10_000)).isEqualTo("10.0 k");
        assertThat(Units.si(12_345)).isEqualTo("12.3 k");
        assertThat(Units.si(999_499)).isEqualTo("999 k");
        assertThat(Units.si(999_500)).isEqualTo("1.00 M");
        assertThat(Units.si(14_880_952)).isEqualTo("14.9 M");
        assertThat(Units.si(Long.MAX_VALUE)).isEqualTo("9.22 E");
        assertThat(Units.si(0.25)).isEqualTo("0.25");
    }

    @Test
    void bytesHaveIecPrefixes() {
        assertThat(Units.bytes(0)).isEqualTo("0 B");
        assertThat(Units.bytes(1023)).isEqualTo("1023 B");
        assertThat(Units.bytes(1024)).isEqualTo("1 KiB");
        assertThat(Units.bytes(1536)).isEqualTo("1.5 KiB");
        assertThat(Units.bytes(64L << 20)).isEqualTo("64 MiB");
        assertThat(Units.bytes((1L << 30) - 1)).isEqualTo("1 GiB");
    }

    @Test
    void agesHaveTwoUnits() {
        assertThat(Units.age(-5)).isEqualTo("0s");
        assertThat(Units.age(59_999)).isEqualTo("59s");
        assertThat(Units.age(192_000)).isEqualTo("3m 12s");
        assertThat(Units.age(7_500_000)).isEqualTo("2h 5m");
        assertThat(Units.age(273_600_000)).isEqualTo("3d 4h");
    }

    @Test
    void tableAlignsAndLeavesNoBlanksAtTheEndOfLines() {
        Table table = new Table("NAME", ">N", "WORDS").row("a", 1, "x").row("long", 1234, "");
        assertThat(table.toString()).isEqualTo("NAME     N  WORDS\na        1  x\nlong  1234  -");
        assertThatThrownBy(() -> table.row("only")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void jsonNumbersAreNumbersAndUnsigned() {
        assertThat(Json.of(Counter.newBuilder().setName("\"x\n").setValue(-1).build()))
                .hasToString("{\"name\":\"\\\"x\\n\",\"value\":18446744073709551615}");
    }

    @Test
    void jsonLeavesOutWhatHasPresenceAndIsNotSet() {
        AddPortRequest request = AddPortRequest.newBuilder()
                .setSpec(PortSpec.newBuilder()
                        .setName("p")
                        .setDepth(-1)
                        .setPacket(PacketOptions.newBuilder().setOffloads(false)))
                .build();
        assertThat(Json.of(request))
                .hasToString("{\"spec\":{\"name\":\"p\",\"grant\":\"\",\"depth\":4294967295,\"mtu\":0,"
                        + "\"packet\":{\"sockets\":0,\"offloads\":false,\"ring_frames\":0}}}");
        assertThat(Json.of(io.sluice.worker.v1.Port.newBuilder()
                                .setState(PortState.DOWN)
                                .build())
                        .get("state"))
                .hasToString("\"down\"");
    }
}
