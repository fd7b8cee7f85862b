/* What the holder of an AF_PACKET socket can try, besides sending (send.c). */
#include "hostile.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { BLOCK = 64 * 1024, RING_FRAME = 2048, MTU = 65536, LINKS = 4095, GET_NETNS = 0x894c };

static struct counts seen;

static void count_all(int fd, struct counts *counts)
{
	static uint8_t bytes[MTU];
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) >= 0)
		count_frame(counts, bytes, got);
}

/* bind SLOT IFINDEX */
static void do_bind(char **words)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = number(words[2])};

	answer("%s", outcome(bind(slot(words[1]), (struct sockaddr *)&address, sizeof(address))));
}

/* read SLOT MS: counts what arrives in so many milliseconds, and what is queued. */
static void do_read(char **words)
{
	int fd = slot(words[1]);
	long end = now_ms() + number(words[2]);
	struct counts counts = {0};

	for (;;) {
		struct pollfd readable = {.fd = fd, .events = POLLIN};
		long left = end - now_ms();

		count_all(fd, &counts);
		if (left <= 0 || poll(&readable, 1, left) == -1)
			break;
		/* An error such as ENETDOWN makes it readable for ever. */
		if (readable.revents & (POLLERR | POLLHUP))
			usleep(1000);
	}
	answer("%s", show_counts(&counts));
}

/* watch SLOT: from now on counts what the socket receives, while nothing else is asked for. */
static void do_watch(char **words)
{
	memset(&seen, 0, sizeof(seen));
	watched = slot(words[1]);
	answer("ok");
}

void drain_watched(void)
{
	count_all(watched, &seen);
}

/* watched: what has been counted so far. */
static void do_watched(char **words)
{
	(void)words;
	drain_watched();
	answer("%s", show_counts(&seen));
}

/* frame KIND MARK SOURCE DESTINATION FROM TO VLAN: what is sent from now on. */
static void do_frame(char **words)
{
	answer("%s", build_frame(words + 1) ? "ok" : "no such frame");
}

/* index SLOT DEVICE: its index in the socket's namespace. */
static void do_index(char **words)
{
	struct ifreq request = {.ifr_ifindex = 0};

	strncpy(request.ifr_name, words[2], IFNAMSIZ - 1);
	if (ioctl(slot(words[1]), SIOCGIFINDEX, &request) == -1)
		answer("%s", outcome(-1));
	else
		answer("%d", request.ifr_ifindex);
}

/* join SLOT GROUP: tries to become a member of a fanout group, in every mode. */
static void do_join(char **words)
{
	char list[256] = "";
	int fd = slot(words[1]);

	for (int mode = 0; mode <= PACKET_FANOUT_EBPF; mode++) {
		int group = (number(words[2]) & 0xffff) | mode << 16;
		int result = setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group));

		sprintf(list + strlen(list), "%s%s", mode ? " " : "", outcome(result));
		if (result == 0)
			break;
	}
	answer("%s", list);
}

/* join-any SLOT: tries every group id in the mode LB. */
static void do_join_any(char **words)
{
	int fd = slot(words[1]), joined = 0;

	for (int id = 0; id < 65536 && !joined; id++) {
		int group = id | PACKET_FANOUT_LB << 16;

		joined = setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) == 0;
	}
	answer("%s", joined ? "ok" : outcome(-1));
}

/* promiscuous SLOT IFINDEX */
static void do_promiscuous(char **words)
{
	struct packet_mreq request = {.mr_ifindex = number(words[2]), .mr_type = PACKET_MR_PROMISC};
	int fd = slot(words[1]);
	int one = setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request));
	const char *promiscuous = outcome(one);

	request.mr_type = PACKET_MR_ALLMULTI;
	answer("%s %s", promiscuous, outcome(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request))));
}

/* unfilter SLOT: detaches, replaces and unlocks the filter, and says what came of each. */
static void do_unfilter(char **words)
{
	struct sock_filter take_all = {BPF_RET | BPF_K, 0, 0, 0xffffffff};
	struct sock_fprog program = {1, &take_all};
	int fd = slot(words[1]), off = 0;
	const char *unlocked = outcome(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &off, sizeof(off)));
	const char *replaced = outcome(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	const char *detached = outcome(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off)));

	answer("%s %s %s", detached, replaced, unlocked);
}

/* fanout-program SLOT: gives the fanout group a program of its own. */
static void do_fanout_program(char **words)
{
	struct sock_filter first = {BPF_RET | BPF_K, 0, 0, 0};
	struct sock_fprog program = {1, &first};

	answer("%s", outcome(setsockopt(slot(words[1]), SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program))));
}

