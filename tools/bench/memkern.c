// SPDX-License-Identifier: GPL-2.0-only
#include "memkern.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sdirect.h>
#include <linux/sdirect_ring.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/sys.h"
#include "sdirect.h"
#include "util.h"

#define TICK_NS		100000000u	/* a lost peer is noticed by the alarm */

/**
 * struct state - what both processes share besides the pages
 * @bell:	counts doorbells of each end; what it sleeps on
 * @slow:	calls that came here
 */
struct state {
	uint32_t bell[2];
	uint64_t slow;
};

/**
 * struct memkern - the connection
 * @fd:		its ends, the same memory file
 * @page:	of memory, bytes
 * @ring:	size of each ring, bytes
 * @state:	shared by both processes
 * @kern:	the kernel's page
 * @ctl:	the page of each end
 * @data:	the ring that each end sends on
 */
struct memkern {
	int fd[2];
	size_t page;
	size_t ring;
	struct state *state;
	struct sdirect_kern_page *kern;
	struct sdirect_ctl_page *ctl[2];
	uint8_t *data[2];
};

static struct memkern mk;

/* The file: the kernel's page, the page of each end, the ring of each end. */
static off_t ctl_offset(int side)
{
	return (off_t)(mk.page * (1 + (size_t)side));
}

static off_t ring_offset(int side)
{
	return (off_t)(mk.page * 3 + mk.ring * (size_t)side);
}

static int side_of(int fd)
{
	if (fd != mk.fd[0] && fd != mk.fd[1])
		bench_die("a strange descriptor: %d", fd);
	return fd == mk.fd[1];
}

static void map_at(char *at, size_t size, int prot, off_t offset)
{
	if (mmap(at, size, prot, MAP_SHARED | MAP_FIXED | MAP_POPULATE,
		 mk.fd[0], offset) != at)
		bench_die("mmap");
}

static void map_ring(char *at, int prot, int side)
{
	map_at(at, mk.ring, prot, ring_offset(side));
	map_at(at + mk.ring, mk.ring, prot, ring_offset(side));
}

/* As the module has it: offset 0 is the view to write, the page the other. */
static int mk_mmap(void **where, size_t len, int prot, int fd, off_t offset)
{
	int side = side_of(fd);
	char *at = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED)
		return -errno;
	*where = at;
	if (!offset) {
		map_at(at, mk.page, prot, ctl_offset(side));
		map_ring(at + mk.page, prot, side);
		return 0;
	}
	map_at(at, mk.page, prot, 0);
	map_at(at + mk.page, mk.page, prot, ctl_offset(!side));
	map_ring(at + 2 * mk.page, prot, !side);
	return 0;
}

static void mk_munmap(void *addr, size_t len)
{
	munmap(addr, len);
}

static int attach(int side, struct sdirect_attach *at)
{
	at->side = (uint32_t)side;
	at->tx_epoch = 0;
	at->rx_epoch = 0;
	at->tx_base = 0;
	at->rx_base = 0;
	at->tx_size = (uint32_t)mk.ring;
	at->rx_size = (uint32_t)mk.ring;
	at->tx_offset = 0;
	at->rx_offset = mk.page;
	at->tx_length = mk.page + 2 * mk.ring;
	at->rx_length = 2 * mk.page + 2 * mk.ring;
	return 0;
}

static void ring_bell(int side)
{
	__atomic_add_fetch(&mk.state->bell[!side], 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &mk.state->bell[!side], FUTEX_WAKE, 1, NULL, NULL,
		0);
}

static int mk_ioctl(int fd, unsigned long request, void *arg)
{
	int side = side_of(fd);

	switch (request) {
	case SDIRECT_IOC_ATTACH:
		return attach(side, arg);
	case SDIRECT_IOC_DOORBELL:
		__atomic_add_fetch(&mk.state->slow, 1, __ATOMIC_RELAXED);
		ring_bell(side);
		return 0;
	case FIONREAD:
		*(int *)arg = (int)(SDIRECT_LOAD(&mk.ctl[!side]->tx_tail) -
				    SDIRECT_LOAD(&mk.ctl[side]->rx_head));
		return 0;
	}
	return -ENOTTY;
}

static int mk_getfl(int fd)
{
	(void)fd;
	return O_RDWR;
}

/**
 * struct way - one direction as seen from one of its ends
 * @mine:	the position that this end moves
 * @theirs:	the position of the other end
 * @my_want:	where this end wants to be woken
 * @their_want:	where the other does
 * @lead:	bytes that @theirs may be behind @mine before this end has to
 *		wait
 */
struct way {
	__u64 *mine;
	__u64 *theirs;
	__u64 *my_want;
	__u64 *their_want;
	uint64_t lead;
};

static struct way way_of(int side, int sends)
{
	struct way w = {
		.mine = sends ? &mk.ctl[side]->tx_tail : &mk.ctl[side]->rx_head,
		.theirs = sends ? &mk.ctl[!side]->rx_head :
				  &mk.ctl[!side]->tx_tail,
		.my_want = sends ? &mk.kern->end[side].tx_want :
				   &mk.kern->end[side].rx_want,
		.their_want = sends ? &mk.kern->end[!side].rx_want :
				      &mk.kern->end[!side].tx_want,
		.lead = sends ? mk.ring : 0,
	};

