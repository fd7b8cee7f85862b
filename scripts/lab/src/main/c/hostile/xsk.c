/* What the holder of an AF_XDP socket and of its frame memory can try. */
#include "hostile.h"
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { CHUNK = 2048, KICKS = 100 };

/* One of the four rings of a socket, with what lies behind its indices. */
struct ring {
	uint8_t *mapping;
	size_t length;
	uint32_t *producer, *consumer;
	void *entries;
};

/* The socket that the last xsk-map mapped. */
static struct {
	int fd;
	uint32_t size;
	uint8_t *memory;
	size_t memory_length;
	struct ring rx, tx, fill, completion;
} mapped = {.fd = -1};

/* xsk-bind SLOT IFINDEX QUEUE FLAGS [SLOT OF THE UMEM'S OWNER] */
static void do_bind(char **words)
{
	struct sockaddr_xdp address = {.sxdp_family = AF_XDP,
				       .sxdp_flags = number(words[4]),
				       .sxdp_ifindex = number(words[2]),
				       .sxdp_queue_id = number(words[3]),
				       .sxdp_shared_umem_fd = *words[5] ? slot(words[5]) : 0};

	answer("%s", outcome(bind(slot(words[1]), (struct sockaddr *)&address, sizeof(address))));
}

/* xsk-unpin SLOT: clears SO_BINDTODEVICE. */
static void do_unpin(char **words)
{
	answer("%s", outcome(setsockopt(slot(words[1]), SOL_SOCKET, SO_BINDTODEVICE, "", 0)));
}

/* xsk-umem SLOT BYTES: registers memory of this program. */
static void do_umem(char **words)
{
	size_t length = number(words[2]);
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct xdp_umem_reg umem = {.addr = (uintptr_t)memory, .len = length, .chunk_size = CHUNK};

	answer("%s", outcome(setsockopt(slot(words[1]), SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem))));
	mapped.memory = memory;
	mapped.memory_length = length;
}

/* xsk-rings SLOT ENTRIES: RX, TX, FILL and COMPLETION ring. */
static void do_rings(char **words)
{
	static const int OPTIONS[] = {XDP_RX_RING, XDP_TX_RING, XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING};
	int entries = number(words[2]);
	char list[128] = "";

	for (size_t i = 0; i < COUNT(OPTIONS); i++) {
		int result = setsockopt(slot(words[1]), SOL_XDP, OPTIONS[i], &entries, sizeof(entries));

		sprintf(list + strlen(list), "%s%s", i ? " " : "", outcome(result));
	}
	answer("%s", list);
}

/* xsk-ring SLOT rx|tx ENTRIES */
static void do_ring(char **words)
{
	int entries = number(words[3]);
	int option = strcmp(words[2], "rx") == 0 ? XDP_RX_RING : XDP_TX_RING;

	answer("%s", outcome(setsockopt(slot(words[1]), SOL_XDP, option, &entries, sizeof(entries))));
}

/* xsk-kick SLOT */
static void do_kick(char **words)
{
	answer("%s", outcome(sendto(slot(words[1]), NULL, 0, MSG_DONTWAIT, NULL, 0)));
}

/* xsk-new: an AF_XDP socket of this program's own. */
static void do_new(char **words)
{
	int fd = socket(AF_XDP, SOCK_RAW, 0);

	(void)words;
	if (fd != -1)
		hold(fd);
	answer("%s", outcome(fd));
}

static bool map_ring(struct ring *ring, int fd, const struct xdp_ring_offset *at, uint64_t page, size_t entries,
		     size_t entry)
{
	ring->length = at->desc + entries * entry;
	ring->mapping = mmap(NULL, ring->length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, page);
	if (ring->mapping == MAP_FAILED)
		return false;
	ring->producer = (uint32_t *)(ring->mapping + at->producer);
	ring->consumer = (uint32_t *)(ring->mapping + at->consumer);
	ring->entries = ring->mapping + at->desc;
	return true;
}

