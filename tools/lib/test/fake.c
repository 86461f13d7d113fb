// SPDX-License-Identifier: GPL-2.0-only
/* The fake kernel: memory, leases, ioctls. */
#include "fake.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <linux/sdirect_ring.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "entry.h"
#include "raw.h"
#include "sys.h"

struct fake fake;

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

int fake_memory(size_t size)
{
	int fd = memfd_create("fake", MFD_CLOEXEC);

	need(fd >= 0 && !ftruncate(fd, (off_t)size), "memfd");
	return fd;
}

static void map_at(void *at, size_t size, int prot, int fd, off_t offset)
{
	int flags = MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS :
					  MAP_SHARED);

	/* The thread sanitizer would take the C library's for a store. */
	need((void *)syscall(SYS_mmap, at, size, prot, flags, fd, offset) == at,
	     "mmap");
}

static void *reserve(size_t size)
{
	void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	need(at != MAP_FAILED, "mmap");
	return at;
}

void *fake_map_twice(int fd, size_t size, int prot, void *at)
{
	if (!at)
		at = reserve(2 * size);
	map_at(at, size, prot, fd, 0);
	map_at((char *)at + size, size, prot, fd, 0);
	return at;
}

static void seg_open(int side, int i, uint64_t start, uint32_t size)
{
	struct fake_seg *seg = &fake.end[side].seg[i];

	seg->start = start;
	seg->end = SDIRECT_POS_OPEN;
	seg->size = size;
	seg->fd = fake_memory(size);
	seg->ring = fake_map_twice(seg->fd, size, PROT_READ | PROT_WRITE, NULL);
}

static int side_of(int fd)
{
	need(fd == FAKE_FD || fd == FAKE_FD + 1, "descriptor");
	return fd - FAKE_FD;
}

/*
 * What an attach says is to be mapped: a ring may be appended before the
 * library comes to map the one it was told of.
 */
static uint64_t offset_of(int rx, int seg)
{
	return fake.page * (1 + (uint64_t)rx * FAKE_SEGS + (uint64_t)seg);
}

/* Of the lease before: its holder took them back on the dummy page. */
static void forget_marks(struct sdirect_ctl_page *ctl)
{
	ctl->tx_inside = 0;
	ctl->rx_inside = 0;
	__atomic_store_n(&ctl->tx_call, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&ctl->rx_call, 0, __ATOMIC_RELAXED);
}

static int attach(int side, struct sdirect_attach *at)
{
	struct fake_end *e = &fake.end[side], *peer = &fake.end[!side];
	struct fake_seg *tx, *rx;

	fake.attaches++;
	if (at->abi_version != SDIRECT_ABI_VERSION)
		return -EPROTO;
	if (fake.attach_error)
		return -fake.attach_error;
	while (peer->seg[e->rx_seg].end ==
	       SDIRECT_LOAD(&fake.ctl[side]->rx_head))
		fake_advance(side);
	tx = &e->seg[e->tx_seg];
	rx = &peer->seg[e->rx_seg];
	if (!e->leased)
		forget_marks(fake.ctl[side]);
	e->leased = 1;
	at->side = (uint32_t)side;
	at->tx_epoch = SDIRECT_LOAD(&fake.kern->end[side].tx_epoch);
	at->rx_epoch = SDIRECT_LOAD(&fake.kern->end[side].rx_epoch);
	at->tx_offset = offset_of(0, e->tx_seg);
	at->rx_offset = offset_of(1, e->rx_seg);
	at->tx_length = fake.page + 2 * tx->size;
	at->rx_length = 2 * fake.page + 2 * rx->size;
	at->tx_base = tx->start;
	at->rx_base = rx->start;
	at->tx_size = tx->size;
	at->rx_size = rx->size;
	return 0;
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	int side = side_of(fd), err = 0;

	pthread_mutex_lock(&fake.lock);
	switch (request) {
	case SDIRECT_IOC_ATTACH:
		err = attach(side, arg);
		break;
	case SDIRECT_IOC_SETTLE:
		fake.settles++;
		*(struct sdirect_settle *)arg = fake.end[side].settle;
		break;
	case FIONREAD:
		*(int *)arg = (int)(SDIRECT_LOAD(&fake.ctl[!side]->tx_tail) -
				    SDIRECT_LOAD(&fake.ctl[side]->rx_head));
		break;
	case SDIRECT_IOC_DOORBELL:
		fake.bells++;
		fake_wake(!side);
		break;
	default:
		err = -ENOTTY;
	}
	pthread_mutex_unlock(&fake.lock);
	return err;
}

