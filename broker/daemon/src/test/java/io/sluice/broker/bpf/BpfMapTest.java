package io.sluice.broker.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class BpfMapTest {
    @Test
    void arraysStartAtZeroAndHoldWhatIsPut() throws IOException {
        try (BpfMap map = BpfMap.array("slots", 8, 3)) {
            map.put(1, Long.MIN_VALUE + 7);
            assertThat(map.lookup(0).getLong(0)).isZero();
            assertThat(map.lookup(1).getLong(0)).isEqualTo(Long.MIN_VALUE + 7);
            assertThat(map.lookup(2).getLong(0)).isZero();
        }
    }

    @Test
    void keysOutsideOfTheMapAreRefused() throws IOException {
        try (BpfMap map = BpfMap.array("slots", 8, 3)) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> map.put(3, 1));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> map.lookup(-1));
        }
    }

    @Test
    void operationsAreForTheirKindOfMap() throws IOException {
        try (BpfMap array = BpfMap.array("slots", 8, 1);
                BpfMap wide = BpfMap.array("counters", 32, 1);
                BpfMap xsks = BpfMap.xskMap("xsks", 1)) {
            assertThat(wide.lookup(0).capacity()).isEqualTo(32);
            assertThatIllegalStateException()
                    .isThrownBy(() -> wide.put(0, 1))
                    .withMessage("array counters has values of 32 bytes, this operation needs array map with 8");
            assertThatIllegalStateException().isThrownBy(() -> wide.put(0, 1));
            assertThatIllegalStateException().isThrownBy(() -> array.put(0, array.fd()));
            assertThatIllegalStateException().isThrownBy(() -> array.delete(0));
            assertThatIllegalStateException().isThrownBy(() -> xsks.put(0, 1));
            assertThatIllegalStateException().isThrownBy(() -> xsks.lookup(0));
        }
    }

    @Test
    void aDescriptorThatIsNoXdpSocketIsRefusedAndTheErrorNamesTheSlot() throws IOException {
        try (BpfMap xsks = BpfMap.xskMap("xsks", 4)) {
            assertThatExceptionOfType(SyscallException.class)
                    .isThrownBy(() -> xsks.put(3, xsks.fd()))
                    .withMessageStartingWith("bpf(MAP_UPDATE_ELEM, xskmap xsks[3]): ENOTSOCK");
        }
    }

    @Test
    void deletingAnEmptySlotDoesNothing() throws IOException {
        try (BpfMap xsks = BpfMap.xskMap("xsks", 1)) {
            xsks.delete(0);
            xsks.delete(0);
        }
    }

    @Test
    void aMapThatTheKernelCannotMakeIsNamedInTheError() {
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> BpfMap.array("huge", 1 << 30, 1 << 30).close())
                .withMessageStartingWith("bpf(MAP_CREATE, array huge): E");
    }

    @Test
    void objectsNeedNamesThatTheKernelTakes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BpfMap.array("", 8, 1))
                .withMessageContaining("no BPF object name");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BpfMap.array("sixteen_letters_", 8, 1))
                .withMessageContaining("no BPF object name");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BpfMap.array("br-blue", 8, 1))
                .withMessageContaining("no BPF object name");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BpfMap.array("map", 0, 1))
                .withMessageContaining("1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BpfMap.xskMap("map", 0))
                .withMessageContaining("1 or more");
    }
}
