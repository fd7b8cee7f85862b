package io.sluice.worker.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class VectorTest {
    private final Vector vector = new Vector();

    @Test
    void packetsStayInOrderWithTheirLengthsAndFlags() {
        vector.add(256, 60, 0);
        vector.add(70000, 65000, Vector.VNET);
        assertThat(vector.count).isEqualTo(2);
        assertThat(vector.offset).startsWith(256, 70000);
        assertThat(vector.length).startsWith(60, 65000);
        assertThat(vector.flags).startsWith(0, Vector.VNET);
    }

    @Test
    void clearingMakesRoomForAFullVector() {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < Vector.CAPACITY; i++) {
                vector.add(i, i, 0);
            }
            assertThat(vector.count).isEqualTo(Vector.CAPACITY);
            vector.clear();
            assertThat(vector.count).isZero();
        }
    }

    @Test
    void oneTooManyIsAnErrorOfTheCaller() {
        for (int i = 0; i < Vector.CAPACITY; i++) {
            vector.add(i, i, 0);
        }
        assertThatThrownBy(() -> vector.add(0, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