	return w;
}

static size_t ready(const struct way *w)
{
	return (size_t)(SDIRECT_LOAD_ACQUIRE(w->theirs) + w->lead -
			SDIRECT_LOAD(w->mine));
}

static void wait_ready(const struct way *w, int side)
{
	const struct timespec tick = { .tv_nsec = TICK_NS };
	uint32_t *bell = &mk.state->bell[side];
	uint32_t heard;

	while (!ready(w)) {
		heard = __atomic_load_n(bell, __ATOMIC_SEQ_CST);
		sdirect_ring_arm(w->my_want, SDIRECT_LOAD(w->mine) - w->lead);
		if (!ready(w))
			syscall(SYS_futex, bell, FUTEX_WAIT, heard, &tick, NULL,
				0);
	}
}

/* One call of the other kind: waits for something to do, and does it. */
static size_t move(int side, int sends, uint8_t *buf, size_t len)
{
	struct way w = way_of(side, sends);
	uint64_t pos = SDIRECT_LOAD(w.mine);
	uint8_t *at = mk.data[sends ? side : !side] + pos % mk.ring;
	size_t n;

	wait_ready(&w, side);
	n = ready(&w);
	n = n < len ? n : len;
	memcpy(sends ? at : buf, sends ? buf : at, n);
	if (sdirect_ring_publish(w.mine, w.their_want, pos, pos + n))
		ring_bell(side);
	return n;
}

static ssize_t mk_send(int fd, const void *buf, size_t len, int flags)
{
	size_t done = 0;

	(void)flags;
	__atomic_add_fetch(&mk.state->slow, 1, __ATOMIC_RELAXED);
	while (done < len)
		done += move(side_of(fd), 1, (uint8_t *)buf + done, len - done);
	return (ssize_t)done;
}

static ssize_t mk_recv(int fd, void *buf, size_t len, int flags)
{
	size_t done = 0;

	__atomic_add_fetch(&mk.state->slow, 1, __ATOMIC_RELAXED);
	do {
		done += move(side_of(fd), 0, (uint8_t *)buf + done, len - done);
	} while (flags & MSG_WAITALL && done < len);
	return (ssize_t)done;
}

static ssize_t mk_message(int fd, struct msghdr *msg, int flags,
			  ssize_t (*call)(int fd, void *buf, size_t len,
					  int flags))
{
	ssize_t done = 0;

	for (size_t i = 0; i < msg->msg_iovlen; i++)
		done += call(fd, msg->msg_iov[i].iov_base,
			     msg->msg_iov[i].iov_len, flags);
	return done;
}

static ssize_t send_part(int fd, void *buf, size_t len, int flags)
{
	return mk_send(fd, buf, len, flags);
}

static ssize_t mk_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return mk_message(fd, (struct msghdr *)msg, flags, send_part);
}

static ssize_t mk_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return mk_message(fd, msg, flags | MSG_WAITALL, mk_recv);
}

void memkern_make(int fds[2], size_t ring)
{
	char *at;

	mk.page = (size_t)sysconf(_SC_PAGESIZE);
	mk.ring = ring;
	mk.state = bench_shared(sizeof(*mk.state));
	mk.fd[0] = memfd_create("sdirect-bench", MFD_CLOEXEC);
	mk.fd[1] = dup(mk.fd[0]);
	if (mk.fd[1] < 0 ||
	    ftruncate(mk.fd[0], (off_t)(3 * mk.page + 2 * ring)))
		bench_die("memfd");
	at = mmap(NULL, 3 * mk.page + 4 * ring, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		bench_die("mmap");
	map_at(at, 3 * mk.page, PROT_READ | PROT_WRITE, 0);
	mk.kern = (void *)at;
	for (int i = 0; i < 2; i++) {
		mk.ctl[i] = (void *)(at + ctl_offset(i));
		mk.data[i] = (uint8_t *)at + 3 * mk.page + 2 * ring * (size_t)i;
		map_ring((char *)mk.data[i], PROT_READ | PROT_WRITE, i);
		mk.kern->end[i].rx_limit = SDIRECT_POS_OPEN;
	}
	fds[0] = mk.fd[0];
	fds[1] = mk.fd[1];
}

void memkern_attach(int fd)
{
	sdi_sys = (struct sdi_sys) {
		.send = mk_send, .recv = mk_recv,
		.sendmsg = mk_sendmsg, .recvmsg = mk_recvmsg,
		.ioctl = mk_ioctl, .mmap = mk_mmap, .munmap = mk_munmap,
		.getfl = mk_getfl,
	};
	if (sdirect_attach(fd))
		bench_die("attach");
}

uint64_t memkern_fast_calls(int fd)
{
	const struct sdirect_ctl_page *ctl = mk.ctl[side_of(fd)];

	return ctl->tx_ops + ctl->rx_ops;
}

uint64_t memkern_slow_calls(void)
{
	return __atomic_load_n(&mk.state->slow, __ATOMIC_RELAXED);
}
