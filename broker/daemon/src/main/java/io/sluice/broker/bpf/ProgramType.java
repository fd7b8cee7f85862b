package io.sluice.broker.bpf;

/** Where a program runs, which decides its context, helpers and verdicts. */
public enum ProgramType {
    SOCKET_FILTER(1), // on a socket; context __sk_buff; the verdict is the number of bytes to keep, 0 drops
    SCHED_CLS(3), // on a device's ingress or egress in the stack (TCX, clsact); context __sk_buff
    XDP(6); // in the driver, before the stack; context xdp_md

    /** The number in enum bpf_prog_type. */
    final int code;

    ProgramType(int code) {
        this.code = code;
    }
}
