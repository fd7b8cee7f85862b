package io.sluice.grant.sys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * jnr-ffi passes a wrong sixth argument to functions of exactly six integers, unless the JVM was started with
 * {@code -Djnr.ffi.x86asm.enabled=false}. Here is such a function, so that a lost flag shows in the tests and not in mmap.
 */
class SixIntegersTest {
    /** process_vm_readv(2) with its two pointers declared as integers: flags other than 0 are EINVAL. */
    public interface SixIntegers {
        long process_vm_readv(int pid, long local, long locals, long remote, long remotes, long flags);
    }

    @Test
    void theSixthIntegerArgumentArrives() {
        SixIntegers libc = Native.libc(SixIntegers.class);
        int self = (int) ProcessHandle.current().pid();
        assertThat(libc.process_vm_readv(self, 0, 0, 0, 0, 0))
                .as("a sixth argument of 0; is -Djnr.ffi.x86asm.enabled=false on the command line?")
                .isZero();
        assertThat(libc.process_vm_readv(self, 0, 0, 0, 0, 1))
                .as("a sixth argument of 1")
                .isEqualTo(-1);
    }
}
