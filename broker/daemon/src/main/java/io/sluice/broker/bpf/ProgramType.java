package io.sluice.broker.bpf;

/** Where a program runs, which decides its context, helpers and verdicts. */
public enum ProgramType {
    /** On a socket; context __sk_buff; the verdict is the number of bytes to keep, 0 drops. */
    SOCKET_FILTER(1),
    /** On a device's ingress or egress in the stack (TCX, clsact); context __sk_buff. */
    SCHED_CLS(3),
    /** In the driver, before the stack; context xdp_md. */
    XDP(6);

    /** The number in enum bpf_prog_type. */
    final int code;

    ProgramType(int code) {
        this.code = code;
    }
}
