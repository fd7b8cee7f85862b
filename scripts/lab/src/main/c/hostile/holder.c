/* A client of the fd plane: connects, acquires, confirms, and holds what it gets. */
#include "plane.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { BUSY = 6, BUSY_TRIES = 200 };

static int connection = -1;
static uint64_t last_id, nonce;
static pid_t client = -1;

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

	return reply->what == REPLY_ERROR && plane_field(reply->body, reply->length, 1, &code, &none) && code == BUSY;
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
	if (reply.what != REPLY_ACQUIRED) {
		answer("%s", plane_show(&reply));
		return;
	}
	keep(&reply);
	confirm(&reply);
	if (reply.what == REPLY_CONFIRMED)
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
	if (reply.what != REPLY_ACQUIRED) {
		answer("%s", plane_show(&reply));
		return;
	}
	bool truncated = reply.truncated;
	keep(&reply);
	answer("%s %d %d", truncated ? "truncated" : "held", helds - before, before);
}

/* confirm: says that everything arrived. */
static void do_confirm(char **words)
{
	static struct reply reply;

	(void)words;
	confirm(&reply);
	answer("%s", reply.what == REPLY_CONFIRMED ? "ok" : plane_show(&reply));
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
	if (reply.what == REPLY_GRANT_LIST)
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

static void be_client(int over, char **words)
{
	static struct reply reply;

	connection = plane_connect(words[1]);
	if (connection == -1 || plane_hello(connection, "client") == -1)
		_exit(1);
	plane_read(connection, &reply, PATIENCE_MS);
	last_id = 1;
	ask_for(words + 2, &reply);
	if (reply.what != REPLY_ACQUIRED)
		_exit(2);
	int count = reply.fd_count;
	int fds[FDS];
	memcpy(fds, reply.fds, count * sizeof(int));
	keep(&reply);
	confirm(&reply);
	if (reply.what != REPLY_CONFIRMED)
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
	int pair[2], before = helds;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 || (client = fork()) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	if (client == 0)
		be_client(pair[1], words);
	close(pair[1]);
	if (plane_take_all(pair[0], &reply)) {
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

const struct verb holder_verbs[] = {{"connect", do_connect},
				    {"acquire", do_acquire},
				    {"acquire-only", do_acquire_only},
				    {"confirm", do_confirm},
				    {"serve", do_serve},
				    {"hang-up", do_hang_up},
				    {"acquire-by-child", do_acquire_by_child},
				    {"kill-client", do_kill_client},
				    {NULL, NULL}};
