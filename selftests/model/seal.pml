/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A chain of carriers: append(), sdr_stream_advance(), recv_chain(),
 * recv_at_end(), rx_ready() and rx_bytes() of the kernel, and the library's
 * sdi_view_avail() beside them.  README says what is proved.
 *
 * Byte p of a stream has the value p.  A ring remembers in which range each of
 * its positions was written.  The network delivers when it likes.
 */
#define TCP	0
#define RING	1
#define OPEN	255
#define NOWHERE	255

#ifndef TOTAL
#define TOTAL	3	/* bytes */
#endif
#ifndef SEGS
#define SEGS	4	/* ranges */
#endif
#define SIZE(k)	((k) + 1)	/* of rings: they grow */

typedef stream {
	/* the chain; the next of k is k + 1 */
	byte kind[SEGS], start[SEGS], end[SEGS] = OPEN;
	byte first;		/* the receiver's, for the sender */
	/* the pages */
	byte tail, head, want, epoch;
	byte limit = OPEN;
	byte wrote[TOTAL];	/* the ring of this range has the byte */
	/* TCP */
	byte queue[TOTAL];
	byte written, arrived, copied;
	byte fin;		/* 1: sent, 2: counted, 3: processed */
	byte rst;		/* 1: sent, 2: processed */
	bool lost;		/* by the reset */
	/* the receiver's place in the wait queue */
	bool queued, woken;
	byte sent;		/* in all; for the properties */
}

stream S;
bool pages;			/* sdr_pair_has_pages() */
bool pair_lock;
bool idle;			/* the sender neither sends nor ends any more */

#define MIN(a, b)	((a) < (b) -> (a) : (b))
#define MAX(a, b)	((a) > (b) -> (a) : (b))

inline wake()
{
	d_step { if :: S.queued -> S.woken = true :: else fi }
}

inline lock()
{
#ifndef MUTANT_UNLOCKED
	atomic { !pair_lock -> pair_lock = true }
#else
	skip
#endif
}

inline unlock()
{
#ifndef MUTANT_UNLOCKED
	pair_lock = false
#else
	skip
#endif
}

/* --- the sender --- */

inline append(carrier)
{
	d_step {
		S.kind[k + 1] = carrier;
		S.start[k + 1] = S.sent;
		S.end[k + 1] = OPEN
	};
	if
	:: carrier == RING ->
		pages = true;
#ifndef MUTANT_NO_TAIL
		S.tail = S.sent
#endif
	:: else
	fi;
	k++;
	lock();
	if
	:: pages && S.first == k - 1 ->
#ifndef MUTANT_NO_LIMIT
		S.limit = S.sent
#endif
	:: else
	fi;
	S.end[k - 1] = S.sent;
	unlock();
#ifndef MUTANT_NO_WAKE
	wake()
#endif
}

inline ring_send()
{
	d_step { S.wrote[S.sent] = k };
	S.sent++;
	S.tail = S.sent;
	if
	:: S.want < S.sent && S.want >= S.sent - 1 -> wake()
	:: else
	fi
}

#define ROOM	(SIZE(k) > S.sent - MAX(S.head, S.start[k]))
#define MORE	(S.sent < TOTAL)
#define NEXT	(k + 1 < SEGS)

active proctype sender()
{
	byte k;

	do
	:: S.kind[k] == TCP && MORE ->
		d_step {
			S.queue[S.written] = S.sent;
			S.written++;
			S.sent++
		}
	:: S.kind[k] == TCP && NEXT -> append(RING)
	:: S.kind[k] == RING && MORE && ROOM -> ring_send()
	:: S.kind[k] == RING && MORE && !ROOM && NEXT -> append(RING)
	:: S.kind[k] == RING && NEXT -> append(TCP)
	:: S.kind[k] == TCP -> break
#ifdef MUTANT_NO_WAY_BACK
	:: S.kind[k] == RING -> break
#endif
	:: S.kind[k] == RING && !NEXT -> idle = true; goto out
	od;
	/* The end goes by TCP, whose own it is. */
	if
	:: S.fin = 1
	:: S.rst = 1
	fi;
out:	skip
}

active proctype network()
{
end:	do
	:: atomic {
		S.rst < 2 && S.arrived < S.written -> S.arrived++; wake()
	   }
	:: atomic { S.fin == 1 && S.arrived == S.written -> S.fin = 2 }
	:: atomic { S.fin == 2 -> S.fin = 3; wake() }
	:: atomic {
		S.rst == 1 ->
		S.lost = (S.arrived < S.written);
		S.rst = 2;
		wake()
	   }
	od
}

/* --- the receiver --- */

#define ENDED	(S.fin == 3 || S.rst == 2)
/* tcp_poll_rx(): for a moment a FIN looks like a byte. */
#define INQ	(S.arrived - S.copied + (S.fin == 2 -> 1 : 0))
#define AVAIL	(MIN(S.tail, S.end[r]) - pos)

/* One to n bytes, as long as the program's buffer happens to be */
inline take(most, check, by_tcp)
{
	d_step { i = most };
	do
	:: i > 1 -> i--
	:: break
	od;
	skip;	/* no jump may lead to a d_step */
	d_step {
		do
		:: i == 0 -> break
		:: else ->
			assert(check);
			S.copied = S.copied + by_tcp;
			pos++;
			i--
		od
	}
}

