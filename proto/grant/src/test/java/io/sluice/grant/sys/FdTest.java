package io.sluice.grant.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FdTest {
    private static final int O_NONBLOCK = 04000;

    private List<Fd> pipe;
    private List<String> before;

    /** What the libraries keep open from their first use on is none of ours. */
    @BeforeAll
    static void load() throws IOException {
        List<Fd> pipe = Descriptors.pipe();
        pipe.get(0).duplicate().close();
        pipe.forEach(Fd::close);
    }

    @BeforeEach
    void openAPipe() throws IOException {
        before = Descriptors.open();
        pipe = Descriptors.pipe();
    }

    @AfterEach
    void nothingStaysOpen() throws IOException {
        pipe.forEach(Fd::close);
        assertThat(Descriptors.open()).isEqualTo(before);
    }

    @Test
    void closingTwiceClosesOnce() throws IOException {
        Fd fd = pipe.get(0);
        int number = fd.number();
        fd.close();
        // The lowest free number is the next one, so this takes the number that was closed.
        try (Fd next = pipe.get(1).duplicate()) {
            assertThat(next.number()).isEqualTo(number);
            fd.close();
            assertThat(Descriptors.target(next)).startsWith("pipe:");
        }
        assertThat(fd.isClosed()).isTrue();
    }

    @Test
    void aClosedDescriptorHasNoNumber() {
        Fd fd = pipe.get(0);
        fd.close();
        assertThatIllegalStateException().isThrownBy(fd::number).withMessage("descriptor is closed");
        assertThatIllegalStateException().isThrownBy(fd::duplicate);
    }

    @Test
    void aDuplicateIsTheSamePipeAndLivesOnItsOwn() throws IOException {
        try (Fd duplicate = pipe.get(0).duplicate()) {
            assertThat(duplicate.number()).isNotEqualTo(pipe.get(0).number());
            assertThat(Descriptors.target(duplicate)).isEqualTo(Descriptors.target(pipe.get(0)));
            assertThat(Descriptors.isCloseOnExec(duplicate)).isTrue();
            pipe.get(0).close();
            assertThat(Descriptors.target(duplicate)).startsWith("pipe:");
        }
    }

    @Test
    void whatALibraryOpenedBecomesCloseOnExecAndNonBlocking() throws IOException {
        List<Fd> sockets = Descriptors.socketPair();
        try (Fd one = sockets.get(0);
                Fd other = sockets.get(1)) {
            assertThat(Descriptors.isCloseOnExec(one)).isFalse();
            assertThat(one.closeOnExecNonBlocking()).isSameAs(one);
            assertThat(Descriptors.isCloseOnExec(one)).isTrue();
            assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + one.number())))
                    .containsPattern("flags:\\s+0*200" + Integer.toOctalString(O_NONBLOCK | 2));
            assertThat(Descriptors.isCloseOnExec(other)).isFalse();
        }
    }

    @Test
    void aFailedCallOwnsNothingAndNamesItself() {
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> Fd.owned(Descriptors.Calls.LIBC.close(-1), "open(nothing)"))
                .matches(e -> e.is(Errno.EBADF))
                .withMessageStartingWith("open(nothing): EBADF");
    }
}
