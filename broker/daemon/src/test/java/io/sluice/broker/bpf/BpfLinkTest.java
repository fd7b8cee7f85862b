package io.sluice.broker.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.broker.policy.XdpMode;
import io.sluice.broker.testbed.Loading;
import io.sluice.broker.testbed.Netns;
import io.sluice.compiler.bpf.Insn;
import io.sluice.compiler.bpf.Insns;
import io.sluice.compiler.bpf.Programs;
import io.sluice.compiler.bpf.Reg;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class BpfLinkTest {
    private Netns netns;
    private BpfMap xsks;
    private BpfProgram program;
    private int veth;
    private int lo;

    @BeforeEach
    void createDevices() throws Exception {
        netns = new Netns();
        veth = netns.veth("one", "other");
        lo = netns.ifindex("lo");
        xsks = BpfMap.ofQueues(Symbol.SOCKETS, 2);
        program =
                Loading.load(ProgramType.XDP, "redirect", Programs.xdpRedirect(Optional.empty()), Symbol.SOCKETS, xsks);
    }

    @AfterEach
    void removeDevices() throws IOException {
        if (program != null) {
            program.close();
        }
        if (xsks != null) {
            xsks.close();
        }
        if (netns != null) {
            netns.close();
        }
    }

    @Test
    void nativeModeIsWhatTheDeviceShows() throws Exception {
        try (BpfLink link = attach(veth, XdpMode.NATIVE)) {
            assertThat(link.mode()).isEqualTo(XdpMode.NATIVE);
            assertThat(link.attachedIfindex()).isEqualTo(veth);
            assertThat(shown("one")).contains(" xdp ").doesNotContain("xdpgeneric");
        }
    }

    @Test
    void skbModeIsWhatTheDeviceShows() throws Exception {
        try (BpfLink link = attach(veth, XdpMode.SKB)) {
            assertThat(link.mode()).isEqualTo(XdpMode.SKB);
            assertThat(shown("one")).contains(" xdpgeneric ");
        }
    }

    @Test
    void autoModeIsNativeWhereTheDriverCan() throws Exception {
        try (BpfLink link = attach(veth, XdpMode.AUTO)) {
            assertThat(link.mode()).isEqualTo(XdpMode.NATIVE);
            assertThat(shown("one")).contains(" xdp ").doesNotContain("xdpgeneric");
        }
    }

    @Test
    void autoModeIsSkbWhereTheDriverCannot() throws Exception {
        try (BpfLink link = attach(lo, XdpMode.AUTO)) {
            assertThat(link.mode()).isEqualTo(XdpMode.SKB);
            assertThat(shown("lo")).contains(" xdpgeneric ");
        }
    }

    @Test
    void nativeModeFailsWhereTheDriverCannot() {
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> attach(lo, XdpMode.NATIVE).close())
                .matches(e -> e.is(Errno.EOPNOTSUPP), "EOPNOTSUPP")
                .withMessageStartingWith("bpf(LINK_CREATE, xdp native, ifindex " + lo + "): ");
    }

    @Test
    void autoModeDoesNotHideOtherErrors() throws Exception {
        try (BpfLink first = attach(veth, XdpMode.NATIVE)) { // in the way of one in native mode, not of one in skb mode
            assertThat(first.attachedIfindex()).isEqualTo(veth);
            assertThatExceptionOfType(SyscallException.class)
                    .isThrownBy(() -> attach(veth, XdpMode.AUTO).close())
                    .withMessageStartingWith("bpf(LINK_CREATE, xdp native, ifindex " + veth + "): EBUSY");
        }
    }

    @Test
    void aSecondProgramIsRefusedUntilTheFirstIsDetached() throws Exception {
        try (BpfLink first = attach(veth, XdpMode.NATIVE)) {
            assertThatExceptionOfType(SyscallException.class)
                    .isThrownBy(() -> attach(veth, XdpMode.NATIVE).close())
                    .matches(e -> e.is(Errno.EBUSY), "EBUSY");
            first.detach();
            assertThat(first.attachedIfindex()).isZero();
            assertThat(shown("one")).doesNotContain("xdp");
            try (BpfLink second = attach(veth, XdpMode.NATIVE)) {
                assertThat(second.attachedIfindex()).isEqualTo(veth);
                first.detach();
                assertThat(second.attachedIfindex()).as("detached twice").isEqualTo(veth);
            }
        }
    }

    @Test
    void aDeletedDeviceShowsAsZero() throws Exception {
        try (BpfLink link = attach(veth, XdpMode.AUTO)) {
            netns.ip("link", "del", "one");
            assertThat(link.attachedIfindex()).isZero();
            link.detach();
        }
    }

    @Test
    void theProgramStaysAttachedWithoutOurDescriptorsOfIt() throws Exception {
        try (BpfLink link = attach(veth, XdpMode.NATIVE)) {
            program.close();
            xsks.close();
            assertThat(link.attachedIfindex()).isEqualTo(veth);
        }
    }

    @Test
    void aMissingDeviceAndAnotherTypeAreRefused() throws Exception {
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> attach(9999, XdpMode.AUTO).close())
                .matches(e -> e.is(Errno.EINVAL), "EINVAL");
        List<Insn> pass = List.of(Insns.mov(Reg.R0, 0), Insns.exit());
        try (BpfProgram other = Loading.load(ProgramType.SCHED_CLS, "pass", pass)) {
            assertThatExceptionOfType(SyscallException.class)
                    .isThrownBy(() -> netns.call(() -> BpfLink.attachXdp(other, veth, XdpMode.AUTO))
                            .close())
                    .matches(e -> e.is(Errno.EINVAL), "EINVAL");
        }
    }

    @Test
    void nothingStaysOpen() throws Exception {
        cycle(); // loads the classes
        long before = openDescriptors();
        for (int i = 0; i < 20; i++) {
            cycle();
        }
        assertThat(openDescriptors()).isEqualTo(before);
    }

    private void cycle() throws Exception {
        try (BpfMap map = BpfMap.ofQueues(Symbol.SOCKETS, 1);
                BpfProgram redirect = Loading.load(
                        ProgramType.XDP, "cycle", Programs.xdpRedirect(Optional.empty()), Symbol.SOCKETS, map)) {
            BpfLink link = netns.call(() -> BpfLink.attachXdp(redirect, veth, XdpMode.AUTO));
            try (link) {
                assertThatExceptionOfType(SyscallException.class)
                        .isThrownBy(() -> attach(veth, XdpMode.NATIVE).close());
                link.detach();
            }
        }
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Loading.load(ProgramType.XDP, "bad", List.of(Insns.exit()))
                        .close())
                .withMessageContaining("says the verifier");
    }

    private static long openDescriptors() throws IOException {
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.count();
        }
    }

    private BpfLink attach(int ifindex, XdpMode mode) throws Exception {
        return netns.call(() -> BpfLink.attachXdp(program, ifindex, mode));
    }

    private String shown(String device) throws IOException {
        return netns.ip("link", "show", device);
    }
}
