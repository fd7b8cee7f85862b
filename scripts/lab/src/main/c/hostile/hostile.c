/*
 * hostile [FD]...: a tenant's program that holds packet sockets and does with them what it should not be able to. It
 * starts with the descriptors named, or acquires some from a broker (holder.c). One command a line; see hostile.h.
 */
#include "hostile.h"
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

int held[SLOTS];
int helds;
int watched = -1;

static const struct verb *const TABLES[] = {any_verbs,	holder_verbs, channel_verbs, identity_verbs, packet_verbs,
					    send_verbs, xsk_verbs,    raw_verbs,     tap_verbs};

void answer(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

const char *outcome(long result)
{
	return result == -1 ? strerrorname_np(errno) : "ok";
}

unsigned long number(const char *word)
{
	return strtoul(word, NULL, 0);
}

int slot(const char *word)
{
	unsigned long index = number(word);

	return index < (unsigned long)helds ? held[index] : -1;
}

int hold(int fd)
{
	if (helds == SLOTS) {
		fprintf(stderr, "hostile: more than %d descriptors\n", SLOTS);
		exit(2);
	}
	held[helds] = fd;
	return helds++;
}

long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

int in_child(int (*step)(void *), void *argument)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(step(argument));
	if (child == -1 || waitpid(child, &status, 0) == -1)
		return -1;
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

int own_namespaces(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

static void run(char *line)
{
	char *words[WORDS + 1];
	int count = 0;

	for (char *word = strtok(line, " \n"); word && count < WORDS; word = strtok(NULL, " \n"))
		words[count++] = word;
	if (count == 0)
		return;
	while (count <= WORDS)
		words[count++] = "";
	for (size_t table = 0; table < COUNT(TABLES); table++)
		for (const struct verb *verb = TABLES[table]; verb->name; verb++)
			if (strcmp(verb->name, words[0]) == 0) {
				verb->run(words);
				return;
			}
	answer("unknown command %s", words[0]);
}

int main(int argc, char **argv)
{
	static char line[4096];
	size_t used = 0;

	for (int i = 1; i < argc; i++)
		hold(atoi(argv[i]));
	answer("ready");
	for (;;) {
		struct pollfd wanted[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = watched, .events = POLLIN}};

		if (poll(wanted, 2, -1) == -1 && errno != EINTR)
			return 1;
		if (wanted[1].revents)
			drain_watched();
		if (!wanted[0].revents)
			continue;
		ssize_t got = read(STDIN_FILENO, line + used, sizeof(line) - 1 - used);
		if (got <= 0)
			return 0;
		used += got;
		line[used] = 0;
		for (char *end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
			*end = 0;
			char command[sizeof(line)];
			strcpy(command, line);
			used -= end + 1 - line;
			memmove(line, end + 1, used + 1);
			run(command);
		}
	}
}
