// SPDX-License-Identifier: GPL-2.0-only
/* What a 32-bit program asks: its ioctl() is another system call. */
#include <sys/mman.h>
#include <sys/wait.h>

#include <linux/sockios.h>

#include "fixture.h"

NET_FIXTURE(ia32);
NET_VARIANTS(ia32);

enum {
	IA32_GETPID = 20,
	IA32_IOCTL = 54,
};

static long int80(long nr, long a, long b, long c)
{
	long ret = -1;

#ifdef __x86_64__
	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c)
		     : "r8", "r9", "r10", "r11", "memory");
#endif
	return (int)ret;
}

/* A kernel that has no such system calls kills who makes them. */
static bool there(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(int80(IA32_GETPID, 0, 0, 0) != getpid());
	return waitpid(pid, &status, 0) == pid && !status;
}

/* Where 32 bits reach; it goes with the process. */
static void *low(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static long ioctl32(int fd, unsigned int cmd, const void *arg)
{
	return int80(IA32_IOCTL, fd, cmd, (long)arg);
}

TEST_F(ia32, counts)
{
	const unsigned int cmds[] = { SIOCINQ, SIOCOUTQ, SIOCATMARK };
	int *n = low(sizeof(*n)), want;
	char data[3000] = "";
	unsigned int i;

	if (!there())
		SKIP(return, "no 32-bit system calls");
	ASSERT_NE(NULL, n);
	ASSERT_EQ(3000, send(self->p.client, data, sizeof(data), 0));
	ASSERT_TRUE(net_until(net_queued(self->p.server, SIOCINQ) == 3000));
	for (i = 0; i < sizeof(cmds) / sizeof(*cmds); i++) {
		*n = -1;
		ASSERT_EQ(0, ioctl32(self->p.server, cmds[i], n));
		ASSERT_EQ(0, ioctl(self->p.server, cmds[i], &want));
		EXPECT_EQ(want, *n);
		EXPECT_EQ(-EFAULT, ioctl32(self->p.server, cmds[i],
					   (void *)8));
	}
}

TEST_F(ia32, own_requests)
{
	const bool direct = net_direct(&variant->nf);
	struct sdirect_attach *at = low(sizeof(*at));
	struct sdirect_settle *settle = low(sizeof(*settle));

	if (!there())
		SKIP(return, "no 32-bit system calls");
	ASSERT_TRUE(at && settle);
	ASSERT_EQ(0, net_warm(&variant->nf, &self->p));
	at->abi_version = SDIRECT_ABI_VERSION + 1;
	EXPECT_EQ(direct ? -EPROTO : -ENOTTY,
		  ioctl32(self->p.client, SDIRECT_IOC_ATTACH, at));
	EXPECT_EQ(direct ? 0 : -ENOTTY,
		  ioctl32(self->p.client, SDIRECT_IOC_DOORBELL, NULL));
	/* Under the shim it is the library that holds them. */
	if (!variant->nf.direct)
		return;
	at->abi_version = SDIRECT_ABI_VERSION;
	EXPECT_EQ(0, ioctl32(self->p.client, SDIRECT_IOC_ATTACH, at));
	EXPECT_NE(0u, at->tx_length);
	EXPECT_EQ(0, ioctl32(self->p.client, SDIRECT_IOC_SETTLE, settle));
	EXPECT_EQ(0, net_pingpong(&self->p, 100, 10));
}

NET_MAIN
