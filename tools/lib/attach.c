// SPDX-License-Identifier: LGPL-2.1-only OR MIT
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>

#include "member.h"
#include "polled.h"
#include "raw.h"
#include "storm.h"
#include "sys.h"

/* Data calls before the first try, and the most between two tries. */
#define WAIT_FIRST	8u
#define WAIT_MOST	4096u

static int ring_is_sane(uint32_t size)
{
	return !size || (size >= SDIRECT_RING_MIN && size <= SDIRECT_RING_MAX &&
			 !(size & (size - 1)));
}

/* A module that is not ours to trust blindly: a wrong length would crash us. */
static int answer_is_sane(const struct sdirect_attach *at)
{
	uint64_t page = (uint64_t)sdi_page_size;

	return at->side < 2 &&
	       ring_is_sane(at->tx_size) && ring_is_sane(at->rx_size) &&
	       at->tx_length == page + 2ull * at->tx_size &&
	       at->rx_length == 2 * page + 2ull * at->rx_size;
}

static void unmap(struct sdi_entry *e)
{
	if (e->tx_map)
		sdi_sys.munmap(e->tx_map, e->tx_length);
	if (e->rx_map)
		sdi_sys.munmap(e->rx_map, e->rx_length);
	e->tx_map = NULL;
	e->rx_map = NULL;
}

static int map(struct sdi_entry *e, int fd, const struct sdirect_attach *at)
{
	int err;

	e->tx_length = at->tx_length;
	e->rx_length = at->rx_length;
	err = sdi_sys.mmap(&e->tx_map, at->tx_length, PROT_READ | PROT_WRITE,
			   fd, (off_t)at->tx_offset);
	if (!err)
		err = sdi_sys.mmap(&e->rx_map, at->rx_length, PROT_READ, fd,
				   (off_t)at->rx_offset);
	if (err) {
		unmap(e);
		/* The lease was taken away between the calls. */
		return err == -EPERM || err == -EINVAL ? -EAGAIN : err;
	}
	sdi_view_init(&e->view, at, e->tx_map, e->rx_map,
		      (size_t)sdi_page_size);
	return 0;
}

static uint64_t moved(const struct sdi_entry *e)
{
	return SDIRECT_LOAD(&e->view.ctl->tx_tail) +
	       SDIRECT_LOAD(&e->view.ctl->rx_head);
}

static void wait_longer(struct sdi_entry *e)
{
	uint32_t wait = __atomic_load_n(&e->wait, __ATOMIC_RELAXED);

	wait = wait < WAIT_FIRST ? WAIT_FIRST : 2 * wait;
	if (wait > WAIT_MOST)
		wait = WAIT_MOST;
	__atomic_store_n(&e->wait, wait, __ATOMIC_RELAXED);
}

static int make(struct sdi_entry *e, int fd)
{
	struct sdirect_attach at = { .abi_version = SDIRECT_ABI_VERSION };
	int flags, err;

	err = sdi_sys.ioctl(fd, SDIRECT_IOC_ATTACH, &at);
	if (err)
		return err;
	if (!answer_is_sane(&at))
		return -EPROTO;
	if (!at.tx_size && !at.rx_size)
		return -EAGAIN;
	err = map(e, fd, &at);
	if (err)
		return err;
	flags = sdi_sys.getfl(fd);
	sdi_entry_set_nonblock(e, flags >= 0 && flags & O_NONBLOCK);
	e->moved = moved(e);
	__atomic_store_n(&e->unleased, 0, __ATOMIC_RELAXED);
	/* A direction without a ring is like a lease that was lost at once. */
	if (!at.tx_size || !at.rx_size)
		wait_longer(e);
	e->tx_error = 0;
	e->rx_error = 0;
	sdi_spin_init(&e->tx_spin);
	sdi_spin_init(&e->rx_spin);
	return 0;
}

/*
 * Does anybody look at the view?  The state has been changed before: he sees
 * that, or we see him.
 */
