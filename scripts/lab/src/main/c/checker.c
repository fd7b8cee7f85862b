/*
 * checker DEVICE FRAME: takes the numbered frames of loadgen.c, of FRAME bytes, from DEVICE, drops them and looks at each: its
 * length and number have to be whole, and no number may come after a greater one. Answers every line of input with
 * "NANOSECONDS TAKEN MISSED REORDERED CORRUPTED GAP": a monotonic time, frames so far, how many of them are missing, late or
 * damaged, and the longest time between two of them in nanoseconds.
 */
#include "bpf.h"
#include <net/if.h>
#include <stddef.h>

/* Where the number is in a frame, behind Ethernet, IPv4 and UDP headers; its complement follows. */
enum { NUMBER_AT = 42 };

/* One program at a time runs on a device of one queue. */
struct state {
	uint64_t taken, next, missed, reordered, corrupted, last, gap;
};

/* The field at r7, which points to the state, plus what a register or a constant says. */
#define ADD(field, value)                                                                                              \
	INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_7, offsetof(struct state, field), 0),                      \
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, value),                                                     \
	INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_1, offsetof(struct state, field), 0)

#define DROP INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_DROP), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static int load(int map, int frame)
{
	const struct bpf_insn program[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_7, BPF_PSEUDO_MAP_VALUE, 0, map),
		INSN(0, 0, 0, 0, 0),
		/* gap = max(gap, now - last), if there was a last */
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_7, offsetof(struct state, last), 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_0, offsetof(struct state, last), 0),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 4, 0),
		INSN(BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_0, BPF_REG_1, 0, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_2, BPF_REG_7, offsetof(struct state, gap), 0),
		INSN(BPF_JMP | BPF_JLE | BPF_X, BPF_REG_0, BPF_REG_2, 1, 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_0, offsetof(struct state, gap), 0),
		ADD(taken, 1),
		/* r2 = data, r3 = end; what has not got the length of a frame is corrupted */
		INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data), 0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data_end), 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_2, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_4, 0, 0, NUMBER_AT + 16),
		INSN(BPF_JMP | BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 8, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_3, 0, 0),
		INSN(BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_4, BPF_REG_2, 0, 0),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, 5, frame),
		/* r8 = number; with its complement it has to be all ones */
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_8, BPF_REG_2, NUMBER_AT, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_4, BPF_REG_2, NUMBER_AT + 8, 0),
		INSN(BPF_ALU64 | BPF_XOR | BPF_X, BPF_REG_4, BPF_REG_8, 0, 0),
		INSN(BPF_ALU64 | BPF_XOR | BPF_K, BPF_REG_4, 0, 0, -1),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_4, 0, 5, 0),
		ADD(corrupted, 1),
		DROP,
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_3, BPF_REG_7, offsetof(struct state, next), 0),
		INSN(BPF_JMP | BPF_JGE | BPF_X, BPF_REG_8, BPF_REG_3, 5, 0),
		ADD(reordered, 1),
		DROP,
		/* missed += number - next, unless it is the first; next = number + 1 */
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_8, 0, 0),
		INSN(BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_4, BPF_REG_3, 0, 0),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_3, 0, 3, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_7, offsetof(struct state, missed), 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_1, BPF_REG_4, 0, 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_1, offsetof(struct state, missed), 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_8, 0, 0, 1),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_8, offsetof(struct state, next), 0),
		DROP,
	};
	return load_xdp(program, COUNT(program));
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: checker DEVICE FRAME\n");
		return 2;
	}
	int ifindex = if_nametoindex(argv[1]);
	if (ifindex == 0)
		fail(argv[1]);
	int map = make_map(BPF_MAP_TYPE_ARRAY, sizeof(struct state));
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = load(map, atoi(argv[2]));
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = BPF_XDP;
	/* The link, and with it the attachment, ends with this process. */
	if (bpf(BPF_LINK_CREATE, &attr) < 0)
		fail("attaching an XDP program");
	printf("ready\n");
	fflush(stdout);

	char line[64];
	while (fgets(line, sizeof(line), stdin)) {
		struct state now;

		read_map(map, &now);
		printf("%llu %llu %llu %llu %llu %llu\n", (unsigned long long)now_ns(), (unsigned long long)now.taken,
		       (unsigned long long)now.missed, (unsigned long long)now.reordered,
		       (unsigned long long)now.corrupted, (unsigned long long)now.gap);
		fflush(stdout);
	}
	return 0;
}
