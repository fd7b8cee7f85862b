package io.sluice.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.memory.Pad;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What threads write for every packet or vector is a cache line away from both ends of its object, by the offsets that this
 * JVM has given to its fields: so it shares no line with another object, wherever the collector puts the two.
 */
class CacheLinesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "io.sluice.worker.memory.FrameStock",
                "io.sluice.worker.port.Counters",
                "io.sluice.worker.port.xdp.Ring"
            })
    void whatIsWrittenIsALineAwayFromBothEnds(String name) throws Exception {
        Class<?> type = Class.forName(name);
        List<Field> written = new ArrayList<>();
        for (Field field : type.getSuperclass().getDeclaredFields()) {
            if (!Modifier.isFinal(field.getModifiers())) {
                written.add(field);
            }
        }
        assertThat(written).isNotEmpty();
        long end = 0;
        for (Class<?> part = type; part != Object.class; part = part.getSuperclass()) {
            for (Field field : part.getDeclaredFields()) {
                end = Math.max(end, Modifier.isStatic(field.getModifiers()) ? 0 : offset(field) + size(field));
            }
        }
        for (Field field : written) {
            assertThat(offset(field)).as(field.getName()).isGreaterThanOrEqualTo(Pad.BYTES);
            assertThat(end - offset(field) - size(field)).as(field.getName()).isGreaterThanOrEqualTo(Pad.BYTES);
        }
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !field.getName().startsWith("after")) {
                assertThat(Modifier.isFinal(field.getModifiers()))
                        .as(field.getName())
                        .isTrue();
            }
        }
    }

    @Test
    void rareCountersAreALineAwayFromBothEndsOfTheirArray() throws Exception {
        Field values = Counters.class.getDeclaredField("values");
        values.setAccessible(true);
        for (PortCounter counter : PortCounter.values()) {
            Counters counters = new Counters();
            counters.add(counter, 1);
            long[] array = (long[]) values.get(counters);
            int at = 0;
            while (at < array.length && array[at] == 0) {
                at++;
            }
            assertThat(counters.get(counter)).isOne();
            assertThat(counters.copy().get(counter)).isOne();
            if (at == array.length) {
                continue; // it is a field
            }
            assertThat(at * Long.BYTES).isGreaterThanOrEqualTo(Pad.BYTES);
            assertThat((array.length - at - 1) * Long.BYTES).isGreaterThanOrEqualTo(Pad.BYTES);
        }
    }

    /** By reflection, as the compiler warns of this class. */
    private static long offset(Field field) throws Exception {
        Class<?> type = Class.forName("sun.misc.Unsafe");
        Field instance = type.getDeclaredField("theUnsafe");
        instance.setAccessible(true);
        return (long) type.getMethod("objectFieldOffset", Field.class).invoke(instance.get(null), field);
    }

    /** At least. */
    private static int size(Field field) {
        return field.getType() == long.class ? Long.BYTES : field.getType() == int.class ? Integer.BYTES : 1;
    }
}