static int is_held(struct sdi_entry *e)
{
	if (__atomic_load_n(&e->lookers, __ATOMIC_SEQ_CST))	/* H */
		sdi_polled_clean_up();
	return __atomic_load_n(&e->lookers, __ATOMIC_SEQ_CST) != 0;
}

/*
 * A set that has it may serve it from now on; and the program has a connection
 * for which it was worth it.
 */
static void tell_others(struct sdi_entry *e, int fd)
{
	struct sdi_set *s = __atomic_load_n(&e->member.set, __ATOMIC_RELAXED);

	if (s)
		__atomic_store_n(&s->news, 1, __ATOMIC_RELAXED);
	if (sdi_fd_end_try(fd))
		sdi_storm_end(&sdi_storm);
}

static int change(struct sdi_entry *e, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&e->state, &from, to, 0,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Return: the state that it had, or MAKING if it has that. */
static uint32_t begin_making(struct sdi_entry *e)
{
	uint32_t was = __atomic_load_n(&e->state, __ATOMIC_RELAXED);

	while (was != SDI_MAKING && !change(e, was, SDI_MAKING))
		was = __atomic_load_n(&e->state, __ATOMIC_RELAXED);
	return was;
}

/* With all locks.  Whoever closes the descriptor meanwhile makes it STALE. */
static int remake(struct sdi_entry *e, int fd, const struct sdi_set *s)
{
	uint32_t was = begin_making(e);
	const struct sdi_set *now;
	int err;

	if (was == SDI_MAKING)
		return -EBUSY;
	now = __atomic_load_n(&e->member.set, __ATOMIC_SEQ_CST);	/* J */
	if (e->tx_map && ((now && now != s) || is_held(e))) {
		change(e, SDI_MAKING, was);
		return -EBUSY;
	}
	unmap(e);
	err = make(e, fd);
	if (change(e, SDI_MAKING, err ? SDI_FREE :
		   sdi_mark_of(sdi_process->pid))) {
		if (!err)
			tell_others(e, fd);
		return err;
	}
	unmap(e);
	change(e, SDI_STALE, SDI_FREE);
	return -EBADF;
}

/*
 * Whoever serves a set looks at its members: he is kept away.  A member whose
 * pages are replaced is the kernel's meanwhile.
 */
static int remake_member(struct sdi_entry *e, int fd)
{
	struct sdi_set *s = __atomic_load_n(&e->member.set, __ATOMIC_ACQUIRE);
	int err;

	if (!s || !e->tx_map)
		return remake(e, fd, NULL);
	if (!sdi_set_try(s, 0))
		return -EBUSY;
	if (e->member.set == s && sdi_set_zone(e) != SDI_COLD)
		sdi_member_demote(e);
	err = remake(e, fd, s);
	sdi_set_unlock(s);
	return err;
}

static int lock_others(struct sdi_entry *e, uint32_t tid, unsigned int holds)
{
	if (!(holds & SDI_HOLDS_TX) && !sdi_trylock(&e->tx_lock, tid))
		return 0;
	if ((holds & SDI_HOLDS_RX) || sdi_trylock(&e->rx_lock, tid))
		return 1;
	if (!(holds & SDI_HOLDS_TX))
		sdi_unlock(&e->tx_lock);
	return 0;
}

static void unlock_others(struct sdi_entry *e, unsigned int holds)
{
	if (!(holds & SDI_HOLDS_TX))
		sdi_unlock(&e->tx_lock);
	if (!(holds & SDI_HOLDS_RX))
		sdi_unlock(&e->rx_lock);
}

int sdi_entry_attach(struct sdi_entry *e, int fd, uint32_t tid,
		     unsigned int holds)
{
	int err;

	/* What a guest in its parent's memory maps, the parent would find. */
	if (!sdi_self_is_owner())
		return -EPERM;
	if (!lock_others(e, tid, holds))
		return -EBUSY;
	err = remake_member(e, fd);
	unlock_others(e, holds);
	return err;
}

/* With both locks, of an entry that is STALE. */
static void reap(struct sdi_entry *e)
{
	struct sdi_set *s = __atomic_load_n(&e->member.set, __ATOMIC_SEQ_CST);

	/* Of a view that never was nothing is looked at. */
	if (!e->tx_map)
		s = NULL;
	/* Who has given it up need not wait for who does not come back. */
	if (s && !sdi_set_try(s, !__atomic_load_n(&s->give_up,
						  __ATOMIC_RELAXED))) {
		__atomic_store_n(&s->stale, 1, __ATOMIC_RELAXED);
		return;
	}
	if (!is_held(e)) {
		unmap(e);
		change(e, SDI_STALE, SDI_FREE);
	}
	if (s)
		sdi_set_unlock(s);
}

void sdi_entry_reap(struct sdi_entry *e)
{
	uint32_t tid;

	if (__atomic_load_n(&e->state, __ATOMIC_SEQ_CST) != SDI_STALE)
		return;
	tid = sdi_self();
	if (!lock_others(e, tid, 0))
		return;
	if (__atomic_load_n(&e->state, __ATOMIC_SEQ_CST) == SDI_STALE)
		reap(e);
	unlock_others(e, 0);
}

/*
 * A lease that carried a ring full of bytes has paid for the next one, which
 * is what happens when a ring grows; others have to wait longer each time.
 */
static void notice_loss(struct sdi_entry *e)
{
	uint32_t size = e->view.tx.size + e->view.rx.size;
	uint64_t now = moved(e);

	if (__atomic_exchange_n(&e->unleased, 1, __ATOMIC_RELAXED))
		return;
	/* The page may be the dummy by now, and say 0. */
	if (now >= e->moved && now - e->moved >= size / 2)
		__atomic_store_n(&e->wait, 1, __ATOMIC_RELAXED);
	else
		wait_longer(e);
}

static void learn(struct sdi_entry *e, int fd, int err)
{
	if (err == -EAGAIN || err == -ENOMEM || err == -ENOTCONN)
		wait_longer(e);
	else if (err != -EBUSY && err != -EPERM)
		/* Never a ring here, or not a socket of ours. */
		sdi_fd_give_up(fd);
}

/* One more call.  Are they enough for a try?  A call may be lost. */
static int is_due(struct sdi_entry *e)
{
	uint32_t slow = __atomic_load_n(&e->slow, __ATOMIC_RELAXED) + 1;
	uint32_t wait = __atomic_load_n(&e->wait, __ATOMIC_RELAXED);
	int due = slow >= (wait ? wait : WAIT_FIRST);

	__atomic_store_n(&e->slow, due ? 0 : slow, __ATOMIC_RELAXED);
	return due;
}

static int try_now(struct sdi_entry *e, int fd, uint32_t tid,
		   unsigned int holds)
{
	int err = sdi_entry_attach(e, fd, tid, holds);

	if (err)
		learn(e, fd, err);
	return !err;
}

int sdi_entry_earn(struct sdi_entry *e, int fd, uint32_t tid,
		   unsigned int holds)
{
	if (holds && sdi_entry_made(e))
		notice_loss(e);
	return is_due(e) && try_now(e, fd, tid, holds);
}

SDI_HOT struct sdi_entry *sdi_lookup_more(int fd)
{
	struct sdi_entry *e;

	if (!(sdi_fd_known(fd) & SDI_CANDIDATE) || !sdi_process)
		return NULL;
	e = sdi_entry_find(fd);
	if (!e)
		e = sdi_entry_place(fd);
	/* Mostly there are not, and this is all that a call takes longer. */
	if (!e || !is_due(e))
		return NULL;
	return try_now(e, fd, sdi_self(), 0) ? e : NULL;
}

SDI_HOT struct sdi_entry *sdi_lookup(int fd)
{
	return sdi_lookup_here(fd);
}