#define FROM_TCP	S.queue[S.copied] == pos
#define FROM_RING	S.wrote[pos] == r
#define FROM_VIEW	S.wrote[pos] == view

/* rx_bytes(): leaves the sum in n */
inline look()
{
	d_step { s = r; n = 0 };
	left = S.arrived - S.copied;
	do
	:: true ->
		if
		:: S.kind[s] == TCP ->
			e = S.end[s];
			d_step {
				i = left;
#ifndef MUTANT_COUNT_TWICE
				e = e - MAX(pos, S.start[s]);
				i = MIN(left, e);
				left = left - i;
#endif
				n = n + i
			}
		:: else ->
			d_step { i = MAX(S.head, S.start[s]) };
			if
			:: MIN(S.tail, S.end[s]) == i ->
				S.want = MAX(S.want, i)
			:: else
			fi;
			n = n + MIN(S.tail, S.end[s]) - i
		fi;
		i = 0; e = 0;
		if
		:: S.end[s] == OPEN -> break
		:: else -> s++
		fi
	od;
	assert(n <= S.sent - pos);
	s = 0; left = 0
}

active proctype receiver()
{
	byte r, pos, e, n, i, s, left;
	byte view = NOWHERE, view_epoch, seen;
	bool ended;

again:	skip;
	d_step { e = 0; n = 0; ended = false };
	if
	:: view != NOWHERE && view_epoch == S.epoch -> goto by_view
	:: view == NOWHERE || view_epoch != S.epoch
	:: S.kind[r] == RING && S.end[r] != pos ->	/* ATTACH */
		d_step {
			view = r; view_epoch = S.epoch; seen = S.start[r]
		};
		goto again
	fi;

chain:	if
	:: S.kind[r] == RING -> goto ring
	:: else
	fi;
#ifdef MUTANT_STALE_END
	e = S.end[r];
	if
	:: e == pos -> goto step
	:: else
	fi;
	ended = ENDED;
	n = S.arrived - S.copied;
#else
	/* Whoever sees what TCP brings for a later range sees the seal. */
	ended = ENDED;
	n = INQ;
	e = S.end[r];
	if
	:: e == pos -> goto step
	:: else
	fi;
#endif
	d_step { e = e - pos; n = MIN(n, e) };
	if
	:: n && S.arrived == S.copied ->	/* that was a FIN */
		ENDED;
		goto over
	:: n && S.arrived != S.copied ->
		d_step { n = MIN(n, S.arrived - S.copied) };
		take(n, FROM_TCP, 1);
		goto again
	:: !n && ended -> goto over
	:: !n && !ended -> goto wait
	fi;

ring:	n = S.tail;
	e = S.end[r];
	if
	:: pos == e -> goto step
	:: else
	fi;
	d_step { assert(MIN(n, e) >= pos); n = MIN(n, e) - pos };
	if
	:: n ->
		take(n, FROM_RING, 0);
		S.head = pos;
		goto again
	:: else
	fi;
	if
	:: S.end[r] == pos -> goto step
	:: else
	fi;
	/* recv_at_end() */
	if
	:: !ENDED -> goto wait
	:: ENDED
	fi;
#ifndef MUTANT_ONE_LOOK
	if
	:: AVAIL != 0 -> goto chain
	:: S.end[r] == pos -> goto step
	:: AVAIL == 0 && S.end[r] != pos -> goto over
	fi;
#else
	goto over;
#endif

step:	/* sdr_stream_advance() */
	if
	:: S.kind[r] == TCP && INQ ->
		assert(S.end[r + 1] != OPEN || !INQ)
	:: else
	fi;
	lock();
	S.first = r + 1;
	if
	:: S.kind[r + 1] == RING ->
		S.head = pos;
		n = S.end[r + 1];
		S.limit = n
	:: else
	fi;
	unlock();
	r++;
	S.epoch++;
	goto chain;

by_view: /* sdi_view_recv() */
	if
	:: seen < pos + 1 -> seen = S.tail
	:: else
	fi;
	d_step {
		e = S.limit;
		/* never beyond the ring */
		assert(e <= S.end[view])
	};
	d_step { e = MIN(seen, e) };
	if
	:: e > pos ->
		n = e - pos;
		take(n, FROM_VIEW, 0);
		S.head = pos;
		goto again
	:: else -> goto chain
	fi;

wait:	S.woken = false;
	S.queued = true;
	if
	:: ENDED -> goto awake
	:: !ENDED
	fi;
	look();
	if
	:: n
	:: !n && INQ
	:: S.woken
	:: idle && pos == S.sent && !S.fin && !S.rst ->
		goto out
	fi;
awake:	S.queued = false;
	goto again;

over:	/* TCP's own answer: the end, or an error */
	assert(ENDED);
	if
	:: S.rst == 2 -> assert(S.lost || pos == S.sent)
	:: else -> assert(pos == S.sent)
	fi;
out:	S.queued = false
}

#ifdef OTHER
/*
 * The other direction, as far as this one can see it: it may be the first to
 * need the pages, holds the pair's lock now and then, and wakes whoever waits
 * on the same socket.
 */
active proctype other()
{
	byte n;

	do
	:: n == OTHER -> break
	:: n < OTHER -> n++; pages = true
	:: n < OTHER -> n++; lock(); unlock()
	:: n < OTHER -> n++; wake()
	od
}
#endif
