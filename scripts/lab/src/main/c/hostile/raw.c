/* What the holder of a raw IP or UDP socket can try. */
#include "hostile.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/socket.h>

enum { TIMES = 10 };

/* What can be a GRE header, then the mark: E for evil, L for legal. */
static char payload[] = "\0\0\x88\xb5SLUICE-E";

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};

	inet_pton(AF_INET, text, &address.sin_addr);
	return address;
}

static void answer_sent(int sent)
{
	if (sent > 0)
		answer("sent %d", sent);
	else
		answer("%s", outcome(-1));
}

/* raw-mark E|L: of the packets sent from now on */
static void do_mark(char **words)
{
	payload[sizeof(payload) - 2] = words[1][0];
	answer("ok");
}

/* raw-send SLOT ADDRESS [IFINDEX]: ten packets, by way of that device if one is named. */
static void do_send(char **words)
{
	struct sockaddr_in to = address_of(words[2]);
	struct iovec piece = {payload, sizeof(payload)};
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = {0};
	struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &piece, .msg_iovlen = 1};
	int sent = 0;

	if (*words[3]) {
		struct in_pktinfo by = {.ipi_ifindex = number(words[3])};

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		struct cmsghdr *part = CMSG_FIRSTHDR(&message);
		part->cmsg_level = SOL_IP;
		part->cmsg_type = IP_PKTINFO;
		part->cmsg_len = CMSG_LEN(sizeof(by));
		memcpy(CMSG_DATA(part), &by, sizeof(by));
	}
	for (int i = 0; i < TIMES; i++)
		sent += sendmsg(slot(words[1]), &message, MSG_DONTWAIT) != -1;
	answer_sent(sent);
}

/* raw-forge SLOT FROM TO PROTOCOL: ten packets whose IP header is this program's. */
static void do_forge(char **words)
{
	struct sockaddr_in from = address_of(words[2]), to = address_of(words[3]);
	struct iphdr header = {.version = 4, .ihl = 5, .ttl = 64, .protocol = number(words[4])};
	uint8_t packet[sizeof(header) + sizeof(payload)];
	int on = 1, sent = 0;

	if (setsockopt(slot(words[1]), SOL_IP, IP_HDRINCL, &on, sizeof(on)) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	header.tot_len = htons(sizeof(packet));
	header.saddr = from.sin_addr.s_addr;
	header.daddr = to.sin_addr.s_addr;
	memcpy(packet, &header, sizeof(header));
	memcpy(packet + sizeof(header), payload, sizeof(payload));
	for (int i = 0; i < TIMES; i++)
		sent += sendto(slot(words[1]), packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to))
			!= -1;
	on = 0;
	setsockopt(slot(words[1]), SOL_IP, IP_HDRINCL, &on, sizeof(on));
	answer_sent(sent);
}

/* raw-free SLOT DEVICE ADDRESS: undoes connection and device binding, and binds a foreign address. */
static void do_free(char **words)
{
	int fd = slot(words[1]), on = 1;
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct sockaddr_in address = address_of(words[3]);
	const char *unconnected = outcome(connect(fd, &none, sizeof(none)));
	const char *device = outcome(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, words[2], strlen(words[2])));
	const char *bound = outcome(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof(on));
	const char *freely = outcome(bind(fd, (struct sockaddr *)&address, sizeof(address)));

	answer("%s %s %s %s", unconnected, device, bound, freely);
}

/* raw-join SLOT GROUP IFINDEX: joins a multicast group on a device. */
static void do_join(char **words)
{
	struct ip_mreqn request = {.imr_ifindex = number(words[3])};

	inet_pton(AF_INET, words[2], &request.imr_multiaddr);
	answer("%s", outcome(setsockopt(slot(words[1]), SOL_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request))));
}

const struct verb raw_verbs[] = {{"raw-mark", do_mark}, {"raw-send", do_send}, {"raw-forge", do_forge},
				 {"raw-free", do_free}, {"raw-join", do_join}, {NULL, NULL}};
