/*
 * rr serve PORT, rr ask ADDRESS PORT SIZE INTERVAL SECONDS FILE: requests of SIZE bytes in UDP, each answered as it is, for
 * SECONDS. INTERVAL 0: the next request goes when the answer is there; else one every INTERVAL nanoseconds, and the time of an
 * answer counts from the moment when its request was due, so that a stall counts for all that it held up. FILE gets the times
 * in nanoseconds, eight bytes each in the order of this machine. A request without an answer for a second is lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum { MAX_SIZE = 1472, MIN_SIZE = 8 };

static char message[MAX_SIZE], answer[MAX_SIZE];

static void check(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
		exit(1);
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void serve(const char *port)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(port))}, peer;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(bind(fd, (struct sockaddr *)&here, sizeof(here)), "bind");
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		socklen_t length = sizeof(peer);
		ssize_t n = recvfrom(fd, message, sizeof(message), 0, (struct sockaddr *)&peer, &length);

		check(n, "recvfrom");
		sendto(fd, message, n, 0, (struct sockaddr *)&peer, length);
	}
}

static void wait_until(uint64_t when)
{
	struct timespec due = {.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

/* The answer to request number; false if there is none in time. Those to earlier ones are passed over. */
static int receive(int fd, uint64_t number, size_t size)
{
	for (;;) {
		ssize_t n = recv(fd, answer, sizeof(answer), 0);

		if (n < 0 && errno != EAGAIN && errno != ECONNREFUSED && errno != EINTR)
			check(n, "recv");
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n == (ssize_t)size && memcmp(answer, &number, sizeof(number)) == 0)
			return 1;
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (argc != 8 || strcmp(argv[1], "ask") != 0) {
		fprintf(stderr, "usage: rr serve PORT | rr ask ADDRESS PORT SIZE INTERVAL SECONDS FILE\n");
		return 2;
	}
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
	struct timeval patience = {.tv_sec = 1};
	size_t size = strtoul(argv[4], NULL, 10);
	uint64_t interval = strtoull(argv[5], NULL, 10), length = strtoull(argv[6], NULL, 10) * 1000000000ull;
	uint64_t asked = 0, lost = 0;

	if (size < MIN_SIZE || size > MAX_SIZE || inet_pton(AF_INET, argv[2], &peer.sin_addr) != 1) {
		fprintf(stderr, "ADDRESS is an IPv4 address, SIZE %d to %d\n", MIN_SIZE, MAX_SIZE);
		return 2;
	}
	FILE *file = fopen(argv[7], "w");
	check(file ? 0 : -1, argv[7]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	check(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), "connect");
	check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), "SO_RCVTIMEO");

	uint64_t start = now_ns(), due = start;
	for (; due < start + length; asked++) {
		if (interval != 0)
			wait_until(due);
		memcpy(message, &asked, sizeof(asked));
		if (send(fd, message, size, 0) == (ssize_t)size && receive(fd, asked, size)) {
			uint64_t time = now_ns() - due;

			fwrite(&time, sizeof(time), 1, file);
		} else {
			lost++;
		}
		due = interval != 0 ? due + interval : now_ns();
	}
	check(fclose(file), argv[7]);
	printf("asked %llu lost %llu\n", (unsigned long long)asked, (unsigned long long)lost);
	return 0;
}