static int fake_mmap(void **where, size_t len, int prot, int fd, off_t offset)
{
	int side = side_of(fd), at_page = (int)((size_t)offset / fake.page) - 1;
	int rx = at_page / FAKE_SEGS, i = at_page % FAKE_SEGS;
	struct fake_end *e = &fake.end[side];
	struct fake_seg *seg;
	char *at = reserve(len);

	pthread_mutex_lock(&fake.lock);
	seg = &fake.end[rx ? !side : side].seg[i];
	if (rx) {
		map_at(at, fake.page, prot, fake.page_fd, 0);
		map_at(at + fake.page, fake.page, prot, fake.page_fd,
		       (off_t)fake.page * (1 + !side));
	} else {
		map_at(at, fake.page, prot, fake.page_fd,
		       (off_t)fake.page * (1 + side));
		e->tx_map = at;
		e->tx_length = len;
	}
	fake_map_twice(seg->fd, seg->size, prot, at + (1 + rx) * fake.page);
	fake.mapped++;
	pthread_mutex_unlock(&fake.lock);
	*where = at;
	return 0;
}

static void fake_munmap(void *addr, size_t len)
{
	pthread_mutex_lock(&fake.lock);
	for (int side = 0; side < 2; side++)
		if (fake.end[side].tx_map == addr)
			fake.end[side].tx_map = NULL;
	munmap(addr, len);
	fake.mapped--;
	pthread_mutex_unlock(&fake.lock);
}

static int fake_getfl(int fd)
{
	return fake.end[side_of(fd)].nonblock ? 04000 : 0;
}

/* An end of the connection is its eventfd there. */
static int fake_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	fake.ctls++;
	if (fd == FAKE_FD || fd == FAKE_FD + 1)
		fd = fake.bell_fd[side_of(fd)];
	if (epoll_ctl(ep, op, fd, ev))
		return -errno;
	if (op != EPOLL_CTL_DEL)
		fake.told = *ev;
	return 0;
}

/* A wake-up that is lost ends here, not in a hang. */
static int fake_epoll_wait(int ep, struct epoll_event *ev, int max,
			   const struct timespec *timeout, const sigset_t *mask)
{
	const struct timespec limit = { .tv_sec = 20 };
	int n = epoll_pwait2(ep, ev, max, timeout ? timeout : &limit, mask);

	fake.waits++;
	need(n || timeout, "epoll_wait() that ends");
	return n;
}

static int fake_epoll_ask(int ep, struct epoll_event *ev, int max)
{
	long n = sdi_raw(SYS_epoll_pwait, ep, ev, max, 0, NULL, _NSIG / 8);

	fake.waits++;
	return (int)n;
}

void fake_wake(int side)
{
	const uint64_t one = 1;

	pthread_cond_broadcast(&fake.cond);
	need(write(fake.bell_fd[side], &one, sizeof(one)) == sizeof(one),
	     "eventfd");
}

void fake_revoke_locked(int side)
{
	struct sdirect_kern_end *end = &fake.kern->end[side];
	struct sdirect_ctl_page *ctl = fake.ctl[side];
	struct fake_end *e = &fake.end[side];

	if (!e->leased)
		return;
	e->leased = 0;
	fake.revokes++;
	__atomic_add_fetch(&end->tx_epoch, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&end->rx_epoch, 1, __ATOMIC_SEQ_CST);
	need(!syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0),
	     "membarrier");
	for (int i = 0; i < 1000 && (SDIRECT_LOAD(&ctl->tx_inside) ||
				     SDIRECT_LOAD(&ctl->rx_inside)); i++)
		sched_yield();
	if (e->tx_map)
		map_at(e->tx_map, e->tx_length, PROT_READ | PROT_WRITE, -1, 0);
	e->settle.tx_final = SDIRECT_LOAD_ACQUIRE(&ctl->tx_tail);
	e->settle.rx_final = SDIRECT_LOAD_ACQUIRE(&ctl->rx_head);
}

