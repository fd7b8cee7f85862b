/*
 * sink DEVICE: drops every frame that DEVICE receives, as early as the kernel lets a program do so, and answers every
 * line of input with "NANOSECONDS PACKETS BYTES": a monotonic time and what has been dropped so far.
 */
#include "bpf.h"
#include <net/if.h>
#include <stddef.h>

/* Possible CPUs, of which a per-CPU map keeps one value each, whether they exist or not. */
enum { MAX_CPUS = 1024 };

struct count {
	uint64_t packets, bytes;
};

static struct count read_count(int map)
{
	static struct count cpus[MAX_CPUS];
	struct count sum = {0, 0};

	read_map(map, cpus);
	for (int i = 0; i < MAX_CPUS; i++) {
		sum.packets += cpus[i].packets;
		sum.bytes += cpus[i].bytes;
	}
	return sum;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: sink DEVICE\n");
		return 2;
	}
	int ifindex = if_nametoindex(argv[1]);
	if (ifindex == 0)
		fail(argv[1]);
	int map = make_map(BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(struct count));
	const struct bpf_insn count_and_drop[] = {
		/* r6 = length of the frame */
		INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_6, BPF_REG_1, offsetof(struct xdp_md, data_end), 0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data), 0),
		INSN(BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_6, BPF_REG_2, 0, 0),
		/* r0 = this CPU's count, at key 0 */
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 6, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_0, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, 1),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_0, BPF_REG_1, 0, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_0, 8, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_0, BPF_REG_1, 8, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_DROP),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = load_xdp(count_and_drop, COUNT(count_and_drop));
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = BPF_XDP;
	/* The link, and with it the attachment, ends with this process. */
	if (bpf(BPF_LINK_CREATE, &attr) < 0)
		fail("attaching an XDP program");
	printf("ready\n");
	fflush(stdout);

	char line[64];
	while (fgets(line, sizeof(line), stdin)) {
		struct count sum = read_count(map);

		printf("%llu %llu %llu\n", (unsigned long long)now_ns(), (unsigned long long)sum.packets,
		       (unsigned long long)sum.bytes);
		fflush(stdout);
	}
	return 0;
}
