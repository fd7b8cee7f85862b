/* The fd plane: connecting, acquiring, confirming. */
#include "plane.h"
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { ERROR = 2, WELCOME = 3, GRANT_LIST = 4, ACQUIRED = 5, CONFIRMED = 6, RELEASED = 7, LEASE_ENDED = 8 };
enum { PATIENCE_MS = 10000, BUSY = 6, BUSY_TRIES = 200 };

static int connection = -1;
static uint64_t last_id, nonce;
static pid_t client = -1;

int plane_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (fd == -1 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

void put_varint(struct message *to, uint64_t value)
{
	do {
		to->bytes[to->length++] = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);
		value >>= 7;
	} while (value != 0);
}

void put_number(struct message *to, unsigned field, uint64_t value)
{
	put_varint(to, field << 3);
	put_varint(to, value);
}

void put_bytes(struct message *to, unsigned field, const void *bytes, size_t length)
{
	put_varint(to, field << 3 | 2);
	put_varint(to, length);
	memcpy(to->bytes + to->length, bytes, length);
	to->length += length;
}

int plane_send(int fd, uint64_t id, unsigned operation, const struct message *body)
{
	struct message request = {.length = 4};

	put_number(&request, 1, id);
	put_bytes(&request, operation, body->bytes, body->length);
	uint32_t length = htonl(request.length - 4);
	memcpy(request.bytes, &length, 4);
	return send(fd, request.bytes, request.length, MSG_NOSIGNAL) == (ssize_t)request.length ? 0 : -1;
}

