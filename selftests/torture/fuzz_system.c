// SPDX-License-Identifier: GPL-2.0-only
/* The fuzzer's calls that are not on sockets of the family itself. */
#include "fuzz.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sdirect_netlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* One message of generic netlink, with room for one attribute. */
struct request {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	struct nlattr attr;
	char value[16];
};

static struct request request(int type, int flags, int cmd, int version)
{
	struct request r = {};

	r.nl.nlmsg_len = offsetof(struct request, attr);
	r.nl.nlmsg_type = type;
	r.nl.nlmsg_flags = NLM_F_REQUEST | flags;
	r.genl.cmd = cmd;
	r.genl.version = version;
	return r;
}

static void add_attr(struct request *r, int type, const void *value,
		     size_t length)
{
	r->attr.nla_type = type;
	r->attr.nla_len = NLA_HDRLEN + length;
	memcpy(r->value, value, length);
	r->nl.nlmsg_len += NLA_ALIGN(r->attr.nla_len);
}

/* The number that the kernel has given to the module's family; 0: none. */
static int family_of(int fd)
{
	struct request r = request(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, 1);
	char reply[4096] __attribute__((aligned(8)));
	struct nlattr *a;
	ssize_t n;
	size_t at;

	add_attr(&r, CTRL_ATTR_FAMILY_NAME, SDIRECT_GENL_NAME,
		 sizeof(SDIRECT_GENL_NAME));
	if (send(fd, &r, r.nl.nlmsg_len, 0) < 0)
		return 0;
	n = recv(fd, reply, sizeof(reply), MSG_DONTWAIT);
	for (at = offsetof(struct request, attr); n > 0 &&
	     at + sizeof(*a) + 2 <= (size_t)n; at += NLA_ALIGN(a->nla_len)) {
		a = (struct nlattr *)(reply + at);
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(uint16_t *)(a + 1);
		if (a->nla_len < sizeof(*a))
			break;
	}
	return 0;
}

static void do_netlink(struct fuzzer *z)
{
	static const int flags[] = { NLM_F_DUMP, NLM_F_DUMP, 0, NLM_F_ACK };
	static const size_t room[] = { 16, 300, 4096, 20000 };
	const int cmd = fuzz_below(z, 4), flag = flags[fuzz_below(z, 4)];
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			      NETLINK_GENERIC);
	uint64_t value;
	struct request r;
	int i, type;

	if (fd < 0)
		return;
	r = request(family_of(fd), flag, cmd, SDIRECT_GENL_VERSION);
	if (fuzz_one_in(z, 2)) {
		value = fuzz_below(z, 4);
		type = fuzz_one_in(z, 4) ? (int)fuzz_below(z, 30) :
					   SDIRECT_A_CONN_FLAGS;
		add_attr(&r, type, &value, fuzz_one_in(z, 8) ? 8 : 4);
		if (fuzz_one_in(z, 8))
			r.attr.nla_len = fuzz_below(z, 1 << 16);
	}
	send(fd, &r, r.nl.nlmsg_len, 0);
	for (i = fuzz_below(z, 4); i; i--)
		recv(fd, z->buf, room[fuzz_below(z, 4)], MSG_DONTWAIT);
	/* A dump may be left where it is. */
	if (fuzz_one_in(z, 4))
		fuzz_keep(z, fd);
	else
		close(fd);
}

/* What is connected stays in the old namespace; new sockets meet in the new. */
static void do_unshare(struct fuzzer *z)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	(void)z;
	if (unshare(CLONE_NEWNET))
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
}

#ifdef __x86_64__
/* As a 32-bit program does it. */
static long ioctl32(int fd, unsigned int request, void *arg)
{
	const long number = 54;
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (number), "b" ((long)fd), "c" ((long)request),
		       "d" ((long)arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}
#else
static long ioctl32(int fd, unsigned int request, void *arg)
{
	return ioctl(fd, request, arg);
}
#endif

static void do_ioctl32(struct fuzzer *z)
{
	static const unsigned int requests[] = {
		SDIRECT_IOC_ATTACH, SDIRECT_IOC_SETTLE, SDIRECT_IOC_DOORBELL,
		_IOC(_IOC_READ, SDIRECT_IOC_MAGIC, 9, 4), 0x541b, 0x8905,
	};
	const int fd = fuzz_fd(z);
	const unsigned int request = requests[fuzz_below(z, 6)];
	struct sdirect_attach *low;

	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		return;
	low->abi_version = SDIRECT_ABI_VERSION;
	if (!ioctl32(fd, request, low) && request == SDIRECT_IOC_ATTACH)
		z->f->at = *low;
	munmap(low, 4096);
}

const struct fuzz_op fuzz_system_ops[] = {
	FUZZ_OP(netlink, 5), FUZZ_OP(unshare, 1), FUZZ_OP(ioctl32, 2), {}
};
