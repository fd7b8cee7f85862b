/*
 * weak MAKER [ARGUMENT]... -- COMMAND...: makes descriptors as a careless broker would, without one of the defences that
 * the real one has, and becomes COMMAND, with their numbers as its last arguments. What a test shows to be stopped has
 * to succeed with these, or the test shows nothing.
 */
#include "hostile.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/if_xdp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { BLOCK = 64 * 1024, RING_FRAME = 2048, BLOCKS = 16, CHUNK = 2048, POOL = 1 << 20, ENTRIES = 256, MAX_MADE = 4 };

static int made[MAX_MADE], count;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int give(int fd)
{
	if (fd == -1)
		fail("making a descriptor");
	fcntl(fd, F_SETFD, 0);
	made[count++] = fd;
	return fd;
}

static void set(int fd, int level, int option, const void *value, socklen_t length, const char *what)
{
	if (setsockopt(fd, level, option, value, length) == -1)
		fail(what);
}

static void bind_packet(int fd, int ifindex)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = ifindex};

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		fail("bind");
}

static int packet_socket(int protocol)
{
	int on = 1, fd = give(socket(AF_PACKET, SOCK_RAW, htons(protocol)));

	set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on), "PACKET_IGNORE_OUTGOING");
	return fd;
}

static int device(const char *name)
{
	int ifindex = if_nametoindex(name);

	if (ifindex == 0)
		fail(name);
	return ifindex;
}

/* Passes frames of one device only. */
static void filter_device(int fd, int ifindex)
{
	struct sock_filter program[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, SKF_AD_OFF + SKF_AD_IFINDEX},
					{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, ifindex},
					{BPF_RET | BPF_K, 0, 0, 0xffffffff},
					{BPF_RET | BPF_K, 0, 0, 0}};
	struct sock_fprog filter = {COUNT(program), program};

	set(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter), "SO_ATTACH_FILTER");
}

/* packet DEVICE: in the namespace of the device, neither filtered nor pinned. */
static void make_packet(char **words)
{
	bind_packet(packet_socket(0), device(words[0]));
}

/* packet-unlocked DEVICE: the filter is there, but not locked; it alone keeps the other devices away. */
static void make_packet_unlocked(char **words)
{
	int fd = packet_socket(0);

	filter_device(fd, device(words[0]));
	bind_packet(fd, 0);
}

/* packet-early DEVICE: receives from the start, is filtered, locked and bound some time later. */
static void make_packet_early(char **words)
{
	int fd = packet_socket(ETH_P_ALL), on = 1;
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	poll(&readable, 1, 5000);
	filter_device(fd, device(words[0]));
	set(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on), "SO_LOCK_FILTER");
	bind_packet(fd, device(words[0]));
}

/* packet-unpinned DEVICE: with rings that the maker doesn't keep mapped. */
static void make_packet_unpinned(char **words)
{
	int fd = packet_socket(0), version = TPACKET_V2;
	struct tpacket_req ring = {BLOCK, BLOCKS, RING_FRAME, BLOCKS * (BLOCK / RING_FRAME)};

	set(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version), "PACKET_VERSION");
	set(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring), "PACKET_RX_RING");
	set(fd, SOL_PACKET, PACKET_TX_RING, &ring, sizeof(ring), "PACKET_TX_RING");
	bind_packet(fd, device(words[0]));
}

/* packet-fanout DEVICE GROUP: in a fanout group that has room for others. */
static void make_packet_fanout(char **words)
{
	int group = number(words[1]) | PACKET_FANOUT_LB << 16, fd = packet_socket(0);

	bind_packet(fd, device(words[0]));
	set(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group), "PACKET_FANOUT");
}

static int pool(void)
{
	int fd = give(memfd_create("weak-pool", MFD_ALLOW_SEALING));

	if (ftruncate(fd, POOL) == -1)
		fail("ftruncate");
	return fd;
}

