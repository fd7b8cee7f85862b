/* Frames that can be told apart on any wire: a mark and a number in the payload. */
#include "hostile.h"
#include <arpa/inet.h>
#include <net/ethernet.h>

enum { MAGIC = 8, ARP = 28, IPV4 = 20, IPV6 = 40, UDP = 8, SMALLEST = 64 };

static const char *const MAGICS[MARKS] = {"SLUICE-V", "SLUICE-E", "SLUICE-L", "SLUICE-F"};
static const char *const NAMES[MARKS] = {"victim", "evil", "legal", "foreign"};

struct frame frame;

static void put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static uint16_t checksum(const uint8_t *header)
{
	uint32_t sum = 0;

	for (int i = 0; i < IPV4; i += 2)
		sum += header[i] << 8 | header[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static bool parse_mac(const char *text, uint8_t *mac)
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) == 6;
}

/* The header of UDP, whose eight bytes GRE has another meaning for. */
static size_t put_ipv4(uint8_t *at, const char *from, const char *to, size_t payload, int protocol)
{
	memset(at, 0, IPV4 + UDP);
	at[0] = 0x45;
	put16(at + 2, IPV4 + UDP + payload);
	at[8] = 64;
	at[9] = protocol;
	inet_pton(AF_INET, from, at + 12);
	inet_pton(AF_INET, to, at + 16);
	put16(at + 10, checksum(at));
	put16(at + IPV4, 9);
	put16(at + IPV4 + 2, 9);
	put16(at + IPV4 + 4, UDP + payload);
	return IPV4 + UDP;
}

static size_t put_ipv6(uint8_t *at, const char *from, const char *to, size_t payload)
{
	memset(at, 0, IPV6 + UDP);
	at[0] = 0x60;
	put16(at + 4, UDP + payload);
	at[6] = 17;
	at[7] = 64;
	inet_pton(AF_INET6, from, at + 8);
	inet_pton(AF_INET6, to, at + 24);
	put16(at + IPV6, 9);
	put16(at + IPV6 + 2, 9);
	put16(at + IPV6 + 4, UDP + payload);
	return IPV6 + UDP;
}

/* A reply that says: address FROM is at SOURCE. */
static size_t put_arp(uint8_t *at, const uint8_t *source, const uint8_t *destination, const char *from, const char *to)
{
	static const uint8_t REPLY[8] = {0, 1, 8, 0, 6, 4, 0, 2};

	memcpy(at, REPLY, sizeof(REPLY));
	memcpy(at + 8, source, 6);
	inet_pton(AF_INET, from, at + 14);
	memcpy(at + 18, destination, 6);
	inet_pton(AF_INET, to, at + 24);
	return ARP;
}

static int mark_of(const char *word)
{
	for (int i = 0; i < MARKS; i++)
		if (strcmp(word, NAMES[i]) == 0)
			return i;
	return -1;
}

bool build_frame(char **words)
{
	const size_t payload = MAGIC + 4;
	const char *kind = words[0];
	int mark = mark_of(words[1]);
	unsigned vlan = number(words[6]);
	size_t at = 12;

	memset(frame.bytes, 0, sizeof(frame.bytes));
	if (mark < 0 || !parse_mac(words[3], frame.bytes) || !parse_mac(words[2], frame.bytes + 6))
		return false;
	if (vlan != 0) {
		put16(frame.bytes + at, ETHERTYPE_VLAN);
		put16(frame.bytes + at + 2, vlan);
		at += 4;
	}
	if (strcmp(kind, "udp") == 0 || strcmp(kind, "gre") == 0) {
		put16(frame.bytes + at, ETHERTYPE_IP);
		at += 2 + put_ipv4(frame.bytes + at + 2, words[4], words[5], payload, *kind == 'u' ? 17 : 47);
	} else if (strcmp(kind, "ipv6") == 0) {
		put16(frame.bytes + at, ETHERTYPE_IPV6);
		at += 2 + put_ipv6(frame.bytes + at + 2, words[4], words[5], payload);
	} else if (strcmp(kind, "arp") == 0) {
		put16(frame.bytes + at, ETHERTYPE_ARP);
		at += 2 + put_arp(frame.bytes + at + 2, frame.bytes + 6, frame.bytes, words[4], words[5]);
	} else if (strcmp(kind, "plain") == 0) {
		put16(frame.bytes + at, 0x88b5); /* IEEE 802, local experiments */
		at += 2;
	} else {
		return false;
	}
	memcpy(frame.bytes + at, MAGICS[mark], MAGIC);
	frame.number_at = at + MAGIC;
	frame.length = at + payload > SMALLEST ? at + payload : SMALLEST;
	return true;
}

void number_frame(uint32_t value)
{
	value = htonl(value);
	memcpy(frame.bytes + frame.number_at, &value, sizeof(value));
}

void count_frame(struct counts *counts, const uint8_t *bytes, size_t length)
{
	for (int i = 0; i < MARKS; i++) {
		const uint8_t *found = memmem(bytes, length, MAGICS[i], MAGIC);
		uint32_t value;

		if (!found)
			continue;
		counts->marks[i]++;
		if (i == VICTIM && found + MAGIC + sizeof(value) <= bytes + length) {
			memcpy(&value, found + MAGIC, sizeof(value));
			value = ntohl(value);
			if (counts->next != 0 && value > counts->next)
				counts->lost += value - counts->next;
			counts->next = value + 1;
		}
		return;
	}
	counts->other++;
}

const char *show_counts(const struct counts *counts)
{
	static char text[160];

	snprintf(text, sizeof(text), "victim=%lu evil=%lu legal=%lu foreign=%lu other=%lu lost=%lu next=%u",
		 counts->marks[VICTIM], counts->marks[EVIL], counts->marks[LEGAL], counts->marks[FOREIGN],
		 counts->other, counts->lost, counts->next);
	return text;
}