int plane_hello(int fd, const char *name)
{
	struct message hello = {.length = 0};

	put_number(&hello, 1, 1);
	put_bytes(&hello, 2, name, strlen(name));
	return plane_send(fd, 1, 2, &hello);
}

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; shift < 64 && *at < end; shift += 7) {
		uint8_t byte = *(*at)++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* Takes one field off; bytes in *content and *value, numbers in *value. */
static bool next_field(const uint8_t **at, const uint8_t *end, unsigned *field, uint64_t *value,
		       const uint8_t **content)
{
	uint64_t tag;

	*content = NULL;
	if (!read_varint(at, end, &tag))
		return false;
	*field = tag >> 3;
	switch (tag & 7) {
	case 0:
		return read_varint(at, end, value);
	case 1:
		memcpy(value, *at, 8);
		*at += 8;
		return *at <= end;
	case 2:
		if (!read_varint(at, end, value) || *value > (uint64_t)(end - *at))
			return false;
		*content = *at;
		*at += *value;
		return true;
	default:
		return false;
	}
}

bool plane_field(const uint8_t *body, size_t length, unsigned wanted, uint64_t *value, const uint8_t **found)
{
	const uint8_t *at = body, *end = body + length;
	unsigned field;

	while (next_field(&at, end, &field, value, found))
		if (field == wanted)
			return true;
	return false;
}

/* Reads length bytes with whatever descriptors come with them. */
static bool take(int fd, uint8_t *to, size_t length, struct reply *reply, long deadline)
{
	for (size_t done = 0; done < length;) {
		struct pollfd readable = {.fd = fd, .events = POLLIN};
		char control[CMSG_SPACE(FDS * sizeof(int))];
		struct iovec piece = {to + done, length - done};
		struct msghdr message = {.msg_iov = &piece,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		long left = deadline - now_ms();

		if (left <= 0 || poll(&readable, 1, left) <= 0)
			return false;
		ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
		if (got <= 0)
			return false;
		reply->truncated |= message.msg_flags & MSG_CTRUNC;
		for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
			int count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

			if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
				continue;
			memcpy(reply->fds + reply->fd_count, CMSG_DATA(part), count * sizeof(int));
			reply->fd_count += count;
		}
		done += got;
	}
	return true;
}

static bool read_frame(int fd, struct reply *reply, long deadline)
{
	uint32_t length;
	const uint8_t *at = reply->data, *content;
	uint64_t value;
	unsigned field;

	if (!take(fd, (uint8_t *)&length, 4, reply, deadline))
		return false;
	length = ntohl(length);
	if (length > REPLY || !take(fd, reply->data, length, reply, deadline))
		return false;
	while (next_field(&at, reply->data + length, &field, &value, &content))
		if (field == 1 && !content) {
			reply->id = value;
		} else if (content) {
			reply->what = field;
			reply->body = content;
			reply->length = value;
		}
	return reply->what != 0;
}

void plane_read(int fd, struct reply *reply, int ms)
{
	long deadline = now_ms() + ms;

	do {
		memset(reply, 0, offsetof(struct reply, data));
		reply->fd_count = 0;
		reply->truncated = false;
		if (!read_frame(fd, reply, deadline)) {
			reply->what = 0;
			return;
		}
	} while (reply->what == LEASE_ENDED);
}

const char *plane_show(const struct reply *reply)
{
	static char text[512];
	uint64_t code = 0, length = 0;
	const uint8_t *message = NULL, *none;

	switch (reply->what) {
	case 0:
		return "ended";
	case ERROR:
		plane_field(reply->body, reply->length, 1, &code, &none);
		if (!plane_field(reply->body, reply->length, 2, &length, &message))
			length = 0;
		snprintf(text, sizeof(text), "refused %d %.*s", (int)code, (int)length, message);
		return text;
	case WELCOME:
		if (!plane_field(reply->body, reply->length, 3, &length, &message))
			length = 0;
		snprintf(text, sizeof(text), "welcome %.*s", (int)length, message);
		return text;
	default:
		snprintf(text, sizeof(text), "reply %u", reply->what);
		return text;
	}
}

/* connect PATH [NAME]: connects and greets; says which tenant the broker sees. */
static void do_connect(char **words)
{
	static struct reply reply;

	if (connection != -1)
		close(connection);
	connection = plane_connect(words[1]);
	last_id = 1;
	if (connection == -1 || plane_hello(connection, *words[2] ? words[2] : "hostile") == -1) {
		answer("%s", outcome(-1));
		return;
	}
	plane_read(connection, &reply, PATIENCE_MS);
	answer("%s", plane_show(&reply));
}

static bool busy(const struct reply *reply)
{
	uint64_t code = 0;
	const uint8_t *none;

	return reply->what == ERROR && plane_field(reply->body, reply->length, 1, &code, &none) && code == BUSY;
}

/* NAME or NAME:rings=ENTRIES, as a request for a grant that is narrowed by it. */
static void put_grant(struct message *to, const char *word)
{
	struct message grant = {.length = 0}, packet = {.length = 0};
	const char *rings = strstr(word, ":rings=");

	put_bytes(&grant, 1, word, rings ? (size_t)(rings - word) : strlen(word));
	if (rings) {
		put_number(&packet, 3, number(rings + strlen(":rings=")));
		put_bytes(&grant, 3, packet.bytes, packet.length);
	}
	put_bytes(to, 2, grant.bytes, grant.length);
}

/* Words: POOL GRANT..., where POOL is bytes or 0. */
static void ask_for(char **words, struct reply *reply)
{
	struct message acquire = {.length = 0};

	if (number(words[0]) > 0) {
		struct message pool = {.length = 0};

		put_number(&pool, 1, number(words[0]));
		put_bytes(&acquire, 1, pool.bytes, pool.length);
	}
	for (int i = 1; *words[i]; i++)
		put_grant(&acquire, words[i]);
	for (int tries = 0; tries < BUSY_TRIES; tries++) {
		if (plane_send(connection, ++last_id, 4, &acquire) == -1) {
			reply->what = 0;
			return;
		}
		plane_read(connection, reply, PATIENCE_MS);
		if (!busy(reply))
			return;
		usleep(20000);
	}
}

static void keep(const struct reply *reply)
{
	const uint8_t *none;

	for (int i = 0; i < reply->fd_count; i++)
		hold(reply->fds[i]);
	plane_field(reply->body, reply->length, 1, &nonce, &none);
}

static void confirm(struct reply *reply)
{
	struct message body = {.length = 9};

	body.bytes[0] = 1 << 3 | 1;
	memcpy(body.bytes + 1, &nonce, 8);
	if (plane_send(connection, ++last_id, 5, &body) == -1) {
		reply->what = 0;
		return;
	}
	plane_read(connection, reply, PATIENCE_MS);
}

/* acquire POOL GRANT...: asks, confirms, and holds what came. Slots are numbered in the order of the reply. */
static void do_acquire(char **words)
{
	static struct reply reply;
	int before = helds;

	ask_for(words + 1, &reply);
	if (reply.what != ACQUIRED) {
		answer("%s", plane_show(&reply));
		return;
	}
	keep(&reply);
	confirm(&reply);
	if (reply.what == CONFIRMED)
		answer("held %d %d", helds - before, before);
	else
		answer("unconfirmed: %s", plane_show(&reply));
}

/* acquire-only POOL GRANT...: the same without confirming. */
static void do_acquire_only(char **words)
{
	static struct reply reply;
	int before = helds;

	ask_for(words + 1, &reply);
	if (reply.what != ACQUIRED) {
		answer("%s", plane_show(&reply));
		return;
	}
	bool truncated = reply.truncated;
	keep(&reply);
	answer("%s %d %d", truncated ? "truncated" : "held", helds - before, before);
}

/* confirm [NONCE] */
static void do_confirm(char **words)
{
	static struct reply reply;

	if (*words[1])
		nonce = number(words[1]);
	confirm(&reply);
	answer("%s", reply.what == CONFIRMED ? "ok" : plane_show(&reply));
}

/* serve: asks for the list of grants, and says after how many milliseconds it came. */
static void do_serve(char **words)
{
	static struct reply reply;
	struct message body = {.length = 0};
	long start = now_ms();

	(void)words;
	if (plane_send(connection, ++last_id, 3, &body) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	plane_read(connection, &reply, PATIENCE_MS);
	if (reply.what == GRANT_LIST)
		answer("served %ld", now_ms() - start);
	else
		answer("%s", plane_show(&reply));
}

/* hang-up: closes the connection but keeps the descriptors. */
static void do_hang_up(char **words)
{
	(void)words;
	answer("%s", outcome(close(connection)));
	connection = -1;
}

int plane_pass(int over, const int *fds, int count)
{
	char control[CMSG_SPACE(FDS * sizeof(int))] = {0};
	char byte = 'f';
	struct iovec piece = {&byte, 1};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
	return sendmsg(over, &message, 0) == 1 ? 0 : -1;
}

int plane_take(int from)
{
	static struct reply reply;
	uint8_t byte;

	memset(&reply, 0, sizeof(reply));
	return take(from, &byte, 1, &reply, now_ms() + PATIENCE_MS) && reply.fd_count == 1 ? reply.fds[0] : -1;
}

static void be_client(int over, char **words)
{
	static struct reply reply;

	connection = plane_connect(words[1]);
	if (connection == -1 || plane_hello(connection, "client") == -1)
		_exit(1);
	plane_read(connection, &reply, PATIENCE_MS);
	last_id = 1;
	ask_for(words + 2, &reply);
	if (reply.what != ACQUIRED)
		_exit(2);
	int count = reply.fd_count;
	int fds[FDS];
	memcpy(fds, reply.fds, count * sizeof(int));
	keep(&reply);
	confirm(&reply);
	if (reply.what != CONFIRMED)
		_exit(3);
	fds[count++] = connection;
	if (plane_pass(over, fds, count) == -1)
		_exit(4);
	for (;;)
		pause();
}

/*
 * acquire-by-child PATH POOL GRANT...: another process connects and acquires, and passes everything on to this one, its
 * connection too, which comes last.
 */
static void do_acquire_by_child(char **words)
{
	static struct reply reply;
	uint8_t byte;
	int pair[2], before = helds;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 || (client = fork()) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	if (client == 0)
		be_client(pair[1], words);
	close(pair[1]);
	memset(&reply, 0, sizeof(reply));
	if (take(pair[0], &byte, 1, &reply, now_ms() + PATIENCE_MS)) {
		for (int i = 0; i < reply.fd_count; i++)
			hold(reply.fds[i]);
		answer("held %d %d", helds - before, before);
	} else {
		answer("the client got nothing");
	}
	close(pair[0]);
}

/* kill-client: SIGKILL for that process. */
static void do_kill_client(char **words)
{
	int status;

	(void)words;
	int result = kill(client, SIGKILL);
	waitpid(client, &status, 0);
	answer("%s", outcome(result));
}

const struct verb plane_verbs[] = {{"connect", do_connect},
				   {"acquire", do_acquire},
				   {"acquire-only", do_acquire_only},
				   {"confirm", do_confirm},
				   {"serve", do_serve},
				   {"hang-up", do_hang_up},
				   {"acquire-by-child", do_acquire_by_child},
				   {"kill-client", do_kill_client},
				   {NULL, NULL}};