/* xsk-map SLOT MEMORY SLOT|- ENTRIES [rx-only]: maps the rings, all of that size, and fills the fill ring. */
static void do_map(char **words)
{
	struct xdp_mmap_offsets at;
	socklen_t length = sizeof(at);
	int fd = slot(words[1]);
	uint32_t size = number(words[3]);
	bool tx = !*words[4];

	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &length) == -1
	    || !map_ring(&mapped.rx, fd, &at.rx, XDP_PGOFF_RX_RING, size, sizeof(struct xdp_desc))
	    || (tx && !map_ring(&mapped.tx, fd, &at.tx, XDP_PGOFF_TX_RING, size, sizeof(struct xdp_desc)))
	    || !map_ring(&mapped.fill, fd, &at.fr, XDP_UMEM_PGOFF_FILL_RING, size, sizeof(uint64_t))
	    || !map_ring(&mapped.completion, fd, &at.cr, XDP_UMEM_PGOFF_COMPLETION_RING, size, sizeof(uint64_t))) {
		answer("%s", outcome(-1));
		return;
	}
	if (*words[2] != '-') {
		mapped.memory_length = lseek(slot(words[2]), 0, SEEK_END);
		mapped.memory =
			mmap(NULL, mapped.memory_length, PROT_READ | PROT_WRITE, MAP_SHARED, slot(words[2]), 0);
		if (mapped.memory == MAP_FAILED) {
			answer("%s", outcome(-1));
			return;
		}
	}
	mapped.fd = fd;
	mapped.size = size;
	/* The first half of the memory is for reception, the second for sending. */
	uint64_t *addresses = mapped.fill.entries;
	for (uint32_t i = 0; i < size; i++)
		addresses[i] = (i % (mapped.memory_length / CHUNK / 2)) * CHUNK;
	__atomic_store_n(mapped.fill.producer, *mapped.fill.producer + size, __ATOMIC_RELEASE);
	answer("ok");
}

/* xsk-send COUNT: sends the current frame, through the ring. Says how many the kernel has taken. */
static void do_send(char **words)
{
	uint32_t count = number(words[1]), start = *mapped.tx.producer, before = *mapped.completion.producer;
	struct xdp_desc *entries = mapped.tx.entries;
	size_t half = mapped.memory_length / 2, error = 0;

	if (count > mapped.size)
		count = mapped.size;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = half + (i % (half / CHUNK)) * CHUNK;

		number_frame(i);
		memcpy(mapped.memory + at, frame.bytes, frame.length);
		entries[(start + i) & (mapped.size - 1)] = (struct xdp_desc){.addr = at, .len = frame.length};
	}
	__atomic_store_n(mapped.tx.producer, start + count, __ATOMIC_RELEASE);
	for (int i = 0; i < KICKS && *mapped.completion.producer - before < count; i++) {
		if (sendto(mapped.fd, NULL, 0, MSG_DONTWAIT, NULL, 0) == -1)
			error = errno;
		usleep(1000);
	}
	uint32_t done = *mapped.completion.producer - before;
	__atomic_store_n(mapped.completion.consumer, *mapped.completion.producer, __ATOMIC_RELEASE);
	if (done == 0 && error != 0)
		answer("%s", strerrorname_np(error));
	else
		answer("sent %u", done);
}

/* xsk-read MS: counts what the RX ring brings. */
static void do_read(char **words)
{
	long end = now_ms() + number(words[1]);
	struct counts counts = {0};
	const struct xdp_desc *entries = mapped.rx.entries;
	uint64_t *addresses = mapped.fill.entries;

	do {
		uint32_t last = __atomic_load_n(mapped.rx.producer, __ATOMIC_ACQUIRE);

		for (uint32_t at = *mapped.rx.consumer; at != last; at++) {
			const struct xdp_desc *got = &entries[at & (mapped.size - 1)];

			if (got->addr < mapped.memory_length && got->len <= mapped.memory_length - got->addr)
				count_frame(&counts, mapped.memory + got->addr, got->len);
			addresses[*mapped.fill.producer & (mapped.size - 1)] = got->addr / CHUNK * CHUNK;
			__atomic_store_n(mapped.fill.producer, *mapped.fill.producer + 1, __ATOMIC_RELEASE);
		}
		__atomic_store_n(mapped.rx.consumer, last, __ATOMIC_RELEASE);
		struct pollfd readable = {.fd = mapped.fd, .events = POLLIN};
		poll(&readable, 1, 1);
	} while (now_ms() < end);
	answer("%s", show_counts(&counts));
}

static void garble(struct ring *ring, size_t entry)
{
	uint8_t *bytes = ring->entries;

	if (!ring->mapping)
		return;
	for (size_t i = 0; i < mapped.size * entry; i++)
		bytes[i] = random();
	*ring->producer = (uint32_t)random() << 1 ^ random();
	*ring->consumer = (uint32_t)random() << 1 ^ random();
}

