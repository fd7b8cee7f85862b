/** What programs become in the kernel: maps, verified programs, links; bpf(2). The programs themselves are the policy's. */
package io.sluice.broker.bpf;
