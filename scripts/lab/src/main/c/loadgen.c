/*
 * loadgen DEVICE FRAME RATE DESTINATION [numbered]: sends equal UDP frames of FRAME bytes (without FCS) out of DEVICE until
 * it is told to end, RATE a second (at least 100000), or as many as one core can if RATE is 0. Prints how many it has sent
 * when it ends. Numbered frames have their number, from 0 on, in the first eight bytes of their payload, and its complement
 * in the next eight, both in the order of this machine: what sink.c checks.
 *
 * The frames come out of BPF_PROG_TEST_RUN in live-frame mode: the kernel runs an XDP program over pages of its own
 * and the program redirects each to the device. No system call, no copy and no skb per packet, so the sender is not
 * what is measured. A veth takes redirected frames only while its peer has an XDP program or GRO switched on.
 */
#include "bpf.h"
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stddef.h>

/*
 * A run costs some milliseconds of set-up, so one run sends until a signal interrupts it, and what has to happen between
 * frames, counting and waiting, happens in the program. WAITS bounds its loop, for the verifier.
 */
enum { RUN = 1 << 30, BATCH = 64, WAITS = 512, MIN_RATE = 100000, MIN_FRAME = 60, MAX_FRAME = 3400 };

/* Where the payload of UDP over IPv4 begins. */
enum { NUMBER_AT = 42 };

/* What the program keeps: when the next frame is due in 1/256 ns, and how many frames there were. */
struct state {
	uint64_t due, sent;
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static uint16_t ip_checksum(const void *header)
{
	uint16_t word;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(struct iphdr); i += 2) {
		memcpy(&word, (const char *)header + i, 2);
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* From 10.9.0.1 to 10.9.0.2, UDP port 9 (discard); a UDP checksum of 0 is none. */
static void build(uint8_t *frame, size_t size, const uint8_t *destination)
{
	struct ether_header *eth = (void *)frame;
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
	struct udphdr udp = {.uh_sport = htons(9), .uh_dport = htons(9)};

	memcpy(eth->ether_dhost, destination, ETH_ALEN);
	memcpy(eth->ether_shost, "\x02\x00\x00\x00\x0a\x01", ETH_ALEN);
	eth->ether_type = htons(ETHERTYPE_IP);
	ip.tot_len = htons(size - sizeof(*eth));
	ip.saddr = htonl(0x0a090001);
	ip.daddr = htonl(0x0a090002);
	ip.check = ip_checksum(&ip);
	udp.uh_ulen = htons(size - sizeof(*eth) - sizeof(ip));
	memcpy(frame + sizeof(*eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(*eth) + sizeof(ip), &udp, sizeof(udp));
}

static int parse_mac(const char *text, uint8_t *mac)
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) == 6;
}

/* r7 points to the state. Spins until the frame is due; what is late by more than a millisecond is not made up for. */
#define PACE(interval)                                                                                                 \
	INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_8, BPF_REG_7, offsetof(struct state, due), 0),                        \
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_9, 0, 0, 0),                                                         \
	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns),                                                      \
	INSN(BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_0, 0, 0, 8),                                                         \
	INSN(BPF_JMP | BPF_JGE | BPF_X, BPF_REG_0, BPF_REG_8, 2, 0),                                                   \
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_9, 0, 0, 1),                                                         \
	INSN(BPF_JMP | BPF_JLT | BPF_K, BPF_REG_9, 0, -5, WAITS),                                                      \
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_0, 0, 0, -256000000),                                                \
	INSN(BPF_JMP | BPF_JGE | BPF_X, BPF_REG_8, BPF_REG_0, 1, 0),                                                   \
	INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_8, BPF_REG_0, 0, 0),                                                 \
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_8, 0, 0, interval),                                                  \
	INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_8, offsetof(struct state, due), 0)

#define KEEP_CONTEXT INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0)

#define BEGIN(map)                                                                                                     \
	INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_7, BPF_PSEUDO_MAP_VALUE, 0, map), INSN(0, 0, 0, 0, 0)

