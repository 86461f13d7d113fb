/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Publish, arm, sleep, wake: sdirect_ring.h, local_poll_rx(), local_poll_tx(),
 * the waiting loops of send.c and recv.c, and poll as select, poll and epoll
 * call it.  README says what is proved.
 *
 * Stores to the two positions go through store buffers, which drain when they
 * like; a fence waits until its own is empty.  That is TSO.  Kernel and user
 * space take the same steps; what differs is how long the steps are apart, and
 * that is left open anyway.
 *
 * READER0, READER1: BLOCKING, POLLING or EDGE.  WRITER: BLOCKING or EDGE.
 */
#define BLOCKING	1
#define POLLING		2
#define EDGE		3

#ifndef READER0
#define READER0	BLOCKING
#endif
#ifndef WRITER
#define WRITER	BLOCKING
#endif
#ifndef LOWAT
#define LOWAT	1
#endif
#ifndef TRIES
#define TRIES	2	/* SDR_ARM_TRIES */
#endif
#ifndef TOTAL
#define TOTAL	4
#endif
#define SIZE	4
#define NEED	2	/* room that a sleeping writer waits for */
#define BASE	SIZE	/* keeps positions from going below 0 */
#define END	(BASE + TOTAL)

byte tail = BASE, head = BASE;		/* as memory has them */
byte rx_want, tx_want;
byte own_head = BASE;			/* as its owner knows it */
bool rx_lock;
bool queued[3], woken[3];		/* two readers and the writer */
bool sent;				/* the writer is through */

chan tail_buf = [2] of { byte };	/* store buffers */
chan head_buf = [2] of { byte };
chan want_buf = [2] of { byte };	/* only mutants need these two */
chan room_buf = [2] of { byte };

#define W		2
#define FENCE(buf)	empty(buf)
#define ENOUGH		(sent && own_head > END - LOWAT)
#define SUB(a, b)	(((a) - (b)) & 255)
/* sdirect_need_event(), in 8 bits */
#define NEED_EVENT(want, now, before) \
	(SUB((now), (want) + 1) < SUB(now, before))

active proctype drain()
{
end:	do
	:: tail_buf ? tail
	:: head_buf ? head
	:: want_buf ? rx_want
	:: room_buf ? tx_want
	od
}

/* sdr_wake_end(): under the lock of the wait queue */
inline wake_readers()
{
	d_step {
		if :: queued[0] -> woken[0] = true :: else fi;
		if :: queued[1] -> woken[1] = true :: else fi
	}
}

inline wake_writer()
{
	d_step { if :: queued[W] -> woken[W] = true :: else fi }
}

/*
 * sdirect_ring_arm(); says in "raised" if it changed the word.  A
 * compare-and-swap is one step and drains the buffer.
 */
inline arm(word, pos, buf)
{
	old = word;
	do
	:: old >= (pos) -> break
	:: else ->
#ifdef MUTANT_NO_CAS
		word = pos;
		break
#elif defined(MUTANT_NO_F)
		buf ! pos;
		break
#else
		atomic {
			if
			:: word == old ->
				word = pos; raised = true; break
			:: else -> old = word
			fi
		}
#endif
	od;
	old = 0
}

/* --- the consumer --- */

/* local_poll_rx(); leaves what it saw in n */
inline poll_rx(always)
{
	h = head;
	n = tail - h;
	tries = 0;
	do
	:: n && !(always) -> break
	:: tries == TRIES ->
#ifndef MUTANT_TRIES
		/* Nobody may ring for what follows: look again. */
		wake_readers();
#endif
		break
	:: else ->
		seen = n;
		raised = false;
		arm(rx_want, h + seen, want_buf);
#ifndef MUTANT_STEAL
		/* Others may sleep below; their publisher will not see it. */
		if
		:: raised && seen -> wake_readers()
		:: else
		fi;
#endif
#ifdef MUTANT_ONE_LOOK
		break;
#endif
		n = tail - h;
		if
		:: n == seen -> break
		:: else -> tries++
		fi
	od;
	h = 0; seen = 0; tries = 0; raised = false
}

/* One read without waiting: n bytes, all that is there if "all" */
inline read_some(all)
{
	atomic { !rx_lock -> rx_lock = true };
	n = tail - own_head;
	if
	:: n > 1 && !(all) -> n = 1
	:: else
	fi;
	if
	:: n ->
		before = own_head;
		own_head = own_head + n;
		head_buf ! own_head;			/* C */
#ifndef MUTANT_NO_E_HEAD
		FENCE(head_buf);			/* E */
#endif
		old = tx_want;
		if
		:: NEED_EVENT(old, before + n, before) -> wake_writer()
		:: else
		fi;
		before = 0; old = 0
	:: else
	fi;
	FENCE(head_buf);	/* unlocking is a store behind it */
	rx_lock = false
}

