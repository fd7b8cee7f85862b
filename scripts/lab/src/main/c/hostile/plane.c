/* The fd plane's frames and messages, and passing descriptors on. */
#include "plane.h"
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { LEASE_ENDED = 8 };

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
	case REPLY_ERROR:
		plane_field(reply->body, reply->length, 1, &code, &none);
		if (!plane_field(reply->body, reply->length, 2, &length, &message))
			length = 0;
		snprintf(text, sizeof(text), "refused %d %.*s", (int)code, (int)length, message);
		return text;
	case REPLY_WELCOME:
		if (!plane_field(reply->body, reply->length, 3, &length, &message))
			length = 0;
		snprintf(text, sizeof(text), "welcome %.*s", (int)length, message);
		return text;
	default:
		snprintf(text, sizeof(text), "reply %u", reply->what);
		return text;
	}
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

bool plane_take_all(int from, struct reply *reply)
{
	uint8_t byte;

	memset(reply, 0, sizeof(*reply));
	return take(from, &byte, 1, reply, now_ms() + PATIENCE_MS);
}

int plane_take(int from)
{
	static struct reply reply;

	return plane_take_all(from, &reply) && reply.fd_count == 1 ? reply.fds[0] : -1;
}
