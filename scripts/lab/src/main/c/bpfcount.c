/* bpfcount: prints how many programs and maps of the whole machine have a name that begins with "sluice". */
#include "bpf.h"
#include <stddef.h>

/* Both bpf_prog_info and bpf_map_info: where the name is. */
static int is_ours(int fd, size_t name_at)
{
	uint8_t info[256] = {0};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)info;
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && strncmp((char *)info + name_at, "sluice", 6) == 0;
}

static unsigned count(int next, int open, size_t name_at)
{
	unsigned ours = 0;

	for (uint32_t id = 0;;) {
		union bpf_attr attr;

		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		if (bpf(next, &attr) < 0)
			return ours;
		id = attr.next_id;
		memset(&attr, 0, sizeof(attr));
		attr.prog_id = id;
		long fd = bpf(open, &attr);
		if (fd >= 0) {
			ours += is_ours(fd, name_at);
			close(fd);
		}
	}
}

int main(void)
{
	printf("programs %u maps %u\n",
	       count(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, offsetof(struct bpf_prog_info, name)),
	       count(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, offsetof(struct bpf_map_info, name)));
	return 0;
}
