/* How the holder of an AF_PACKET socket can send. */
#include "hostile.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum { RING_FRAME = 2048, LINKS = 4095 };

/* Zero bytes before each frame that is sent: a virtio_net_hdr, on sockets that have one. */
static size_t prefix;

static struct sockaddr_ll to(unsigned long ifindex)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = ifindex, .sll_halen = 6};

	memcpy(address.sll_addr, frame.bytes, 6);
	return address;
}

/* prefix BYTES */
static void do_prefix(char **words)
{
	prefix = number(words[1]);
	answer("ok");
}

/* The current frame behind its prefix, in two pieces. */
static struct msghdr message_to(struct sockaddr_ll *address, struct iovec *pieces)
{
	static uint8_t zeroes[64];

	pieces[0] = (struct iovec){zeroes, prefix};
	pieces[1] = (struct iovec){frame.bytes, frame.length};
	return (struct msghdr){
		.msg_iov = pieces, .msg_iovlen = 2, .msg_name = address, .msg_namelen = sizeof(*address)};
}

static int send_batch(int fd, struct sockaddr_ll *address, unsigned long count)
{
	struct iovec pieces[2];
	struct mmsghdr messages[64];
	int sent = 0;

	memset(messages, 0, sizeof(messages));
	for (size_t i = 0; i < COUNT(messages); i++)
		messages[i].msg_hdr = message_to(address, pieces);
	while ((unsigned long)sent < count) {
		size_t left = count - sent;
		int done = sendmmsg(fd, messages, left < COUNT(messages) ? left : COUNT(messages), MSG_DONTWAIT);
		if (done <= 0)
			return sent ? sent : -1;
		sent += done;
	}
	return sent;
}

static int send_one_by_one(int fd, struct sockaddr_ll *address, unsigned long count)
{
	struct iovec pieces[2];
	struct msghdr message = message_to(address, pieces);
	int sent = 0;

	for (unsigned long i = 0; i < count; i++) {
		number_frame(i);
		if (sendmsg(fd, &message, MSG_DONTWAIT) != -1)
			sent++;
	}
	return sent ? sent : -1;
}

/* The transmit ring is all that such a socket has; slots are TPACKET_V2, with the prefix before each frame. */
static int send_by_ring(int fd, struct sockaddr_ll *address, unsigned long count, size_t ring)
{
	static unsigned long next;
	uint8_t *slots = mmap(NULL, ring, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int sent = 0;

	if (slots == MAP_FAILED)
		return -1;
	for (unsigned long i = 0; i < count && i < ring / RING_FRAME; i++, next++) {
		struct tpacket2_hdr *slot_header = (void *)(slots + next % (ring / RING_FRAME) * RING_FRAME);

		uint8_t *data = (uint8_t *)slot_header + TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);

		memset(data, 0, prefix);
		memcpy(data + prefix, frame.bytes, frame.length);
		slot_header->tp_len = prefix + frame.length;
		__atomic_store_n(&slot_header->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
	}
	int result = sendto(fd, NULL, 0, 0, (struct sockaddr *)address, sizeof(*address));
	if (result > 0)
		sent = result / frame.length;
	munmap(slots, ring);
	return result == -1 ? -1 : sent;
}

/* send SLOT IFINDEX COUNT sendto|sendmmsg|bypass|ring [RING BYTES] */
static void do_send(char **words)
{
	int fd = slot(words[1]), on = 1, sent;
	struct sockaddr_ll address = to(number(words[2]));
	unsigned long count = number(words[3]);

	if (strcmp(words[4], "ring") == 0) {
		sent = send_by_ring(fd, &address, count, number(words[5]));
	} else {
		if (strcmp(words[4], "bypass") == 0
		    && setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) == -1) {
			answer("%s", outcome(-1));
			return;
		}
		sent = strcmp(words[4], "sendmmsg") == 0 ? send_batch(fd, &address, count)
							  : send_one_by_one(fd, &address, count);
	}
	if (sent == -1)
		answer("%s", outcome(-1));
	else
		answer("sent %d", sent);
}

/* send-everywhere SLOT: one frame to every interface index there may be; says to which it went. */
static void do_send_everywhere(char **words)
{
	char list[512] = "";
	int sent = 0, fd = slot(words[1]);

	for (int ifindex = 1; ifindex <= LINKS; ifindex++) {
		struct sockaddr_ll address = to(ifindex);

		struct iovec pieces[2];
		struct msghdr message = message_to(&address, pieces);

		if (sendmsg(fd, &message, MSG_DONTWAIT) == -1)
			continue;
		sent++;
		if (strlen(list) < sizeof(list) - 8)
			sprintf(list + strlen(list), " %d", ifindex);
	}
	answer("sent %d:%s", sent, list);
}

static void spray(int fd, unsigned long ifindex)
{
	struct sockaddr_ll address = to(ifindex);

	for (;;)
		if (send_one_by_one(fd, &address, 64) == -1)
			usleep(100);
}

/* spray SLOT IFINDEX: sends the current frame without end, in a process that ends with this one. */
static void do_spray(char **words)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		spray(slot(words[1]), number(words[2]));
	}
	answer("%s", outcome(child));
}

const struct verb send_verbs[] = {{"prefix", do_prefix},
				  {"send", do_send},
				  {"send-everywhere", do_send_everywhere},
				  {"spray", do_spray},
				  {NULL, NULL}};