#define COUNT_AND_REDIRECT(ifindex)                                                                                    \
	INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_7, offsetof(struct state, sent), 0),                       \
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, 1),                                                         \
	INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_1, offsetof(struct state, sent), 0),                       \
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, ifindex),                                                   \
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0),                                                         \
	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* r6 points to the context, r7 to the state. A frame without room for it, which there is none of, has no number. */
#define NUMBER                                                                                                         \
	INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data), 0),                       \
	INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data_end), 0),                   \
	INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_2, 0, 0),                                                 \
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_4, 0, 0, NUMBER_AT + 16),                                            \
	INSN(BPF_JMP | BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 4, 0),                                                   \
	INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_5, BPF_REG_7, offsetof(struct state, sent), 0),                       \
	INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_2, BPF_REG_5, NUMBER_AT, 0),                                          \
	INSN(BPF_ALU64 | BPF_XOR | BPF_K, BPF_REG_5, 0, 0, -1),                                                        \
	INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_2, BPF_REG_5, NUMBER_AT + 8, 0)

/* Which programs there are: paced or not, numbered or not. */
static int load(int map, int ifindex, uint64_t rate, int numbered)
{
	const int interval = rate == 0 ? 0 : (int)(256e9 / (double)rate);
	const struct bpf_insn flood[] = {BEGIN(map), COUNT_AND_REDIRECT(ifindex)};
	const struct bpf_insn paced[] = {BEGIN(map), PACE(interval), COUNT_AND_REDIRECT(ifindex)};
	const struct bpf_insn flood_numbered[] = {KEEP_CONTEXT, BEGIN(map), NUMBER, COUNT_AND_REDIRECT(ifindex)};
	const struct bpf_insn paced_numbered[] = {KEEP_CONTEXT, BEGIN(map), PACE(interval), NUMBER,
						  COUNT_AND_REDIRECT(ifindex)};

	if (numbered)
		return rate == 0 ? load_xdp(flood_numbered, COUNT(flood_numbered))
				 : load_xdp(paced_numbered, COUNT(paced_numbered));
	return rate == 0 ? load_xdp(flood, COUNT(flood)) : load_xdp(paced, COUNT(paced));
}

int main(int argc, char **argv)
{
	static uint8_t frame[MAX_FRAME];
	uint8_t destination[ETH_ALEN];

	int numbered = argc == 6 && strcmp(argv[5], "numbered") == 0;
	if ((argc != 5 && !numbered) || !parse_mac(argv[4], destination)) {
		fprintf(stderr, "usage: loadgen DEVICE FRAME RATE DESTINATION [numbered]\n");
		return 2;
	}
	int ifindex = if_nametoindex(argv[1]);
	size_t size = strtoul(argv[2], NULL, 10);
	uint64_t rate = strtoull(argv[3], NULL, 10);
	if (ifindex == 0)
		fail(argv[1]);
	if (size < MIN_FRAME || size > MAX_FRAME) {
		fprintf(stderr, "FRAME is %d to %d bytes, not %s\n", MIN_FRAME, MAX_FRAME, argv[2]);
		return 2;
	}
	if (rate != 0 && rate < MIN_RATE) {
		fprintf(stderr, "RATE is 0 or at least %d, not %s\n", MIN_RATE, argv[3]);
		return 2;
	}
	build(frame, size, destination);

	int map = make_map(BPF_MAP_TYPE_ARRAY, sizeof(struct state));
	int prog = load(map, ifindex, rate, numbered);
	/* No SA_RESTART: the signal has to end the run. */
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);

	uint64_t start = now_ns();
	printf("sending\n");
	fflush(stdout);
	while (!ended) {
		union bpf_attr attr;

		memset(&attr, 0, sizeof(attr));
		attr.test.prog_fd = prog;
		attr.test.data_in = (uintptr_t)frame;
		attr.test.data_size_in = size;
		attr.test.repeat = RUN;
		attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
		attr.test.batch_size = BATCH;
		if (bpf(BPF_PROG_TEST_RUN, &attr) < 0 && errno != EINTR)
			fail("BPF_PROG_TEST_RUN with live frames (Linux 5.18 or newer)");
	}
	uint64_t end = now_ns();
	struct state state;
	read_map(map, &state);
	printf("sent %llu in %llu ns\n", (unsigned long long)state.sent, (unsigned long long)(end - start));
	return 0;
}
