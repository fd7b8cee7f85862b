/*
 * What the programs of the hostile-tenant suite share. A program takes one command a line from standard input and
 * answers each with exactly one line: "ok", the name of an error as in errno(3), or what it has counted.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { SLOTS = 1024, WORDS = 16, FRAME = 2048 };

/* The descriptors that this program was given or has acquired, by slot number. */
extern int held[SLOTS];
extern int helds;

/* One command: its words, the first of which is its name; all others are empty strings. */
struct verb {
	const char *name;
	void (*run)(char **words);
};

/* Each ends with a verb without a name. */
extern const struct verb any_verbs[], holder_verbs[], channel_verbs[], identity_verbs[], packet_verbs[], send_verbs[],
	xsk_verbs[], raw_verbs[], tap_verbs[];

/* Prints the answer to the command that runs. */
void answer(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "ok", or the name of errno if result is -1. */
const char *outcome(long result);

/* The descriptor in the slot that a word names. */
int slot(const char *word);

/* A number, decimal or 0x hexadecimal. */
unsigned long number(const char *word);

/* Adds a descriptor and returns its slot. */
int hold(int fd);

/* Drains the watched packet socket, if there is one, while commands are awaited. */
extern int watched;
void drain_watched(void);

/* Milliseconds of a clock that only goes forward. */
long now_ms(void);

/* Runs a step in a child process, which may crash or change its namespaces, and returns its exit code or 256 + signal. */
int in_child(int (*step)(void *), void *argument);

/* Becomes root of a new user and network namespace. Returns -1 if that is not allowed. */
int own_namespaces(void);

/* ---- frames.c ---- */

/*
 * A frame of the suite has a mark and a number in its payload, whatever its headers say, so that it can be counted on
 * any wire.
 */
enum mark { VICTIM, EVIL, LEGAL, FOREIGN, MARKS };

struct counts {
	unsigned long marks[MARKS], other;
	/* Of VICTIM frames: the next number expected, and how many numbers were left out. */
	uint32_t next;
	unsigned long lost;
};

struct frame {
	uint8_t bytes[FRAME];
	size_t length, number_at;
};

/* The current frame. */
extern struct frame frame;

/*
 * Builds the current frame: words KIND MARK SOURCE DESTINATION FROM TO VLAN, that is udp, gre, arp, ipv6 or plain; a mark;
 * two MACs; two IPv4 addresses; a VLAN id or 0. Returns false if the words make no sense.
 */
bool build_frame(char **words);

/* Puts the number into the current frame. */
void number_frame(uint32_t value);

void count_frame(struct counts *counts, const uint8_t *bytes, size_t length);

/* "victim=1 evil=0 legal=0 foreign=0 other=2 lost=0" */
const char *show_counts(const struct counts *counts);

#endif
