package io.sluice.broker.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.util.List;
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
            assertThatExceptionOfType(SyscallException.class)
                    .isThrownBy(() -> map.put(3, 1))
                    .withMessageStartingWith("bpf(MAP_UPDATE_ELEM, slots[3]): E2BIG");
            assertThatExceptionOfType(SyscallException.class).isThrownBy(() -> map.lookup(-1));
        }
    }

    @Test
    void operationsAreForTheirKindOfMap() throws IOException {
        try (BpfMap array = BpfMap.array("slots", 8, 1);
                BpfMap wide = BpfMap.array("counters", 32, 1);
                BpfMap xsks = BpfMap.ofQueues(Symbol.SOCKETS, 1)) {
            assertThat(wide.lookup(0).capacity()).isEqualTo(32);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> wide.put(0, 1))
                    .withMessage("counters has values of 32 bytes");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> array.direct(0, array.fd().number()));
            assertThatIllegalArgumentException().isThrownBy(() -> xsks.put(0, 1));
            assertThatExceptionOfType(SyscallException.class).isThrownBy(() -> array.delete(0));
            assertThatExceptionOfType(SyscallException.class).isThrownBy(() -> xsks.lookup(0));
        }
    }

    @Test
    void aGateIsShutUntilItIsOpened() throws IOException {
        try (BpfMap gate = BpfMap.gate("gate")) {
            assertThat(gate.lookup(0).getLong(0)).isZero();
            gate.open();
            assertThat(gate.lookup(0).getLong(0)).isEqualTo(1);
            gate.shut();
            assertThat(gate.lookup(0).getLong(0)).isZero();
        }
    }

    @Test
    void aDescriptorThatIsNoXdpSocketIsRefusedAndTheErrorNamesTheSlot() throws IOException {
        try (BpfMap xsks = BpfMap.ofQueues(Symbol.SOCKETS, 4)) {
            assertThatExceptionOfType(SyscallException.class)
                    .isThrownBy(() -> xsks.direct(3, xsks.fd().number()))
                    .withMessageStartingWith("bpf(MAP_UPDATE_ELEM, sluice_xsks[3]): ENOTSOCK");
        }
    }

    @Test
    void deletingAnEmptySlotDoesNothing() throws IOException {
        try (BpfMap xsks = BpfMap.ofQueues(Symbol.SOCKETS, 1)) {
            xsks.delete(0);
            xsks.delete(0);
        }
    }

    @Test
    void aMapThatTheKernelCannotMakeIsNamedInTheError() {
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> BpfMap.array("huge", 1 << 30, 1 << 30).close())
                .withMessageStartingWith("bpf(MAP_CREATE, huge): E");
    }

    @Test
    void objectsNeedNamesThatTheKernelTakes() {
        for (String name : List.of("sixteen_letters_", "br-blue", "x".repeat(100))) {
            assertThatExceptionOfType(SyscallException.class)
                    .isThrownBy(() -> BpfMap.array(name, 8, 1).close())
                    .withMessageStartingWith("bpf(MAP_CREATE, " + name + "): E");
        }
    }
}
