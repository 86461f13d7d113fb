// SPDX-License-Identifier: GPL-2.0-only
/* The rings worked by hand; see direct.h. */
#include "direct.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int direct_attach(int fd, struct sdirect_attach *at)
{
	memset(at, 0, sizeof(*at));
	at->abi_version = SDIRECT_ABI_VERSION;
	return ioctl(fd, SDIRECT_IOC_ATTACH, at);
}

int direct_open(int fd, struct direct *d)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *rw, *ro;

	memset(d, 0, sizeof(*d));
	d->fd = fd;
	if (direct_attach(fd, &d->at))
		return -1;
	rw = mmap(NULL, d->at.tx_length, PROT_READ | PROT_WRITE, MAP_SHARED,
		  fd, d->at.tx_offset);
	if (rw == MAP_FAILED)
		return -1;
	ro = mmap(NULL, d->at.rx_length, PROT_READ, MAP_SHARED, fd,
		  d->at.rx_offset);
	if (ro == MAP_FAILED) {
		munmap(rw, d->at.tx_length);
		return -1;
	}
	d->ctl = (void *)rw;
	d->tx = rw + page;
	d->kern = (void *)ro;
	d->peer = (void *)(ro + page);
	d->rx = ro + 2 * page;
	d->me = &d->kern->end[d->at.side & 1];
	d->other = &d->kern->end[!(d->at.side & 1)];
	d->tail = SDIRECT_LOAD(&d->ctl->tx_tail);
	d->head = SDIRECT_LOAD(&d->ctl->rx_head);
	return 0;
}

int direct_open_warm(const struct net_family *nf, const struct net_pair *p,
		     struct direct *d)
{
	return net_warm(nf, p) || direct_open(p->client, d) ||
	       !d->at.tx_size || !d->at.rx_size ? -1 : 0;
}

void direct_close(struct direct *d)
{
	if (d->ctl)
		munmap(d->ctl, d->at.tx_length);
	if (d->kern)
		munmap((void *)d->kern, d->at.rx_length);
	memset(d, 0, sizeof(*d));
}

bool direct_tx_lost(const struct direct *d)
{
	return SDIRECT_LOAD(&d->me->tx_epoch) != d->at.tx_epoch;
}

bool direct_rx_lost(const struct direct *d)
{
	return SDIRECT_LOAD(&d->me->rx_epoch) != d->at.rx_epoch;
}

ssize_t direct_send(struct direct *d, const void *buf, size_t len)
{
	const uint64_t before = d->tail;
	int64_t room = 0;
	int ring = 0;

	__atomic_store_n(&d->ctl->tx_inside, net_tid(), __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (!direct_tx_lost(d) && !SDIRECT_LOAD(&d->me->tx_closed))
		room = sdirect_ring_room(d->at.tx_size, d->at.tx_base, before,
					 SDIRECT_LOAD_ACQUIRE(&d->peer->rx_head));
	if (room > 0) {
		len = len < (size_t)room ? len : (size_t)room;
		memcpy(d->tx + sdirect_ring_offset(d->at.tx_size, before), buf,
		       len);
		d->tail += len;
		ring = sdirect_ring_publish_tail(&d->ctl->tx_tail,
						 &d->other->rx_want,
						 &d->peer->rx_want, before,
						 d->tail);
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&d->ctl->tx_inside, 0, __ATOMIC_RELAXED);
	if (ring)
		ioctl(d->fd, SDIRECT_IOC_DOORBELL);
	return room > 0 ? (ssize_t)len : room;
}

ssize_t direct_recv(struct direct *d, void *buf, size_t len)
{
	const uint64_t before = d->head;
	int64_t avail = 0;
	uint64_t tail;
	int ring = 0;

	__atomic_store_n(&d->ctl->rx_inside, net_tid(), __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (!direct_rx_lost(d)) {
		tail = SDIRECT_LOAD_ACQUIRE(&d->peer->tx_tail);
		avail = sdirect_ring_avail(d->at.rx_size, before, tail,
					   SDIRECT_LOAD(&d->me->rx_limit));
	}
	if (avail > 0) {
		len = len < (size_t)avail ? len : (size_t)avail;
		memcpy(buf, d->rx + sdirect_ring_offset(d->at.rx_size, before),
		       len);
		d->head += len;
		ring = sdirect_ring_publish(&d->ctl->rx_head,
					    &d->other->tx_want, before,
					    d->head);
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&d->ctl->rx_inside, 0, __ATOMIC_RELAXED);
	if (ring)
		ioctl(d->fd, SDIRECT_IOC_DOORBELL);
	return avail > 0 ? (ssize_t)len : avail;
}

int direct_say(struct direct *d, uint64_t *pos, size_t len)
{
	char buf[4096];

	net_fill(buf, len, 1, *pos);
	*pos += len;
	return direct_send(d, buf, len) == (ssize_t)len ? 0 : -1;
}

int direct_hear(struct direct *d, uint64_t *pos, size_t len)
{
	const uint64_t end = net_now_ms() + NET_LIMIT_MS;
	char buf[4096];
	size_t got = 0;
	ssize_t n;

	while (got < len && net_now_ms() < end) {
		n = direct_recv(d, buf + got, len - got);
		if (n < 0)
			return -1;
		got += n;
	}
	errno = EBADMSG;
	if (got < len || net_check(buf, len, 1, *pos) >= 0)
		return -1;
	*pos += len;
	return 0;
}
