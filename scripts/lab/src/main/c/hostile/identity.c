/* Whom a client can make the broker take it for. */
#include "plane.h"
#include <grp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int greet_with_credentials(int fd, uid_t uid)
{
	static const uint8_t HELLO_FRAME[] = {0, 0, 0, 11, 8, 1, 0x12, 7, 8, 1, 0x12, 3, 'd', 'o', 'c'};
	char control[CMSG_SPACE(sizeof(struct ucred))] = {0};
	struct iovec piece = {(void *)HELLO_FRAME, sizeof(HELLO_FRAME)};
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	struct ucred forged = {getpid(), uid, uid};

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_CREDENTIALS;
	part->cmsg_len = CMSG_LEN(sizeof(forged));
	memcpy(CMSG_DATA(part), &forged, sizeof(forged));
	return sendmsg(fd, &message, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* forge PATH UID: greets as somebody else, and then as itself. */
static void do_forge(char **words)
{
	static struct reply reply;
	int fd = plane_connect(words[1]);
	const char *forged = outcome(greet_with_credentials(fd, number(words[2])));

	plane_hello(fd, "forger");
	plane_read(fd, &reply, PATIENCE_MS);
	answer("%s %s", forged, plane_show(&reply));
	close(fd);
}

static int become(uid_t uid)
{
	return setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 || setresuid(uid, uid, uid) == -1 ? -1 : 0;
}

/* become-after PATH UID: connects as root, becomes the user, and greets. Only for a program that is root. */
static void do_become_after(char **words)
{
	static struct reply reply;
	int fd = plane_connect(words[1]);

	if (fd == -1 || become(number(words[2])) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	plane_hello(fd, "changeling");
	plane_read(fd, &reply, PATIENCE_MS);
	answer("%s", plane_show(&reply));
	close(fd);
}

/* Connects as the user, passes the connection on, and ends when the other end of the pipe is closed. */
static int connect_as(uid_t uid, const char *path, int over, int until)
{
	char byte;
	int fd;

	if (become(uid) == -1 || (fd = plane_connect(path)) == -1 || plane_pass(over, &fd, 1) == -1)
		return 1;
	return read(until, &byte, 1) == 0 ? 0 : 1;
}

/*
 * inherit PATH UID OTHER: one user connects and another one uses the connection, until the first one ends. Says whom the
 * broker sees, and what the heir has when the first one is gone. Only for a program that is root.
 */
static void do_inherit(char **words)
{
	static struct reply reply;
	int pair[2], life[2], status, fd = -1;
	char seen[256];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 || pipe(life) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	pid_t first = fork();
	if (first == 0) {
		close(life[1]);
		_exit(connect_as(number(words[2]), words[1], pair[1], life[0]));
	}
	close(pair[1]);
	if ((fd = plane_take(pair[0])) == -1 || become(number(words[3])) == -1) {
		answer("no connection to inherit");
		return;
	}
	plane_hello(fd, "heir");
	plane_read(fd, &reply, PATIENCE_MS);
	snprintf(seen, sizeof(seen), "%s", plane_show(&reply));
	close(life[1]);
	waitpid(first, &status, 0);
	struct pollfd hung_up = {.fd = fd, .events = POLLRDHUP};
	answer("%s, then %s", seen, poll(&hung_up, 1, PATIENCE_MS) == 1 ? "ended" : "served");
	close(fd);
}

struct orphan {
	const char *path;
	int over;
};

static int connect_and_end(void *argument)
{
	const struct orphan *orphan = argument;
	int fd = plane_connect(orphan->path);

	return fd != -1 && plane_pass(orphan->over, &fd, 1) == 0 ? 0 : 1;
}

/* dead-peer PATH: greets on a connection whose maker has ended. */
static void do_dead_peer(char **words)
{
	static struct reply reply;
	int pair[2], fd = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	struct orphan orphan = {words[1], pair[1]};
	if (in_child(connect_and_end, &orphan) != 0 || (fd = plane_take(pair[0])) == -1) {
		answer("the child could not connect");
		return;
	}
	plane_hello(fd, "orphan");
	plane_read(fd, &reply, PATIENCE_MS);
	answer("%s", plane_show(&reply));
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

/* limit-files COUNT: room for so many open files from now on; 0: as many as there may be. */
static void do_limit_files(char **words)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = number(words[1]) ? number(words[1]) : limit.rlim_max;
	answer("%s", outcome(setrlimit(RLIMIT_NOFILE, &limit)));
}

const struct verb identity_verbs[] = {{"forge", do_forge},	   {"become-after", do_become_after},
				      {"inherit", do_inherit},	   {"dead-peer", do_dead_peer},
				      {"limit-files", do_limit_files}, {NULL, NULL}};