static int xsk(int memory, bool tx)
{
	int fd = give(socket(AF_XDP, SOCK_RAW, 0)), entries = ENTRIES;
	void *at = mmap(NULL, POOL, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	struct xdp_umem_reg umem = {.addr = (uintptr_t)at, .len = POOL, .chunk_size = CHUNK};

	if (at == MAP_FAILED)
		fail("mmap");
	set(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem), "XDP_UMEM_REG");
	set(fd, SOL_XDP, XDP_UMEM_FILL_RING, &entries, sizeof(entries), "XDP_UMEM_FILL_RING");
	set(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &entries, sizeof(entries), "XDP_UMEM_COMPLETION_RING");
	set(fd, SOL_XDP, XDP_RX_RING, &entries, sizeof(entries), "XDP_RX_RING");
	if (tx)
		set(fd, SOL_XDP, XDP_TX_RING, &entries, sizeof(entries), "XDP_TX_RING");
	return fd;
}

/* xsk DEVICE QUEUE: bound, with a transmit ring; the pool is not sealed. */
static void make_xsk(char **words)
{
	struct sockaddr_xdp address = {.sxdp_family = AF_XDP,
				       .sxdp_flags = XDP_COPY,
				       .sxdp_ifindex = device(words[0]),
				       .sxdp_queue_id = number(words[1])};
	int fd = xsk(pool(), true);

	/* A queue that somebody has given back is busy for a while. */
	for (int tries = 0; bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1; tries++) {
		if (errno != EBUSY || tries == 200)
			fail("bind");
		usleep(20000);
	}
}

/* xsk-unbound: nothing but the socket. */
static void make_xsk_unbound(char **words)
{
	(void)words;
	give(socket(AF_XDP, SOCK_RAW, 0));
}

static void on_sigbus(int signal)
{
	static const char LAST_WORDS[] = "the careless broker is gone: SIGBUS\n";

	(void)signal;
	if (write(STDERR_FILENO, LAST_WORDS, sizeof(LAST_WORDS) - 1) == -1)
		_exit(2);
	_exit(1);
}

/* pool-read: a memory that can be truncated, and a maker that goes on reading it until that happens. */
static void make_pool_read(char **words)
{
	int fd = pool();

	(void)words;
	volatile uint8_t *at = mmap(NULL, POOL, PROT_READ, MAP_SHARED, fd, 0);
	if (fork() == 0) {
		pid_t tenant = getppid();

		signal(SIGBUS, on_sigbus);
		while (getppid() == tenant) {
			(void)at[0];
			usleep(1000);
		}
		_exit(0);
	}
}

/* map: a BPF map, as of the sockets that a queue's frames go to. */
static void make_map(char **words)
{
	union bpf_attr attr;

	(void)words;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_XSKMAP;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	give(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

/* raw PROTOCOL */
static void make_raw(char **words)
{
	give(socket(AF_INET, SOCK_RAW, number(words[0])));
}

/* tap NAME: in the namespace that the command runs in. */
static void make_tap(char **words)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE};
	int fd = give(open("/dev/net/tun", O_RDWR));

	strncpy(request.ifr_name, words[0], IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &request) == -1)
		fail("TUNSETIFF");
}

static const struct maker {
	const char *name;
	void (*make)(char **words);
} MAKERS[] = {{"packet", make_packet},
	      {"packet-unlocked", make_packet_unlocked},
	      {"packet-early", make_packet_early},
	      {"packet-unpinned", make_packet_unpinned},
	      {"packet-fanout", make_packet_fanout},
	      {"xsk", make_xsk},
	      {"xsk-unbound", make_xsk_unbound},
	      {"pool-read", make_pool_read},
	      {"map", make_map},
	      {"raw", make_raw},
	      {"tap", make_tap}};

unsigned long number(const char *word)
{
	return strtoul(word, NULL, 0);
}

int main(int argc, char **argv)
{
	static char numbers[MAX_MADE][16];
	char *command[argc + MAX_MADE + 1];
	int split = 2, words = 0;

	while (split < argc && strcmp(argv[split], "--") != 0)
		split++;
	for (size_t i = 0; i < COUNT(MAKERS) && argc > split + 1; i++)
		if (strcmp(argv[1], MAKERS[i].name) == 0)
			MAKERS[i].make(argv + 2);
	if (count == 0) {
		fprintf(stderr, "usage: weak MAKER [ARGUMENT]... -- COMMAND...\n");
		return 2;
	}
	for (int i = split + 1; i < argc; i++)
		command[words++] = argv[i];
	for (int i = 0; i < count; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", made[i]);
		command[words++] = numbers[i];
	}
	command[words] = NULL;
	execvp(command[0], command);
	fail(command[0]);
}