/* recv(); one that is not "staying" may leave once it has read something. */
proctype blocking_reader(byte me; bool staying)
{
	byte h, n, seen, old, before, tries;
	bool raised;

	do
	:: read_some(false);
	   if
	   :: n && !staying -> break
	   :: n
	   :: !n ->
		woken[me] = false;
		queued[me] = true;
		poll_rx(false);
		if
		:: n
		:: else ->
			if
			:: woken[me]
			:: ENOUGH -> break
			fi
		fi;
		queued[me] = false
	   fi
	od
}

#ifdef MUTANT_LOWAT
#define ARM_ALWAYS	false
#else
#define ARM_ALWAYS	(LOWAT > 1)
#endif

/* poll(), then read() */
proctype polling_reader(byte me)
{
	byte h, n, seen, old, before, tries;
	bool raised;

	do
	:: woken[me] = false;
	   queued[me] = true;
	   do
	   :: poll_rx(ARM_ALWAYS);
	      if
	      :: n >= LOWAT -> break
	      :: else
	      fi;
	      if
	      :: woken[me] -> woken[me] = false
	      :: ENOUGH -> goto out
	      fi
	   od;
	   queued[me] = false;
	   read_some(true)
	od;
out:	skip
}

/* epoll with EPOLLET; one that stays reads to EAGAIN or to a short read */
proctype edge_reader(byte me; bool staying)
{
	byte h, n, seen, old, before, tries;
	bool raised;

	queued[me] = true;
	woken[me] = true;
	do
	:: woken[me] ->
		woken[me] = false;
#ifdef MUTANT_EDGE
		poll_rx(false);
#else
		poll_rx(true);
#endif
		do
		:: n ->
			read_some(staying);
			if
			:: n && !staying -> goto out
			:: n -> n = 0		/* short: no more now */
			:: n
			:: !n -> poll_rx(false)	/* EAGAIN: arm */
			fi
		:: else -> break
		od
	:: ENOUGH -> break
	od;
out:	queued[me] = false
}

/* --- the producer --- */

#define ROOM(t)	(SIZE - ((t) - head))

/* local_poll_tx(); n says yes or no */
inline poll_tx()
{
	n = ROOM(t);
	if
	:: n >= NEED
	:: else ->
		arm(tx_want, t + NEED - SIZE - 1, room_buf);
#ifndef MUTANT_ONE_LOOK_TX
		n = ROOM(t)
#endif
	fi;
	n = (n >= NEED)
}

/* One write without waiting: up to n bytes of those that have room */
inline write_some()
{
	n = ROOM(t);
	if
	:: n > END - t -> n = END - t
	:: else
	fi;
	if
	:: n > 1 -> n = 1
	:: n
	:: !n
	fi;
	if
	:: n ->
		t = t + n;
		tail_buf ! t;				/* A */
#ifndef MUTANT_NO_E
		FENCE(tail_buf);			/* E */
#endif
		old = rx_want;
		if
		:: NEED_EVENT(old, t, t - n) -> wake_readers()
		:: else
		fi;
		old = 0
	:: else
	fi
}

proctype blocking_writer()
{
	byte t = BASE, n, old;
	bool raised;

	do
	:: t == END -> break
	:: else ->
		write_some();
		if
		:: n
		:: else ->
			woken[W] = false;
			queued[W] = true;
			poll_tx();
			if
			:: n
			:: else -> woken[W]
			fi;
			queued[W] = false
		fi
	od;
	FENCE(tail_buf);
	sent = true
}

/* epoll with EPOLLOUT | EPOLLET: writes until EAGAIN */
proctype edge_writer()
{
	byte t = BASE, n, old;
	bool raised;

	queued[W] = true;
	woken[W] = true;
	do
	:: t == END -> break
	:: else ->
		woken[W];
		woken[W] = false;
		poll_tx();
		do
		:: t == END -> break
		:: t < END && n ->
			write_some();
			if
			:: n
#ifndef MUTANT_WRITE_UNARMED
			:: !n -> poll_tx()
#else
			:: !n
#endif
			fi
		:: t < END && !n -> break
		od
	od;
	FENCE(tail_buf);
	sent = true
}

init {
	atomic {
#if READER0 == BLOCKING
		run blocking_reader(0, true);
#elif READER0 == POLLING
		run polling_reader(0);
#else
		run edge_reader(0, true);
#endif
#if READER1 == BLOCKING
		run blocking_reader(1, false);
#elif READER1 == EDGE
		run edge_reader(1, false);
#endif
#if WRITER == BLOCKING
		run blocking_writer()
#else
		run edge_writer()
#endif
	}
}