void fake_revoke(int side)
{
	pthread_mutex_lock(&fake.lock);
	fake_revoke_locked(side);
	pthread_mutex_unlock(&fake.lock);
}

void fake_hang_up(int side)
{
	pthread_mutex_lock(&fake.lock);
	fake.end[side].closed = 1;
	__atomic_store_n(&fake.kern->end[!side].tx_closed, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&fake.cond);
	pthread_mutex_unlock(&fake.lock);
}

/* Append a larger ring to what @side sends on. */
void fake_grow(int side)
{
	struct fake_end *e = &fake.end[side];
	struct fake_seg *old = &e->seg[e->tx_seg];
	uint64_t tail = SDIRECT_LOAD(&fake.ctl[side]->tx_tail);

	seg_open(side, ++e->tx_seg, tail, old->size * 2);
	old->end = tail;
	if (fake.end[!side].rx_seg == e->tx_seg - 1)
		__atomic_store_n(&fake.kern->end[!side].rx_limit, tail,
				 __ATOMIC_RELEASE);
	__atomic_add_fetch(&fake.kern->end[side].tx_epoch, 1, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&fake.cond);
}

/* The receiver has read the ring to its end. */
void fake_advance(int side)
{
	struct fake_end *e = &fake.end[side];

	e->rx_seg++;
	__atomic_store_n(&fake.kern->end[side].rx_limit,
			 fake.end[!side].seg[e->rx_seg].end, __ATOMIC_RELEASE);
	__atomic_add_fetch(&fake.kern->end[side].rx_epoch, 1, __ATOMIC_SEQ_CST);
}

void fake_open(uint32_t size, uint32_t max)
{
	char *pages;

	need(!syscall(SYS_membarrier,
		      MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0),
	     "membarrier");
	memset(&fake, 0, sizeof(fake));
	pthread_mutex_init(&fake.lock, NULL);
	pthread_cond_init(&fake.cond, NULL);
	fake.page = (size_t)sysconf(_SC_PAGESIZE);
	fake.ring_max = max;
	fake.page_fd = fake_memory(3 * fake.page);
	pages = reserve(3 * fake.page);
	map_at(pages, 3 * fake.page, PROT_READ | PROT_WRITE, fake.page_fd, 0);
	fake.kern = (void *)pages;
	for (int i = 0; i < 2; i++) {
		fake.ctl[i] = (void *)(pages + (1 + (size_t)i) * fake.page);
		fake.kern->end[i].rx_limit = SDIRECT_POS_OPEN;
		seg_open(i, 0, 0, size);
		fake.bell_fd[i] = eventfd(0, EFD_NONBLOCK);
	}
	sdi_sys = (struct sdi_sys) {
		.send = fake_send, .recv = fake_recv,
		.sendmsg = fake_sendmsg, .recvmsg = fake_recvmsg,
		.ioctl = fake_ioctl, .mmap = fake_mmap,
		.munmap = fake_munmap, .getfl = fake_getfl,
		.epoll_ctl = fake_epoll_ctl, .epoll_wait = fake_epoll_wait,
		.epoll_ask = fake_epoll_ask,
	};
	sdi_fd_note(FAKE_FD);
	sdi_fd_note(FAKE_FD + 1);
}

void fake_close(void)
{
	sdi_fd_drop(FAKE_FD);
	sdi_fd_drop(FAKE_FD + 1);
	for (int i = 0; i < 2; i++) {
		close(fake.bell_fd[i]);
		for (int k = 0; k <= fake.end[i].tx_seg; k++) {
			munmap(fake.end[i].seg[k].ring,
			       2 * fake.end[i].seg[k].size);
			close(fake.end[i].seg[k].fd);
		}
	}
	munmap(fake.kern, 3 * fake.page);
	close(fake.page_fd);
}
