/*
 * redirect LEFT RIGHT: has the kernel itself forward what comes in on each of two devices to the other, by an XDP program in
 * the driver that redirects every frame. Nothing that leaves the kernel can be faster; a link that is handed to the kernel is
 * measured against it.
 */
#include "bpf.h"
#include <linux/if_link.h>
#include <net/if.h>

static void redirect(const char *from, const char *to)
{
	int ifindex = if_nametoindex(from), target = if_nametoindex(to);

	if (ifindex == 0)
		fail(from);
	if (target == 0)
		fail(to);
	const struct bpf_insn program[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, target),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = load_xdp(program, COUNT(program));
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	/* The link, and with it the attachment, ends with this process. */
	if (bpf(BPF_LINK_CREATE, &attr) < 0)
		fail("attaching an XDP program");
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: redirect LEFT RIGHT\n");
		return 2;
	}
	redirect(argv[1], argv[2]);
	redirect(argv[2], argv[1]);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
