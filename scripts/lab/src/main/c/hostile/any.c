/* What the holder of any descriptor, and any process of a tenant, can try. */
#include "hostile.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int set_mark(int fd, int value)
{
	return setsockopt(fd, SOL_SOCKET, SO_MARK, &value, sizeof(value));
}

/* A send with a mark in its control data, to an IPv4 address if one is named. */
static int send_marked(int fd, const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	char control[CMSG_SPACE(sizeof(uint32_t))] = {0};
	struct iovec piece = {frame.bytes, frame.length};
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *mark = CMSG_FIRSTHDR(&message);

	if (inet_pton(AF_INET, address, &to.sin_addr) == 1) {
		message.msg_name = &to;
		message.msg_namelen = sizeof(to);
	}
	mark->cmsg_level = SOL_SOCKET;
	mark->cmsg_type = SO_MARK;
	mark->cmsg_len = CMSG_LEN(sizeof(uint32_t));
	*(uint32_t *)CMSG_DATA(mark) = 7;
	return sendmsg(fd, &message, MSG_DONTWAIT);
}

static int mark_in_namespace(void *argument)
{
	int fd = *(int *)argument;

	if (own_namespaces() == -1)
		return 255;
	return set_mark(fd, 7) == 0 ? 0 : errno;
}

/* mark SLOT [ADDRESS]: sets SO_MARK to 7 and to 0, sends with a mark, and tries again from a namespace where it is root. */
static void do_mark(char **words)
{
	int fd = slot(words[1]);
	const char *set = outcome(set_mark(fd, 7)), *cleared = outcome(set_mark(fd, 0));
	const char *sent = send_marked(fd, words[2]) == -1 ? outcome(-1) : "ok";
	int result = in_child(mark_in_namespace, &fd);

	answer("%s %s %s %s", set, cleared, sent,
	       result == 0 ? "ok" : result == 255 ? "no namespaces" : strerrorname_np(result));
}

static int count_bpf(int fd)
{
	char path[64], line[256];
	int found = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	FILE *info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info))
		found |= !strncmp(line, "map_type", 8) || !strncmp(line, "prog_type", 9) || !strncmp(line, "link_type", 9);
	if (info)
		fclose(info);
	return found;
}

/* fdinfo: how many descriptors this program has from outside, and how many are BPF maps, programs or links. */
static void do_fdinfo(char **words)
{
	int found = 0;

	(void)words;
	for (int i = 0; i < helds; i++)
		found += count_bpf(held[i]);
	answer("held %d bpf %d", helds, found);
}

/* freeze SLOT: makes a BPF map read-only for ever. */
static void do_freeze(char **words)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = slot(words[1]);
	answer("%s", outcome(syscall(SYS_bpf, BPF_MAP_FREEZE, &attr, sizeof(attr))));
}

/* close SLOT */
static void do_close(char **words)
{
	int index = number(words[1]);
	int result = close(held[index]);

	held[index] = -1;
	answer("%s", outcome(result));
}

/* close-all: every descriptor held. */
static void do_close_all(char **words)
{
	(void)words;
	watched = -1;
	for (int i = 0; i < helds; i++)
		if (held[i] != -1)
			close(held[i]);
	helds = 0;
	answer("ok");
}

/* rights PID: ptrace, memory, descriptors and signals of another process. */
static void do_rights(char **words)
{
	pid_t pid = number(words[1]);
	char path[64], byte;
	struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
	const char *traced = outcome(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	const char *fetched = outcome(syscall(SYS_pidfd_getfd, pidfd, 3, 0));
	const char *read_memory = outcome(process_vm_readv(pid, &here, 1, &there, 1, 0));
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	int memory = open(path, O_RDWR | O_CLOEXEC);
	const char *opened = outcome(memory);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *fds = opendir(path);
	const char *listed = outcome(fds ? 0 : -1);
	const char *signalled = outcome(kill(pid, SIGKILL));

	if (memory != -1)
		close(memory);
	if (fds)
		closedir(fds);
	close(pidfd);
	answer("%s %s %s %s %s %s", traced, fetched, read_memory, opened, listed, signalled);
}

const struct verb any_verbs[] = {{"mark", do_mark},	  {"fdinfo", do_fdinfo},       {"freeze", do_freeze},
				 {"close", do_close},	  {"close-all", do_close_all}, {"rights", do_rights},
				 {NULL, NULL}};
