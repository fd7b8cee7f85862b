/* What a client can do to the broker's socket besides speaking its protocol. */
#include "plane.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

enum { LIST = 3, ACQUIRE = 4, CROWD = 2048 };

static int crowd[CROWD];
static int crowded;

static int join(const char *path)
{
	int fd = crowded == CROWD ? -1 : plane_connect(path);

	if (fd != -1)
		crowd[crowded++] = fd;
	return fd;
}

/* crowd PATH COUNT: connects and greets so often, and keeps what is welcome. Says how many were, and were not. */
static void do_crowd(char **words)
{
	static struct reply reply;
	int welcome = 0, refused = 0;

	for (unsigned long i = 0; i < number(words[2]); i++) {
		int fd = join(words[1]);

		if (fd == -1) {
			refused++;
			continue;
		}
		plane_hello(fd, "crowd");
		plane_read(fd, &reply, PATIENCE_MS);
		if (reply.what == REPLY_WELCOME)
			welcome++;
		else
			refused++;
	}
	answer("welcome %d refused %d", welcome, refused);
}

/* half PATH COUNT: so many connections that send the length of a frame and then half of it. */
static void do_half(char **words)
{
	static const uint8_t HALF[] = {0, 0, 0, 11, 8, 1, 0x12};
	int open = 0;

	for (unsigned long i = 0; i < number(words[2]); i++) {
		int fd = join(words[1]);

		open += fd != -1 && send(fd, HALF, sizeof(HALF), MSG_NOSIGNAL) == sizeof(HALF);
	}
	answer("open %d", open);
}

/* huge PATH LENGTH: announces a frame of that length, sends 1 MiB of it, and says how that ends. */
static void do_huge(char **words)
{
	static struct reply reply;
	static uint8_t junk[1 << 20];
	uint32_t length = htonl(number(words[2]));
	int fd = plane_connect(words[1]);

	if (fd == -1 || send(fd, &length, 4, MSG_NOSIGNAL) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	for (size_t done = 0; done < sizeof(junk);) {
		struct pollfd writable = {.fd = fd, .events = POLLOUT};
		ssize_t sent = poll(&writable, 1, 1000) <= 0
				       ? -1
				       : send(fd, junk, sizeof(junk) - done, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent <= 0)
			break;
		done += sent;
	}
	plane_read(fd, &reply, PATIENCE_MS);
	answer("%s", plane_show(&reply));
	close(fd);
}

/* mute PATH COUNT REQUESTS GRANT: connections that acquire, then ask more and more, and never read. */
static void do_mute(char **words)
{
	struct message acquire = {.length = 0}, grant = {.length = 0}, none = {.length = 0};
	unsigned long sent = 0;

	put_bytes(&grant, 1, words[4], strlen(words[4]));
	put_bytes(&acquire, 2, grant.bytes, grant.length);
	for (unsigned long i = 0; i < number(words[2]); i++) {
		int fd = join(words[1]);

		if (fd == -1)
			continue;
		fcntl(fd, F_SETFL, O_NONBLOCK);
		plane_hello(fd, "mute");
		for (unsigned long k = 0; k < number(words[3]); k++)
			if (plane_send(fd, 2 + k, LIST, &none) == 0)
				sent++;
		sent += plane_send(fd, 1000000, ACQUIRE, &acquire) == 0;
	}
	answer("sent %lu", sent);
}

/* take-nothing PATH COUNT GRANT: connections that acquire and never read what they get. */
static void do_take_nothing(char **words)
{
	static struct reply reply;
	struct message acquire = {.length = 0}, grant = {.length = 0};
	int asked = 0;

	put_bytes(&grant, 1, words[3], strlen(words[3]));
	put_bytes(&acquire, 2, grant.bytes, grant.length);
	for (unsigned long i = 0; i < number(words[2]); i++) {
		int fd = join(words[1]);

		if (fd == -1)
			continue;
		plane_hello(fd, "mute");
		plane_read(fd, &reply, PATIENCE_MS);
		asked += reply.what == REPLY_WELCOME && plane_send(fd, 2, ACQUIRE, &acquire) == 0;
	}
	answer("asked %d", asked);
}

/* send-descriptors PATH COUNT: greets, and then sends requests with 253 descriptors each. */
static void do_send_descriptors(char **words)
{
	static struct reply reply;
	int fds[FDS], fd = plane_connect(words[1]), sent = 0, error = 0;
	static const uint8_t REQUEST[] = {0, 0, 0, 4, 8, 2, 0x1a, 0};
	char control[CMSG_SPACE(sizeof(fds))] = {0};
	struct iovec piece = {(void *)REQUEST, sizeof(REQUEST)};
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	if (fd == -1) {
		answer("%s", outcome(-1));
		return;
	}
	plane_hello(fd, "generous");
	plane_read(fd, &reply, PATIENCE_MS);
	for (int i = 0; i < FDS; i++)
		fds[i] = STDERR_FILENO;
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(rights), fds, sizeof(fds));
	for (unsigned long i = 0; i < number(words[2]); i++) {
		if (sendmsg(fd, &message, MSG_NOSIGNAL) == -1) {
			error = errno;
			break;
		}
		sent++;
		plane_read(fd, &reply, PATIENCE_MS);
	}
	close(fd);
	answer("sent %d %s", sent, error ? strerrorname_np(error) : "ok");
}

/* cut-off MS: how many of the crowd the broker has hung up on, waiting so long for all of them. */
static void do_cut_off(char **words)
{
	long end = now_ms() + number(words[1]);
	int cut;

	do {
		cut = 0;
		for (int i = 0; i < crowded; i++) {
			struct pollfd state = {.fd = crowd[i], .events = POLLRDHUP};

			cut += poll(&state, 1, 0) == 1 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR));
		}
		usleep(10000);
	} while (cut < crowded && now_ms() < end);
	answer("cut off %d of %d", cut, crowded);
}

/* disperse: closes the crowd's connections. */
static void do_disperse(char **words)
{
	(void)words;
	for (int i = 0; i < crowded; i++)
		close(crowd[i]);
	crowded = 0;
	answer("ok");
}

const struct verb channel_verbs[] = {{"crowd", do_crowd},
				     {"half", do_half},
				     {"huge", do_huge},
				     {"mute", do_mute},
				     {"take-nothing", do_take_nothing},
				     {"send-descriptors", do_send_descriptors},
				     {"cut-off", do_cut_off},
				     {"disperse", do_disperse},
				     {NULL, NULL}};
