/* The little of bpf(2) that loadgen.c and sink.c need, without libbpf: a newcomer has a compiler and kernel headers. */
#ifndef SLUICE_LAB_BPF_H
#define SLUICE_LAB_BPF_H

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define INSN(c, d, s, o, i) ((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline long bpf(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

static inline void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* Loads an XDP program; exits, with the verifier's log, if the kernel refuses it. */
static inline int load_xdp(const struct bpf_insn *insns, size_t count)
{
	static char log[65536];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = count;
	attr.license = (uintptr_t)"Apache-2.0";
	long fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0) {
		attr.log_buf = (uintptr_t)log;
		attr.log_size = sizeof(log);
		attr.log_level = 1;
		bpf(BPF_PROG_LOAD, &attr);
		fprintf(stderr, "%s", log);
		fail("loading an XDP program");
	}
	return fd;
}

static inline int make_map(enum bpf_map_type type, uint32_t value_size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = value_size;
	attr.max_entries = 1;
	long fd = bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		fail("creating a map");
	return fd;
}

/* Reads the value of key 0; of a per-CPU map, one value for each possible CPU. */
static inline void read_map(int map, void *value)
{
	uint32_t key = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)value;
	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr) < 0)
		fail("reading a map");
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

#endif
