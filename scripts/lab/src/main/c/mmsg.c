/*
 * mmsg LEFT RIGHT: forwards frames between two devices, both ways, with AF_PACKET sockets, recvmmsg(2) and sendmmsg(2).
 * PACKET_VNET_HDR keeps what a sender left to the device: superframes pass whole, checksums stay to be filled. This is
 * what a plain C program does without rings; Sluice's packet ports are measured against it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A vnet header (10 bytes), an Ethernet header with a tag and 64 KiB fit. */
enum { BATCH = 64, BUFFER = 10 + 18 + 65536, SOCKET_MEMORY = 8 << 20 };

static char memory[BATCH][BUFFER];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static void check(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
		exit(1);
	}
}

static int open_device(const char *name)
{
	int one = 1, size = SOCKET_MEMORY;
	struct packet_mreq promiscuous = {.mr_ifindex = if_nametoindex(name), .mr_type = PACKET_MR_PROMISC};
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = promiscuous.mr_ifindex};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

	check(fd, "socket");
	check(address.sll_ifindex ? 0 : -1, name);
	check(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), "PACKET_VNET_HDR");
	check(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)), "PACKET_IGNORE_OUTGOING");
	check(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)), "PACKET_QDISC_BYPASS");
	check(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), "SO_RCVBUFFORCE");
	check(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)), "SO_SNDBUFFORCE");
	check(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	check(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous)), "promiscuous mode");
	return fd;
}

/* Sends count messages. What the device does not take is dropped, as a switch would: waiting would delay the rest. */
static void send_all(int fd, int count)
{
	int done = 0;

	while (done < count) {
		int sent = sendmmsg(fd, messages + done, count - done, MSG_DONTWAIT);
		if (sent > 0)
			done += sent;
		else if (errno != EINTR)
			done++;
	}
}

/* Moves one batch. Returns how many frames it was. */
static int forward(int from, int to)
{
	for (int i = 0; i < BATCH; i++)
		vectors[i].iov_len = BUFFER;
	int count = recvmmsg(from, messages, BATCH, MSG_DONTWAIT, NULL);

	for (int i = 0; i < count; i++)
		vectors[i].iov_len = messages[i].msg_len;
	if (count > 0)
		send_all(to, count);
	return count > 0 ? count : 0;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: mmsg LEFT RIGHT\n");
		return 2;
	}
	struct pollfd ports[2] = {{.fd = open_device(argv[1]), .events = POLLIN},
				  {.fd = open_device(argv[2]), .events = POLLIN}};
	for (int i = 0; i < BATCH; i++) {
		vectors[i].iov_base = memory[i];
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	printf("ready\n");
	fflush(stdout);
	/* It sleeps only when a round over both ports found nothing. */
	for (;;)
		if (forward(ports[0].fd, ports[1].fd) + forward(ports[1].fd, ports[0].fd) == 0)
			check(poll(ports, 2, -1) < 0 && errno != EINTR ? -1 : 0, "poll");
}
