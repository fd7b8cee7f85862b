/* What the holder of a tap descriptor can try. */
#include "hostile.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* tap-keep SLOT UID: makes the device outlive its descriptors and belong to the user. */
static void do_keep(char **words)
{
	int fd = slot(words[1]);
	const char *persistent = outcome(ioctl(fd, TUNSETPERSIST, 1));

	answer("%s %s", persistent, outcome(ioctl(fd, TUNSETOWNER, number(words[2]))));
}

/* tap-attach NAME: opens a device by its name, as one queue more. */
static void do_attach(char **words)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strncpy(request.ifr_name, words[1], IFNAMSIZ - 1);
	int result = fd == -1 ? -1 : ioctl(fd, TUNSETIFF, &request);
	answer("%s", outcome(result));
	if (result == 0)
		hold(fd);
	else if (fd != -1)
		close(fd);
}

/* tap-mac SLOT: another MAC for the device. */
static void do_mac(char **words)
{
	struct ifreq request = {.ifr_hwaddr = {.sa_family = 1}};
	int fd = slot(words[1]);

	if (ioctl(fd, TUNGETIFF, &request) == -1) {
		answer("%s", outcome(-1));
		return;
	}
	request.ifr_hwaddr.sa_family = 1;
	memcpy(request.ifr_hwaddr.sa_data, "\x02\x66\x66\x66\x66\x66", 6);
	answer("%s", outcome(ioctl(fd, SIOCSIFHWADDR, &request)));
}

/* tap-send SLOT COUNT HEADER: writes the current frame behind a header of that many bytes. */
static void do_send(char **words)
{
	uint8_t bytes[FRAME + 64] = {0};
	size_t header = number(words[3]);
	unsigned long sent = 0;

	for (unsigned long i = 0; i < number(words[2]); i++) {
		number_frame(i);
		memcpy(bytes + header, frame.bytes, frame.length);
		sent += write(slot(words[1]), bytes, header + frame.length) > 0;
	}
	if (sent == 0)
		answer("%s", outcome(-1));
	else
		answer("sent %lu", sent);
}

/* tap-settings SLOT: every setting of the descriptor that there is. */
static void do_settings(char **words)
{
	int fd = slot(words[1]), gibibyte = 1 << 30, header = 12, on = 1, off = 0, no_program = -1;
	struct sock_filter drop = {BPF_RET | BPF_K, 0, 0, 0};
	struct sock_fprog filter = {1, &drop};
	struct ifreq detach = {.ifr_flags = IFF_DETACH_QUEUE};
	struct {
		const char *name;
		int result;
	} done[] = {{"SNDBUF", ioctl(fd, TUNSETSNDBUF, &gibibyte)},
		    {"VNETHDRSZ", ioctl(fd, TUNSETVNETHDRSZ, &header)},
		    {"VNETLE", ioctl(fd, TUNSETVNETLE, &on)},
		    {"OFFLOAD", ioctl(fd, TUNSETOFFLOAD, 0)},
		    {"LINK", ioctl(fd, TUNSETLINK, 1)},
		    {"GROUP", ioctl(fd, TUNSETGROUP, getgid())},
		    {"CARRIER", ioctl(fd, TUNSETCARRIER, &on)},
		    {"STEERING", ioctl(fd, TUNSETSTEERINGEBPF, &no_program)},
		    {"FILTER", ioctl(fd, TUNATTACHFILTER, &filter)},
		    {"UNFILTER", ioctl(fd, TUNDETACHFILTER, &filter)},
		    {"DETACH", ioctl(fd, TUNSETQUEUE, &detach)},
		    {"PERSIST", ioctl(fd, TUNSETPERSIST, off)}};
	char list[512] = "";

	for (size_t i = 0; i < COUNT(done); i++)
		sprintf(list + strlen(list), "%s%s=%s", i ? " " : "", done[i].name, done[i].result == -1 ? "no" : "ok");
	answer("%s", list);
}

const struct verb tap_verbs[] = {{"tap-keep", do_keep}, {"tap-attach", do_attach},     {"tap-mac", do_mac},
				 {"tap-send", do_send}, {"tap-settings", do_settings}, {NULL, NULL}};