/* Descriptors that are nearly right reach further into the kernel than noise does. */
static void nearly_right(void)
{
	struct xdp_desc *entries = mapped.tx.entries;

	for (uint32_t i = 0; i < mapped.size; i++)
		entries[i] = (struct xdp_desc){.addr = random() % (mapped.memory_length + CHUNK),
					       .len = random() % (2 * CHUNK),
					       .options = random() % 4 ? 0 : random()};
	*mapped.tx.producer = *mapped.tx.consumer + random() % mapped.size;
}

/* xsk-garble ROUNDS SEED: random indices, addresses, lengths and options in all rings. */
static void do_garble(char **words)
{
	unsigned long rounds = number(words[1]);

	srandom(number(words[2]));
	for (unsigned long i = 0; i < rounds; i++) {
		garble(&mapped.fill, sizeof(uint64_t));
		garble(&mapped.completion, sizeof(uint64_t));
		garble(&mapped.rx, sizeof(struct xdp_desc));
		if (i % 2)
			garble(&mapped.tx, sizeof(struct xdp_desc));
		else
			nearly_right();
		struct pollfd both = {.fd = mapped.fd, .events = POLLIN | POLLOUT};
		poll(&both, 1, 0);
		sendto(mapped.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
		recvfrom(mapped.fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
	}
	answer("ok");
}

/* xsk-statistics SLOT */
static void do_statistics(char **words)
{
	struct xdp_statistics got = {0};
	socklen_t length = sizeof(got);
	int result = getsockopt(slot(words[1]), SOL_XDP, XDP_STATISTICS, &got, &length);

	if (result == -1)
		answer("%s", outcome(-1));
	else
		answer("invalid %llu fill-empty %llu dropped %llu",
		       (unsigned long long)(got.rx_invalid_descs + got.tx_invalid_descs),
		       (unsigned long long)got.rx_fill_ring_empty_descs, (unsigned long long)got.rx_dropped);
}

/* resize SLOT: truncates and grows a memory file, and takes its seals off. */
static void do_resize(char **words)
{
	int fd = slot(words[1]);
	off_t size = lseek(fd, 0, SEEK_END);
	const char *grown = outcome(ftruncate(fd, 2 * size));
	const char *truncated = outcome(ftruncate(fd, 0));

	answer("%s %s %s", truncated, grown, outcome(fcntl(fd, F_ADD_SEALS, 0)));
}

/* punch SLOT: makes a hole of the whole file. */
static void do_punch(char **words)
{
	int fd = slot(words[1]);

	answer("%s", outcome(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, lseek(fd, 0, SEEK_END))));
}

static int new_in_namespace(void *argument)
{
	struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP, .sxdp_flags = XDP_SHARED_UMEM, .sxdp_shared_umem_fd = *(int *)argument};
	int entries = 64;

	if (own_namespaces() == -1)
		return 255;
	int fd = socket(AF_XDP, SOCK_RAW, 0);
	if (fd == -1 || setsockopt(fd, SOL_XDP, XDP_TX_RING, &entries, sizeof(entries)) == -1)
		return errno;
	/* Indices of the host's devices mean devices of the own namespace here, which has but one. */
	for (int ifindex = 2; ifindex < 4096; ifindex++) {
		address.sxdp_ifindex = ifindex;
		if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			return 0;
	}
	return errno;
}

/* xsk-share-from-namespace SLOT: a socket made where this program has all capabilities joins the lease's memory. */
static void do_share_from_namespace(char **words)
{
	int fd = slot(words[1]);
	int result = in_child(new_in_namespace, &fd);

	answer("%s", result == 0 ? "ok" : result == 255 ? "no namespaces" : strerrorname_np(result));
}

const struct verb xsk_verbs[] = {{"xsk-bind", do_bind},
				 {"xsk-unpin", do_unpin},
				 {"xsk-umem", do_umem},
				 {"xsk-rings", do_rings},
				 {"xsk-ring", do_ring},
				 {"xsk-kick", do_kick},
				 {"xsk-new", do_new},
				 {"xsk-map", do_map},
				 {"xsk-send", do_send},
				 {"xsk-read", do_read},
				 {"xsk-garble", do_garble},
				 {"xsk-statistics", do_statistics},
				 {"xsk-share-from-namespace", do_share_from_namespace},
				 {"resize", do_resize},
				 {"punch", do_punch},
				 {NULL, NULL}};
