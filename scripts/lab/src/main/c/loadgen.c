/*
 * loadgen DEVICE FRAME RATE DESTINATION: sends equal UDP frames of FRAME bytes (without FCS) out of DEVICE until it is
 * told to end, RATE a second, or as many as one core can if RATE is 0. Prints how many it has sent when it ends.
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

/* Frames per run of the program; between runs it looks at the clock and for signals. */
enum { CHUNK_FLOOD = 65536, CHUNK_PACED = 256, BATCH = 64, MIN_FRAME = 60, MAX_FRAME = 3400 };

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

static void pace(uint64_t start, uint64_t sent, uint64_t rate)
{
	uint64_t due = start + (uint64_t)((double)sent * 1e9 / (double)rate);
	struct timespec ts = {.tv_sec = due / 1000000000ull, .tv_nsec = due % 1000000000ull};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

int main(int argc, char **argv)
{
	static uint8_t frame[MAX_FRAME];
	uint8_t destination[ETH_ALEN];

	if (argc != 5 || !parse_mac(argv[4], destination)) {
		fprintf(stderr, "usage: loadgen DEVICE FRAME RATE DESTINATION\n");
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
	build(frame, size, destination);

	const struct bpf_insn redirect[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, ifindex),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int prog = load_xdp(redirect, sizeof(redirect) / sizeof(redirect[0]));
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);

	uint64_t start = now_ns(), sent = 0;
	printf("sending\n");
	fflush(stdout);
	while (!ended) {
		union bpf_attr attr;

		memset(&attr, 0, sizeof(attr));
		attr.test.prog_fd = prog;
		attr.test.data_in = (uintptr_t)frame;
		attr.test.data_size_in = size;
		attr.test.repeat = rate ? CHUNK_PACED : CHUNK_FLOOD;
		attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
		attr.test.batch_size = BATCH;
		if (bpf(BPF_PROG_TEST_RUN, &attr) == 0)
			sent += attr.test.repeat;
		else if (errno != EINTR)
			fail("BPF_PROG_TEST_RUN with live frames (Linux 5.18 or newer)");
		if (rate)
			pace(start, sent, rate);
	}
	printf("sent %llu in %llu ns\n", (unsigned long long)sent, (unsigned long long)(now_ns() - start));
	return 0;
}
