/* A client of the fd plane (docs/protocol.md) that can also break its rules. */
#ifndef PLANE_H
#define PLANE_H

#include "hostile.h"

enum { FDS = 253, REPLY = 1 << 16, PATIENCE_MS = 5000 };

/* What a reply says: field numbers. */
enum { REPLY_ERROR = 2, REPLY_WELCOME = 3, REPLY_GRANT_LIST = 4, REPLY_ACQUIRED = 5, REPLY_CONFIRMED = 6 };

struct reply {
	uint64_t id;
	/* What it says; 0 if the connection has ended. */
	unsigned what;
	/* The field's bytes, in data. */
	const uint8_t *body;
	size_t length;
	uint8_t data[REPLY];
	int fds[FDS];
	int fd_count;
	bool truncated;
};

/* A growing message. */
struct message {
	uint8_t bytes[8192];
	size_t length;
};

/* Connects to a unix socket; -1 on failure. */
int plane_connect(const char *path);

void put_varint(struct message *to, uint64_t value);
void put_number(struct message *to, unsigned field, uint64_t value);
void put_bytes(struct message *to, unsigned field, const void *bytes, size_t length);

/* Sends one request with this operation, as a frame. */
int plane_send(int connection, uint64_t id, unsigned operation, const struct message *body);

/* Sends Hello. */
int plane_hello(int connection, const char *name);

/* Waits for a reply that is no notice, at most ms milliseconds; reply.what is 0 if there is none. */
void plane_read(int connection, struct reply *reply, int ms);

/* Finds a field in a message; returns false if it isn't there. Numbers in *value, bytes in *at and *value. */
bool plane_field(const uint8_t *body, size_t length, unsigned field, uint64_t *value, const uint8_t **at);

/* Passes descriptors over a unix socket; -1 on failure. */
int plane_pass(int over, const int *fds, int count);

/* Takes the one descriptor that comes; -1 on failure. */
int plane_take(int from);

/* Takes all that come with one byte. */
bool plane_take_all(int from, struct reply *reply);

/* What a reply says, in one line. */
const char *plane_show(const struct reply *reply);

#endif
