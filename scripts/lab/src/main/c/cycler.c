/*
 * cycler [-c] SOCKET CYCLES SEED AT_ONCE GRANT...: clients of the fd plane (docs/protocol.md) that come and go. Each of CYCLES
 * children connects, asks for a pool and one or two of the grants at random, and then lets go in one of several ways: it
 * closes, ends without confirming, ends while it holds, or is killed (SIGKILL) at some moment before that. A broker that is
 * not there is waited for. With -c, calm, each asks for one grant, confirms it and closes, and nobody is killed: what a rate
 * is measured with. Prints how the children ended: "granted N refused N gone N killed N".
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRANTED = 0, REFUSED = 10, GONE = 11, FDS = 253, POOL = 1 << 20, MAX_AT_ONCE = 16, PATIENCE_MS = 20000 };
enum { HELLO = 2, ACQUIRE = 4, CONFIRM = 5, REPLY_ERROR = 2, REPLY_WELCOME = 3, REPLY_ACQUIRED = 5, ERROR_BUSY = 6 };

static uint8_t reply[1 << 16];

/* Nothing is left to chance but which grant it is. */
static int calm;

static size_t put_varint(uint8_t *to, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		to[n++] = value | 0x80;
	to[n++] = value;
	return n;
}

/* A field of bytes. */
static size_t put_bytes(uint8_t *to, unsigned field, const void *bytes, size_t length)
{
	size_t n = put_varint(to, field << 3 | 2);

	n += put_varint(to + n, length);
	memcpy(to + n, bytes, length);
	return n + length;
}

/* One request in a frame; false if nobody takes it. */
static int send_request(int socket, unsigned id, unsigned operation, const void *body, size_t length)
{
	uint8_t frame[4096] = {0};
	size_t n = 4;

	frame[n++] = 1 << 3;
	n += put_varint(frame + n, id);
	n += put_bytes(frame + n, operation, body, length);
	frame[2] = (n - 4) >> 8;
	frame[3] = n - 4;
	return send(socket, frame, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static int read_some(int socket, uint8_t *to, size_t length)
{
	char control[CMSG_SPACE(FDS * sizeof(int))];

	for (size_t got = 0; got < length;) {
		struct iovec part = {to + got, length - got};
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(socket, &message, 0);

		if (n <= 0)
			return 0;
		got += n;
	}
	return 1;
}

static size_t get_varint(const uint8_t *from, uint64_t *value)
{
	size_t n = 0;

	*value = 0;
	do
		*value |= (uint64_t)(from[n] & 0x7f) << 7 * n;
	while (from[n++] & 0x80);
	return n;
}

/* Reads a reply that is no notice; returns its kind, 0 if the connection has ended, and its first field at *body. */
static unsigned read_reply(int socket, const uint8_t **body)
{
	for (;;) {
		uint8_t head[4];
		uint64_t id = 0, tag, length;

		if (!read_some(socket, head, 4) || !read_some(socket, reply, head[2] << 8 | head[3]))
			return 0;
		const uint8_t *at = reply;
		if (*at == 1 << 3)
			at += 1 + get_varint(at + 1, &id);
		at += get_varint(at, &tag);
		*body = at + get_varint(at, &length);
		if (id != 0 || tag >> 3 == REPLY_ERROR)
			return tag >> 3;
	}
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	for (int waited = 0; waited < PATIENCE_MS; waited += 10) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			return fd;
		close(fd);
		usleep(10000);
	}
	return -1;
}

static size_t put_acquire(uint8_t *to, char **grants, int count)
{
	uint8_t pool[8], grant[256];
	size_t n = 0, length;

	pool[0] = 1 << 3;
	length = 1 + put_varint(pool + 1, POOL);
	n += put_bytes(to + n, 1, pool, length);
	for (int i = calm ? 1 : 1 + rand() % 2; i > 0; i--) {
		const char *name = grants[rand() % count];

		length = put_bytes(grant, 1, name, strlen(name));
		n += put_bytes(to + n, 2, grant, length);
	}
	return n;
}

static int cycle(const char *path, char **grants, int count)
{
	static const uint8_t hello[] = {1 << 3, 1, 2 << 3 | 2, 4, 's', 'o', 'a', 'k'};
	const uint8_t *body;
	uint8_t acquire[1024], confirm[9] = {1 << 3 | 1};
	int broker = connect_to(path);
	unsigned what = 0;

	if (broker == -1 || !send_request(broker, 1, HELLO, hello, sizeof(hello)) || read_reply(broker, &body) != REPLY_WELCOME)
		return GONE;
	for (int tries = 0; tries < 500; tries++) {
		size_t length = put_acquire(acquire, grants, count);

		if (!send_request(broker, 2 + tries, ACQUIRE, acquire, length) || (what = read_reply(broker, &body)) == 0)
			return GONE;
		if (what != REPLY_ERROR || body[0] != 1 << 3 || body[1] != ERROR_BUSY)
			break;
		usleep(2000); /* close(2) frees a queue some time later */
	}
	if (what != REPLY_ACQUIRED)
		return REFUSED;
	if (!calm && rand() % 8 == 0)
		return GRANTED; /* never confirmed */
	memcpy(confirm + 1, body + 1, 8);
	if (!send_request(broker, 1000, CONFIRM, confirm, sizeof(confirm)) || read_reply(broker, &body) == 0)
		return GONE;
	if (calm || rand() % 2)
		close(broker);
	return GRANTED;
}

/* A child, which may be killed before it is done. */
static pid_t start(const char *path, char **grants, int count, unsigned seed)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		srand(seed);
		_exit(cycle(path, grants, count));
	}
	return child;
}

int main(int argc, char **argv)
{
	pid_t running[MAX_AT_ONCE] = {0};
	unsigned granted = 0, refused = 0, gone = 0, killed = 0;

	if (argc > 1 && strcmp(argv[1], "-c") == 0) {
		calm = 1;
		argv++;
		argc--;
	}
	if (argc < 6) {
		fprintf(stderr, "usage: cycler [-c] SOCKET CYCLES SEED AT_ONCE GRANT...\n");
		return 2;
	}
	unsigned cycles = atoi(argv[2]), seed = atoi(argv[3]);
	int at_once = atoi(argv[4]) < MAX_AT_ONCE ? atoi(argv[4]) : MAX_AT_ONCE;
	srand(seed);
	for (unsigned i = 0, done = 0; done < cycles;) {
		for (int slot = 0; slot < at_once && i < cycles; slot++) {
			if (running[slot] == 0)
				running[slot] = start(argv[1], argv + 5, argc - 5, seed + ++i);
		}
		if (!calm && rand() % 3 == 0) {
			pid_t victim = running[rand() % at_once];

			usleep(rand() % 20000);
			if (victim > 0)
				kill(victim, SIGKILL);
		}
		int status;
		pid_t ended = wait(&status);
		for (int slot = 0; slot < at_once; slot++) {
			if (running[slot] == ended)
				running[slot] = 0;
		}
		done++;
		if (WIFSIGNALED(status))
			killed++;
		else if (WEXITSTATUS(status) == GRANTED)
			granted++;
		else if (WEXITSTATUS(status) == REFUSED)
			refused++;
		else
			gone++;
	}
	printf("granted %u refused %u gone %u killed %u\n", granted, refused, gone, killed);
	return 0;
}
