/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * The common call: one buffer, all of it at once, by a ring that has room or
 * bytes.  Whatever is in the way is left to the longer way in io.c, which finds
 * everything as it was.
 */
#ifndef SDI_QUICK_H
#define SDI_QUICK_H

#include "view.h"

/* A call of the C library for some bytes costs more than the bytes. */
static inline void sdi_copy(void *to, const void *from, size_t n)
{
	uint64_t first, last;

	if (n - sizeof(first) > sizeof(first)) {
		memcpy(to, from, n);
		return;
	}
	memcpy(&first, from, sizeof(first));
	memcpy(&last, (const char *)from + n - sizeof(last), sizeof(last));
	memcpy(to, &first, sizeof(first));
	memcpy((char *)to + n - sizeof(last), &last, sizeof(last));
}

/**
 * sdi_quick_send - send all of a buffer, or nothing
 * @v:		the view
 * @tid:	of the caller
 * @buf:	the bytes
 * @len:	how many, 1 to SDI_CHUNK
 *
 * Return: what was done; nothing is to be undone or asked for if @count is 0.
 */
static inline __attribute__((always_inline)) struct sdi_moved
sdi_quick_send(struct sdirect_view *v, uint32_t tid, const void *buf,
	       size_t len)
{
	struct sdi_moved nothing = { 0 };
	uint64_t tail;

	if (!sdi_view_tx_enter(v, tid, &tail))
		return nothing;
	/* Room does not become less, so what was seen once needs no look. */
	if (tail + len > v->tx.known &&
	    sdi_view_room(v, tail, len) < (int64_t)len) {
		sdi_view_tx_turn_back(v);
		return nothing;
	}
	sdi_copy(v->tx.ring + sdirect_ring_offset(v->tx.size, tail), buf, len);
	return sdi_view_tx_leave(v, tail, len);
}

/**
 * sdi_quick_recv - read what is there, up to the length of a buffer
 * @v:		the view
 * @tid:	of the caller
 * @buf:	room for the bytes
 * @len:	how many, 1 to SDI_CHUNK
 *
 * Return: as sdi_quick_send().
 */
static inline __attribute__((always_inline)) struct sdi_moved
sdi_quick_recv(struct sdirect_view *v, uint32_t tid, void *buf, size_t len)
{
	struct sdi_moved m = { 0 };
	int64_t avail = (int64_t)len;
	uint64_t head;

	if (!sdi_view_rx_enter(v, tid, &head))
		return m;
	if (head + len > v->rx.known)
		avail = sdi_view_avail(v, head, len);
	if (avail <= 0) {
		sdi_view_rx_turn_back(v);
		return m;
	}
	if ((uint64_t)avail < len)
		len = (size_t)avail;
	sdi_copy(buf, v->rx.ring + sdirect_ring_offset(v->rx.size, head), len);
	return sdi_view_rx_leave(v, head, len);
}

#endif /* SDI_QUICK_H */
