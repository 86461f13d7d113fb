/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * The common call: one buffer, all of it at once, by a ring that has room or
 * bytes.  Whatever is in the way is left to the longer way in io.c, which finds
 * everything as it was.  Here are few instructions and no calls, so that no
 * register is saved: what else is to be done is jumped to.
 */
#ifndef SDI_QUICK_H
#define SDI_QUICK_H

#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "io.h"
#include "view.h"

/* The longer way: what the caller does where the quick one is not open. */
typedef ssize_t sdi_send_way(int fd, const void *buf, size_t len, int flags);
typedef ssize_t sdi_recv_way(int fd, void *buf, size_t len, int flags);

/* From now on both are the longer way. */
void sdi_quick_off(void);

/* Is it a call for the functions below? */
static inline int sdi_is_quick(const void *buf, size_t len, int flags)
{
	return len - 1 < SDI_CHUNK &&
	       !(flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) &&
	       !sdi_never_mapped(buf);
}

/* These a call of the C library would cost more than the bytes: 8 to 16. */
#define SDI_FEW_MIN	sizeof(uint64_t)
#define SDI_FEW_MAX	(2 * sizeof(uint64_t))

static inline int sdi_is_few(size_t n)
{
	return n - SDI_FEW_MIN <= SDI_FEW_MAX - SDI_FEW_MIN;
}

/* The two halves of sdi_try_send(): of few bytes, and of others. */
ssize_t sdi_try_send_few(int fd, const void *buf, size_t len, int flags,
			 sdi_send_way *longer);
ssize_t sdi_try_send_many(int fd, const void *buf, size_t len, int flags,
			  sdi_send_way *longer);

/**
 * sdi_try_send - send(2) by the ring if nothing is in the way
 * @fd:		any number
 * @buf:	the bytes
 * @len:	how many
 * @flags:	as for send(2)
 * @longer:	called where something is
 *
 * Return: as send(2), errno too.
 */
static inline ssize_t sdi_try_send(int fd, const void *buf, size_t len,
				   int flags, sdi_send_way *longer)
{
	return sdi_is_few(len) ?
	       sdi_try_send_few(fd, buf, len, flags, longer) :
	       sdi_try_send_many(fd, buf, len, flags, longer);
}

/* The same for recv(2). */
ssize_t sdi_try_recv_few(int fd, void *buf, size_t len, int flags,
			 sdi_recv_way *longer);
ssize_t sdi_try_recv_many(int fd, void *buf, size_t len, int flags,
			  sdi_recv_way *longer);

static inline ssize_t sdi_try_recv(int fd, void *buf, size_t len, int flags,
				   sdi_recv_way *longer)
{
	return sdi_is_few(len) ?
	       sdi_try_recv_few(fd, buf, len, flags, longer) :
	       sdi_try_recv_many(fd, buf, len, flags, longer);
}

/* Two words, which may overlap; one after the other takes one register. */
static inline void sdi_copy_few(void *to, const void *from, size_t n)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	memcpy(to, &word, sizeof(word));
	memcpy(&word, (const char *)from + n - sizeof(word), sizeof(word));
	memcpy((char *)to + n - sizeof(word), &word, sizeof(word));
}

static inline void sdi_copy(void *to, const void *from, size_t n)
{
	if (sdi_is_few(n))
		sdi_copy_few(to, from, n);
	else
		memcpy(to, from, n);
}

/**
 * sdi_quick_send - send all of a buffer, or nothing
 * @v:		the view
 * @tid:	of the caller
 * @buf:	the bytes
 * @len:	how many, 1 to SDI_CHUNK
 * @look:	for more room, if there is not enough that is known
 *
 * Return: what was done; nothing is to be undone or asked for if @count is 0.
 */
static inline __attribute__((always_inline)) struct sdi_moved
sdi_quick_send(struct sdirect_view *v, uint32_t tid, const void *buf,
	       size_t len, int look)
{
	struct sdi_moved nothing = { 0 };
	uint64_t tail;

	if (!sdi_view_tx_enter(v, tid, &tail))
		return nothing;
	if (tail + len > v->tx.known &&
	    (!look || sdi_view_room(v, tail, len) < (int64_t)len)) {
		sdi_view_tx_turn_back(v);
		return nothing;
	}
	sdi_copy(v->tx.ring + (tail & v->tx.mask), buf, len);
	return sdi_view_tx_leave(v, tail, len);
}

/* Bytes that are there; less than 0 too if only a call would tell, and @calls is 0. */
static inline __attribute__((always_inline)) int64_t
sdi_quick_look(struct sdirect_view *v, uint64_t head, size_t len, int calls)
{
	if (head + len <= v->rx.known)
		return (int64_t)(v->rx.known - head);
	if (v->rx.eager) {
		v->rx.eager--;
		return sdi_view_avail(v, head, len);
	}
	return calls ? sdi_view_avail_patient(v, head, len) : SDIRECT_RING_BAD;
}

/**
 * sdi_quick_recv - read what is there, up to the length of a buffer
 * @v:		the view
 * @tid:	of the caller
 * @buf:	room for the bytes
 * @len:	how many, 1 to SDI_CHUNK
 * @least:	nothing if there are not so many, from 1
 * @calls:	the caller has saved its registers; where it has not, nothing is
 *		read if a call is to be made
 *
 * Return: as sdi_quick_send(); with SDI_EMPTY if a look has found nothing, and
 * @calls is 0.
 */
static inline __attribute__((always_inline)) struct sdi_moved
sdi_quick_recv(struct sdirect_view *v, uint32_t tid, void *buf, size_t len,
	       size_t least, int calls)
{
	struct sdi_moved m = { 0 };
	uint64_t head;
	int64_t avail;

	if (!sdi_view_rx_enter(v, tid, &head))
		return m;
	avail = sdi_quick_look(v, head, len, calls);
	if (avail < (int64_t)least) {
		sdi_view_rx_turn_back(v);
		m.todo = avail || calls ? 0 : SDI_EMPTY;
		return m;
	}
	if (least < len && (uint64_t)avail < len)
		len = (size_t)avail;
	sdi_copy(buf, v->rx.ring + (head & v->rx.mask), len);
	return sdi_view_rx_leave(v, head, len);
}

/* Is there nothing more to do, or to find behind the end of the ring? */
static inline int sdi_quick_all(const struct sdirect_view *v,
				const struct sdi_moved *m, size_t len)
{
	return !m->todo && (m->count == len ||
			    !sdi_view_at_end(v, m->start + m->count));
}

#endif /* SDI_QUICK_H */
