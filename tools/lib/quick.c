// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "quick.h"

#include "entry.h"

#define AWAY	__attribute__((noinline))

/* The entry of a descriptor that is on rings, its lock @at held, or NULL. */
static __always_inline struct sdi_entry *
enter(int fd, const void *buf, size_t len, int flags, size_t at, uint32_t *tid)
{
	struct sdi_entry *e = sdi_entry_find(fd);
	uint32_t *word;

	if (!e || !sdi_is_quick(buf, len, flags))
		return NULL;
	word = (uint32_t *)((char *)e + at);
	/* Of another process, it may be, with the mark of that. */
	*tid = sdi_thread.tid;
	if (!sdi_lock_at_once(word, *tid))
		return NULL;
	/* Only with the lock does it remain so. */
	if (sdi_entry_made_here(e))
		return e;
	sdi_unlock(word);
	return NULL;
}

static AWAY ssize_t send_rest(struct sdi_entry *e, int fd, const void *buf,
			      size_t len, int flags)
{
	return sdi_result(sdi_send_more(e, fd, buf, len, flags));
}

static __always_inline ssize_t
try_send(int fd, const void *buf, size_t len, int flags, sdi_send_way *longer)
{
	struct sdi_moved m = { 0 };
	struct sdi_entry *e;
	uint32_t tid;

	e = enter(fd, buf, len, flags, offsetof(struct sdi_entry, tx_lock),
		  &tid);
	if (!e)
		return longer(fd, buf, len, flags);
	if (!e->tx_error)
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
	struct sdi_moved m = { 0 };
	struct sdi_entry *e;
	uint32_t tid;

	e = enter(fd, buf, len, flags, offsetof(struct sdi_entry, rx_lock),
		  &tid);
	if (!e)
		return longer(fd, buf, len, flags);
	if (!e->rx_error)
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