static struct tpacket_req ring_of(unsigned long mebibytes)
{
	unsigned blocks = mebibytes * 1024 / 64;

	return (struct tpacket_req){BLOCK, blocks, RING_FRAME, blocks * (BLOCK / RING_FRAME)};
}

/* ring SLOT MEBIBYTES: a receive and a transmit ring of that size. */
static void do_ring(char **words)
{
	int fd = slot(words[1]);
	struct tpacket_req request = ring_of(number(words[2])), none = {0, 0, 0, 0};

	/* A ring that is there has to go first. */
	setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &none, sizeof(none));
	setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &none, sizeof(none));
	const char *receive = outcome(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)));
	answer("%s %s", receive, outcome(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof(request))));
}

#if defined(__x86_64__)
struct old_call {
	int fd;
	struct tpacket_req *request;
};

/* setsockopt(2) as a 32-bit program calls it. The exit code is the errno. */
static int call_old(void *argument)
{
	const struct old_call *call = argument;
	long result;
	enum { SETSOCKOPT = 366 };

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(SETSOCKOPT), "b"(call->fd), "c"(SOL_PACKET), "d"(PACKET_RX_RING),
			   "S"((uint32_t)(uintptr_t)call->request), "D"(sizeof(*call->request))
			 : "memory", "r8", "r9", "r10", "r11");
	return -(int)result & 0xff;
}

/* ring32 SLOT MEBIBYTES: a receive ring through the 32-bit entry of the kernel. */
static void do_ring32(char **words)
{
	struct tpacket_req *request =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct old_call call = {slot(words[1]), request};

	*request = ring_of(number(words[2]));
	int result = in_child(call_old, &call);
	if (result > 255)
		answer("no 32-bit calls");
	else if (result == 0)
		answer("ok");
	else
		answer("%s", strerrorname_np(result));
}
#else
static void do_ring32(char **words)
{
	(void)words;
	answer("no 32-bit calls");
}
#endif

/* names SLOT: every device that SIOCGIFNAME finds. */
static void do_names(char **words)
{
	char list[1024] = "";

	for (int ifindex = 1; ifindex <= LINKS; ifindex++) {
		struct ifreq request = {.ifr_ifindex = ifindex};

		if (ioctl(slot(words[1]), SIOCGIFNAME, &request) == 0 && strlen(list) < sizeof(list) - IFNAMSIZ)
			sprintf(list + strlen(list), " %.15s", request.ifr_name);
	}
	answer("names%s", list);
}

/* reconfigure SLOT DEVICE: takes the device down, changes its MAC and its MTU, and asks for the namespace. */
static void do_reconfigure(char **words)
{
	int fd = slot(words[1]);
	struct ifreq down = {.ifr_flags = 0}, mac = {.ifr_hwaddr = {.sa_family = 1}}, mtu = {.ifr_mtu = 600};
	struct ifreq *const requests[] = {&down, &mac, &mtu};
	const unsigned long operations[] = {SIOCSIFFLAGS, SIOCSIFHWADDR, SIOCSIFMTU};
	char list[128] = "";

	memcpy(mac.ifr_hwaddr.sa_data, "\x02\x66\x66\x66\x66\x66", 6);
	for (size_t i = 0; i < COUNT(requests); i++) {
		strncpy(requests[i]->ifr_name, words[2], IFNAMSIZ - 1);
		sprintf(list + strlen(list), "%s ", outcome(ioctl(fd, operations[i], requests[i])));
	}
	answer("%s%s", list, outcome(ioctl(fd, GET_NETNS)));
}

/* queue-sizes SLOT BYTES: a receive buffer of that size, by both options. */
static void do_queue_sizes(char **words)
{
	int fd = slot(words[1]), size = number(words[2]);

	answer("%s", outcome(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size))));
}

const struct verb packet_verbs[] = {{"bind", do_bind},
				    {"read", do_read},
				    {"watch", do_watch},
				    {"watched", do_watched},
				    {"frame", do_frame},
				    {"index", do_index},
				    {"join", do_join},
				    {"join-any", do_join_any},
				    {"promiscuous", do_promiscuous},
				    {"unfilter", do_unfilter},
				    {"fanout-program", do_fanout_program},
				    {"ring", do_ring},
				    {"ring32", do_ring32},
				    {"names", do_names},
				    {"reconfigure", do_reconfigure},
				    {"queue-sizes", do_queue_sizes},
				    {NULL, NULL}};
