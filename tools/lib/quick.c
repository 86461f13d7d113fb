// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "quick.h"

#include "entry.h"

#define AWAY	__attribute__((noinline))

/* In which the quick calls look: all entries, or an empty one. */
static struct sdi_entry *const none[SDI_CHUNKS];
static struct sdi_entry *const *chunks = sdi_chunks;

void sdi_quick_off(void)
{
	__atomic_store_n(&chunks, none, __ATOMIC_RELEASE);
}

static __always_inline struct sdi_entry *find(int fd)
{
	return sdi_entry_in(__atomic_load_n(&chunks, __ATOMIC_RELAXED), fd);
}

/* True if it is on rings, and the lock held of the direction that is ours. */
static __always_inline int enter(struct sdi_entry *e, uint32_t *lock,
				 uint32_t tid)
{
	/* Of another process, it may be, with the mark of that. */
	if (!sdi_lock_at_once(lock, tid))
		return 0;
	/* Only with the lock does it remain so. */
	if (sdi_entry_made_here(e))
		return 1;
	sdi_unlock(lock);
	return 0;
}

static AWAY ssize_t send_rest(struct sdi_entry *e, int fd, const void *buf,
			      size_t len, int flags)
{
	return sdi_result(sdi_send_more(e, fd, buf, len, flags));
}

static __always_inline ssize_t
try_send(int fd, const void *buf, size_t len, int flags, sdi_send_way *longer)
{
	const uint32_t tid = sdi_thread.tid;
	struct sdi_entry *e = find(fd);
	struct sdi_moved m;

	if (!e || !sdi_is_quick(buf, len, flags) || !enter(e, &e->tx_lock, tid))
		return longer(fd, buf, len, flags);
	m = sdi_quick_send(&e->view, tid, buf, len);
	if (__builtin_expect(m.todo, 0)) {
		e->tx_moved = m;
		return send_rest(e, fd, buf, len, flags);
	}
	sdi_unlock(&e->tx_lock);
	return m.count ? (ssize_t)m.count : longer(fd, buf, len, flags);
}

/* The copy is a call: registers are saved. */
static AWAY ssize_t try_send_many(int fd, const void *buf, size_t len,
				  int flags, sdi_send_way *longer)
{
	return try_send(fd, buf, len, flags, longer);
}

ssize_t sdi_try_send(int fd, const void *buf, size_t len, int flags,
		     sdi_send_way *longer)
{
	return sdi_is_few(len) ? try_send(fd, buf, len, flags, longer) :
				 try_send_many(fd, buf, len, flags, longer);
}

static AWAY ssize_t recv_rest(struct sdi_entry *e, int fd, void *buf,
			      size_t len, int flags)
{
	return sdi_result(sdi_recv_more(e, fd, buf, len, flags));
}

static ssize_t
try_recv_many(int fd, void *buf, size_t len, int flags, sdi_recv_way *longer);

/* Where there is less than @least, it is cut where the copy is not in line. */
static __always_inline ssize_t
try_recv(int fd, void *buf, size_t len, int flags, size_t least,
	 sdi_recv_way *longer)
{
	const uint32_t tid = sdi_thread.tid;
	struct sdi_entry *e = find(fd);
	struct sdi_moved m;

	if (!e || !sdi_is_quick(buf, len, flags) || !enter(e, &e->rx_lock, tid))
		return longer(fd, buf, len, flags);
	m = sdi_quick_recv(&e->view, tid, buf, len, least);
	if (__builtin_expect(m.count && !sdi_quick_all(&e->view, &m, len), 0)) {
		e->rx_moved = m;
		return recv_rest(e, fd, buf, len, flags);
	}
	sdi_unlock(&e->rx_lock);
	if (m.count)
		return (ssize_t)m.count;
	return least > 1 ? try_recv_many(fd, buf, len, flags, longer) :
			   longer(fd, buf, len, flags);
}

static AWAY ssize_t try_recv_many(int fd, void *buf, size_t len, int flags,
				  sdi_recv_way *longer)
{
	return try_recv(fd, buf, len, flags, 1, longer);
}

ssize_t sdi_try_recv(int fd, void *buf, size_t len, int flags,
		     sdi_recv_way *longer)
{
	return sdi_is_few(len) ? try_recv(fd, buf, len, flags, len, longer) :
				 try_recv_many(fd, buf, len, flags, longer);
}
