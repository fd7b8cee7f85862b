/*
 * guard DEVICE: drops all that arrives on the device, by a program that is attached for as long as this process lives
 * and no longer. It is how rules on a tenant's device are lost with a killed broker unless somebody thinks of it.
 */
#include "../bpf.h"
#include <net/if.h>
#include <unistd.h>

/* BPF_TCX_INGRESS, which the headers of Debian 12 do not have. */
enum { DROP = 2, TCX_INGRESS = 46 };

int main(int argc, char **argv)
{
	const struct bpf_insn program[] = {INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, DROP),
					   INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
	union bpf_attr attr;

	if (argc != 2) {
		fprintf(stderr, "usage: guard DEVICE\n");
		return 2;
	}
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = COUNT(program);
	attr.license = (uintptr_t) "Apache-2.0";
	int loaded = bpf(BPF_PROG_LOAD, &attr);
	if (loaded == -1)
		fail("loading a program");
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = loaded;
	attr.link_create.target_ifindex = if_nametoindex(argv[1]);
	attr.link_create.attach_type = TCX_INGRESS;
	if (bpf(BPF_LINK_CREATE, &attr) == -1)
		fail("attaching it (TCX: Linux 6.6 or newer)");
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
