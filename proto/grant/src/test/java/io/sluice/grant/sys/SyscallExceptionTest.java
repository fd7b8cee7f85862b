package io.sluice.grant.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;

class SyscallExceptionTest {
    @Test
    void saysWhatWasTriedAndWhatTheKernelSaid() {
        SyscallException e = new SyscallException("bind(AF_XDP, eth1, queue 2)", Errno.EBUSY.intValue());
        assertThat(e).hasMessage("bind(AF_XDP, eth1, queue 2): EBUSY (Device or resource busy)");
        assertThat(e.errno()).isEqualTo(Errno.EBUSY);
        assertThat(e.is(Errno.EBUSY)).isTrue();
        assertThat(e.is(Errno.EPERM)).isFalse();
    }

    @Test
    void anErrnoThatTheTableLacksKeepsItsNumber() {
        // ENOTSUPP of the kernel, which is in no header and still reaches user space.
        SyscallException e = new SyscallException("bind", 524);
        assertThat(e).hasMessageStartingWith("bind: errno 524");
        assertThat(e.errno()).isEqualTo(Errno.__UNKNOWN_CONSTANT__);
        assertThat(e.is(Errno.EBUSY)).isFalse();
    }

    @Test
    void onlyMinusOneIsAFailure() throws SyscallException {
        assertThat(Native.check(0, "zero")).isZero();
        assertThat(Native.check(-2, "minus two")).isEqualTo(-2);
        assertThat(Native.check(-2L, "minus two")).isEqualTo(-2L);
        assertThat(Native.check(0xffff_ffffL, "an address")).isEqualTo(0xffff_ffffL);
        Descriptors.Calls.LIBC.close(-1);
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> Native.check(-1, "close(-1)"))
                .matches(e -> e.is(Errno.EBADF));
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> Native.check(-1L, "close(-1)"))
                .matches(e -> e.is(Errno.EBADF));
    }
}
