/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An epoll set that is served from the rings of its members: tools/lib/serve.c,
 * sdi_ring_bell() of io.c, sdr_poll() and sdr_wake_end().  README says what is
 * proved.
 *
 * One waits for two members; one sender serves both, and does not ring twice for
 * one sleep.  With OTHER, another thread of the one who waits reads a member
 * behind his back, with CTL_MOD it changes it, with CTL_DEL it closes it; then
 * what is armed for a sleep has no number.  Stores go through store buffers, which drain when they like;
 * a fence waits until its own is empty.  That is TSO.
 */
#ifndef TOTAL
#define TOTAL	3	/* messages, on any member */
#endif
#define NOT	255	/* a want word that is not armed */

byte tail[2], head[2];			/* as memory has them */
byte want[2] = NOT, number[2];		/* rx_want, rx_sleep */
bool item[2];				/* on the kernel's ready list */
bool rung[2];				/* struct sdr_end */
bool reading[2];			/* the lock of a direction */
bool gone;				/* member 0 is closed */
bool asleep;
bool over;				/* all is sent */

chan sent_buf = [3] of { bit, byte };		/* the sender's stores */
chan armed_buf = [6] of { bit, bit, byte };	/* the waiter's: which word */

#define FENCE(buf)	empty(buf)
#define UNREAD(i)	(tail[i] != head[i] && !(i == 0 && gone))
#define DONE		(over && !UNREAD(0) && !UNREAD(1))

#if !defined(OTHER) || defined(MUTANT_SHARED_NUMBER)
#define NUMBERED
#endif

active proctype drain()
{
	byte v;
	bit i, w;
end:	do
	:: atomic { sent_buf ? i, v -> tail[i] = v }
	:: atomic {
		armed_buf ? w, i, v ->
		if
		:: w -> want[i] = v
		:: else -> number[i] = v
		fi
	   }
	od
}

/* --- the sender --- */

active proctype sender()
{
	byte mine[2];		/* tails as their owner knows them */
	byte left = TOTAL, last, n, w;
	bit i;

	do
	:: left == 0 -> FENCE(sent_buf); over = true; break
	:: else ->
		if
		:: !gone -> i = 0
		:: i = 1
		fi;
		mine[i]++;
		sent_buf ! i, mine[i];			/* A */
#ifndef MUTANT_NO_E
		FENCE(sent_buf);			/* E */
#endif
		w = want[i];
		n = number[i];
		if
		:: w == mine[i] - 1 && (n == 0 || n != last) ->
			/* sdr_wake_end(): before the wake-up */
			atomic {
				rung[i] = true;
				item[i] = !(i == 0 && gone)
			};
			last = n
		:: else
		fi;
		left--; w = 0; n = 0
	od
}

/* --- the waiter --- */

inline read_all(i)
{
	atomic { !reading[i] -> reading[i] = true };
	head[i] = tail[i];
	reading[i] = false
}

#define STORE(w, i, v)	armed_buf ! w, i, v

inline arm(i)
{
	seen[i] = tail[i];
	STORE(0, i, sleep);
	STORE(1, i, seen[i])
}

/* ep_send_events() and sdr_poll(): nothing is armed here */
inline poll(i)
{
	if
	:: item[i] ->
		item[i] = false;
#ifndef MUTANT_RUNG
		if
		:: rung[i] -> rung[i] = false; awake = true
		:: else
		fi;
#endif
		if
		:: tail[i] != head[i] -> awake = true
		:: else
		fi
	:: else
	fi
}

active proctype waiter()
{
	byte seen[2];
	byte sleep;
	bool awake;

	do
	:: DONE -> break
	:: UNREAD(0) -> read_all(0)
	:: UNREAD(1) -> read_all(1)
	:: !UNREAD(0) && !UNREAD(1) && !DONE ->
#ifndef NUMBERED
		sleep = 0;
#elif defined(MUTANT_SAME_NUMBER)
		sleep = 1;
#else
		sleep = sleep % 250 + 1;
#endif
		arm(0);
		arm(1);
#ifndef MUTANT_NO_F
		FENCE(armed_buf);			/* F */
#endif
		if
#ifndef MUTANT_ONE_LOOK
		:: tail[0] != seen[0] || tail[1] != seen[1] ||
		   UNREAD(0) || UNREAD(1)
#endif
		:: else ->
			awake = false;
			asleep = true;
			do
			:: awake -> break
			:: !awake && DONE -> break
			:: !awake && (item[0] || item[1]) ->
				poll(0);
				poll(1)
			od;
			asleep = false
		fi;
		STORE(1, 0, NOT);
		STORE(1, 1, NOT);
		seen[0] = 0; seen[1] = 0; awake = false
	od
}

#ifdef OTHER
/* sdi_member_change() while somebody sleeps, and ep_modify()'s look */
inline change(i)
{
	atomic {
		if
		:: asleep ->
			number[i] = 0;
			want[i] = tail[i];
			if
			:: rung[i] -> rung[i] = false; item[i] = true
			:: !rung[i] && tail[i] != head[i] -> item[i] = true
			:: else
			fi
		:: else
		fi
	}
}

active proctype other()
{
	bit i;

	do
	:: i = 0; read_all(0);
#ifdef CTL_MOD
	   change(0);
#endif
#ifdef CTL_DEL
	   atomic { gone = true; item[0] = false; rung[0] = false };
#endif
	   i = 0
	:: i = 1; read_all(1)
	:: break
	od
}
#endif
