// SPDX-License-Identifier: LGPL-2.1-only OR MIT
/*
 * The data path.  Memory order and sleeping are explained in
 * linux/sdirect_ring.h, the lease in linux/sdirect.h.
 */
#include "view.h"

#include "spin.h"

/* What a sender needs for some small messages. */
#define PATIENCE	8	/* pauses */
/* Patience that has brought no more than one message is tried again after so
 * many looks.
 */
#define EAGER_LOOKS	63

void sdi_view_init(struct sdirect_view *v, const struct sdirect_attach *at,
		   void *tx_map, void *rx_map, size_t page)
{
	const struct sdirect_kern_page *kern = rx_map;

	v->ctl = tx_map;
	v->peer = (void *)((char *)rx_map + page);
	v->own = &kern->end[at->side];
	v->other = &kern->end[!at->side];
	v->hints = at->hints;
	v->tx = (struct sdi_view_dir) {
		.ring = (uint8_t *)tx_map + page,
		.base = at->tx_base,
		.size = at->tx_size,
		.mask = at->tx_size - 1,
		.epoch = at->tx_epoch,
	};
	v->rx = (struct sdi_view_dir) {
		.ring = (uint8_t *)rx_map + 2 * page,
		.base = at->rx_size ? at->rx_base : UINT64_MAX,
		.size = at->rx_size,
		.mask = at->rx_size - 1,
		.epoch = at->rx_epoch,
	};
	v->sent = SDIRECT_POS_OPEN;
	sdi_view_tx_moved(v);
	sdi_view_rx_moved(v);
}

int sdi_view_tx_ready(struct sdirect_view *v)
{
	return !sdi_view_tx_usable(v) || sdi_view_room(v, v->tx.pos, 1) != 0;
}

int sdi_view_rx_ready(struct sdirect_view *v)
{
	return !sdi_view_rx_held(v) || sdi_view_avail(v, v->rx.pos, 1) != 0;
}

int64_t sdi_view_avail_patient(struct sdirect_view *v, uint64_t head,
			       size_t need)
{
	uint64_t sent = SDIRECT_LOAD(&v->tx.pos);
	int64_t avail;

	if (sent == v->sent)
		for (int i = 0; i < PATIENCE; i++)
			sdi_pause();
	v->sent = sent;
	avail = sdi_view_avail(v, head, need);
	v->rx.eager = avail < 2 * (int64_t)need ? EAGER_LOOKS : 0;
	return avail;
}

struct sdi_moved sdi_view_send(struct sdirect_view *v, uint32_t tid,
			       struct sdi_iter *it)
{
	size_t n = it->left < SDI_CHUNK ? it->left : SDI_CHUNK;
	struct sdi_moved m = { .todo = SDI_SLOW };
	uint64_t tail;
	int64_t room;

	if (!sdi_view_tx_enter(v, tid, &tail))
		return m;
	room = sdi_view_room(v, tail, n);
	if (room < 0)
		n = 0;
	else if ((uint64_t)room < n)
		n = (size_t)room;
	sdi_iter_gather(it, v->tx.ring + sdirect_ring_offset(v->tx.size, tail),
			n);
	m = sdi_view_tx_leave(v, tail, n);
	if (room < 0)
		m.todo |= SDI_SLOW;
	return m;
}

struct sdi_moved sdi_view_recv(struct sdirect_view *v, uint32_t tid,
			       struct sdi_iter *it, size_t min, int peek)
{
	size_t n = it->left < SDI_CHUNK ? it->left : SDI_CHUNK;
	struct sdi_moved m = { .todo = SDI_SLOW };
	int64_t avail;
	uint64_t head;

	if (!sdi_view_rx_enter(v, tid, &head))
		return m;
	avail = sdi_view_avail(v, head, min > n ? min : n);
	if (avail < 0 || (uint64_t)avail < min)
		n = 0;
	else if ((uint64_t)avail < n)
		n = (size_t)avail;
	sdi_iter_scatter(it, v->rx.ring + sdirect_ring_offset(v->rx.size, head),
			 n);
	m = sdi_view_rx_leave(v, head, peek ? 0 : n);
	/* What was only looked at may have changed under our eyes. */
	m.count = peek && m.todo & SDI_SETTLE ? 0 : n;
	if (avail < 0)
		m.todo |= SDI_SLOW;
	else if (sdi_view_at_end(v, head + n))
		m.todo |= SDI_SLOW | SDI_END;
	return m;
}
