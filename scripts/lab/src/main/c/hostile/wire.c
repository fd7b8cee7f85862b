/*
 * wire DEVICE: the other end of a wire. Counts what arrives, by mark, and sends what it is told to: one command a line,
 * each answered by one line. Frames of the steady stream are numbered from 1, so that who receives it can tell what is
 * missing.
 */
#include "hostile.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>

enum { MTU = 65536 };

static struct frame stream;
static unsigned long rate, fed;
static long fed_since;
static struct counts seen;

long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

unsigned long number(const char *word)
{
	return strtoul(word, NULL, 0);
}

void answer(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

static void receive(int fd)
{
	static uint8_t bytes[MTU];
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) >= 0)
		count_frame(&seen, bytes, got);
}

/* Sends what is due of the stream. */
static void feed(int fd)
{
	unsigned long due = rate * (now_ms() - fed_since) / 1000;

	for (frame = stream; rate != 0 && fed < due; fed++) {
		number_frame(fed + 1);
		while (send(fd, frame.bytes, frame.length, 0) == -1)
			if (errno != ENOBUFS && errno != EINTR) {
				perror("send");
				exit(1);
			}
	}
}

static void burst(int fd, unsigned long times)
{
	for (unsigned long i = 0; i < times; i++) {
		number_frame(i + 1);
		if (send(fd, frame.bytes, frame.length, 0) == -1) {
			answer("%s", strerrorname_np(errno));
			return;
		}
	}
	answer("sent %lu", times);
}

static void run(int fd, char **words)
{
	const char *verb = words[0];

	if (strcmp(verb, "feed") == 0 && build_frame(words + 2)) {
		/* feed RATE FRAME...: so many a second from now on */
		stream = frame;
		fed = 0;
		fed_since = now_ms();
		rate = number(words[1]);
		answer("ok");
	} else if (strcmp(verb, "stop") == 0) {
		feed(fd);
		rate = 0;
		answer("sent %lu", fed);
	} else if (strcmp(verb, "burst") == 0 && build_frame(words + 2)) {
		/* burst COUNT FRAME... */
		burst(fd, number(words[1]));
	} else if (strcmp(verb, "count") == 0) {
		receive(fd);
		answer("%s", show_counts(&seen));
	} else if (strcmp(verb, "zero") == 0) {
		receive(fd);
		memset(&seen, 0, sizeof(seen));
		answer("ok");
	} else {
		answer("unknown command %s", verb);
	}
}

static int open_device(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1, size = 16 << 20;
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_ALL),
				      .sll_ifindex = if_nametoindex(name)};
	struct packet_mreq all = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};

	if (fd == -1 || address.sll_ifindex == 0
	    || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) == -1
	    || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == -1
	    || bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1
	    || setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == -1) {
		perror(name);
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	char line[512];

	if (argc != 2) {
		fprintf(stderr, "usage: wire DEVICE\n");
		return 2;
	}
	int fd = open_device(argv[1]);
	setvbuf(stdin, NULL, _IONBF, 0);
	answer("ready");
	for (;;) {
		struct pollfd wanted[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
		char *words[WORDS + 1];
		int count = 0;

		poll(wanted, 2, rate ? 1 : -1);
		receive(fd);
		feed(fd);
		if (!wanted[0].revents)
			continue;
		if (!fgets(line, sizeof(line), stdin))
			return 0;
		for (char *word = strtok(line, " \n"); word && count < WORDS; word = strtok(NULL, " \n"))
			words[count++] = word;
		while (count <= WORDS)
			words[count++] = "";
		run(fd, words);
	}
}
