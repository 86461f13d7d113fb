// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "quick.h"

#include "entry.h"

#define AWAY	__attribute__((hot, noinline))	/* SDI_HOT */

/* What a copy of a call is for: each is a function, to save registers. */
enum quick {
	ALONE,		/* few bytes, by the only thread */
	SHARED,		/* few bytes */
	MANY,		/* the copy is a call: registers are saved */
};

/* The caller knows, and the compiler is to: no copy is a call. */
static __always_inline void expect_few(size_t len)
{
	if (!sdi_is_few(len))
		__builtin_unreachable();
}

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

static __always_inline int take(uint32_t *lock, uint32_t tid, enum quick quick)
{
	if (quick == MANY)
		return sdi_lock_at_once(lock, tid);
	return quick == ALONE ? sdi_trylock_alone(lock, tid) :
				sdi_trylock(lock, tid);
}

/* True if it is on rings, and the lock held of the direction that is ours. */
static __always_inline int enter(struct sdi_entry *e, uint32_t *lock,
				 uint32_t tid, enum quick quick)
{
	/* Many are never on rings; the shortest way is for those that are. */
	if (quick == MANY && !sdi_entry_made_here(e))
		return 0;
	/* Of another process, it may be, with the mark of that. */
	if (!take(lock, tid, quick))
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

/* Once in a ring's length more room is to be looked for: with MANY alone. */
static __always_inline ssize_t
try_send(int fd, const void *buf, size_t len, int flags, enum quick quick,
	 sdi_send_way *longer)
{
	const uint32_t tid = sdi_thread.tid;
	struct sdi_entry *e = find(fd);
	struct sdi_moved m;

	if (!e || !sdi_is_quick(buf, len, flags) ||
	    !enter(e, &e->tx_lock, tid, quick))
		return longer(fd, buf, len, flags);
	m = sdi_quick_send(&e->view, tid, buf, len, quick == MANY);
	if (__builtin_expect(m.todo, 0)) {
		e->tx_moved = m;
		return send_rest(e, fd, buf, len, flags);
	}
	sdi_unlock(&e->tx_lock);
	if (m.count)
		return (ssize_t)m.count;
	return quick == MANY ? longer(fd, buf, len, flags) :
			       sdi_try_send_many(fd, buf, len, flags, longer);
}

AWAY ssize_t sdi_try_send_many(int fd, const void *buf, size_t len, int flags,
			       sdi_send_way *longer)
{
	return try_send(fd, buf, len, flags, MANY, longer);
}

static AWAY ssize_t try_send_shared(int fd, const void *buf, size_t len,
				    int flags, sdi_send_way *longer)
{
	expect_few(len);
	return try_send(fd, buf, len, flags, SHARED, longer);
}

SDI_HOT ssize_t sdi_try_send_few(int fd, const void *buf, size_t len,
				 int flags, sdi_send_way *longer)
{
	expect_few(len);
	if (!__libc_single_threaded)
		return try_send_shared(fd, buf, len, flags, longer);
	return try_send(fd, buf, len, flags, ALONE, longer);
}

static AWAY ssize_t recv_rest(struct sdi_entry *e, int fd, void *buf,
			      size_t len, int flags)
{
	return sdi_result(sdi_recv_more(e, fd, buf, len, flags));
}

/* Where there is less than asked for, it is cut where the copy is a call. */
static __always_inline ssize_t
try_recv(int fd, void *buf, size_t len, int flags, enum quick quick,
	 sdi_recv_way *longer)
{
	const uint32_t tid = sdi_thread.tid;
	struct sdi_entry *e = find(fd);
	struct sdi_moved m;

	if (!e || !sdi_is_quick(buf, len, flags) ||
	    !enter(e, &e->rx_lock, tid, quick))
		return longer(fd, buf, len, flags);
	m = sdi_quick_recv(&e->view, tid, buf, len, quick == MANY ? 1 : len,
			   quick == MANY);
	if (__builtin_expect(m.count && !sdi_quick_all(&e->view, &m, len), 0)) {
		e->rx_moved = m;
		return recv_rest(e, fd, buf, len, flags);
	}
	sdi_unlock(&e->rx_lock);
	if (m.count)
		return (ssize_t)m.count;
	return quick == MANY || m.todo & SDI_EMPTY ?
	       longer(fd, buf, len, flags) :
	       sdi_try_recv_many(fd, buf, len, flags, longer);
}

AWAY ssize_t sdi_try_recv_many(int fd, void *buf, size_t len, int flags,
			       sdi_recv_way *longer)
{
	return try_recv(fd, buf, len, flags, MANY, longer);
}

static AWAY ssize_t try_recv_shared(int fd, void *buf, size_t len, int flags,
				    sdi_recv_way *longer)
{
	expect_few(len);
	return try_recv(fd, buf, len, flags, SHARED, longer);
}

SDI_HOT ssize_t sdi_try_recv_few(int fd, void *buf, size_t len, int flags,
				 sdi_recv_way *longer)
{
	expect_few(len);
	if (!__libc_single_threaded)
		return try_recv_shared(fd, buf, len, flags, longer);
	return try_recv(fd, buf, len, flags, ALONE, longer);
}
