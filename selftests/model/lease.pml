/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking a lease away: revoke(), view_fault(), sdr_lease_enter_tx() of the
 * kernel; sdi_view_send(), sdi_view_recv() and sdi_settle_*() of the library.
 * README says what is proved.
 *
 * Process A holds the lease.  Its thread S works on the ring and may stop at any
 * step for ever, or be interrupted by a signal handler that makes a system
 * call.  Another thread of A touches the control page.  Process C makes plain
 * system calls; process B takes the lease when it is free.
 *
 * Without RECEIVE, S sends bytes 1, 2 and 3, 4.  With it, S receives.
 */
#define A	1
#define B	2
#define C	3
#define TID	1	/* of S */

#define NONE	0	/* what a page table entry shows */
#define REAL	1
#define DUMMY	2

#define CTL	0	/* the pages */
#define RING	1

#define INSIDE	0	/* the words of the control page */
#define POS	1
#define CALL	2

#define MAX	9	/* positions */
#define OPS	2	/* of S, of two bytes each */

byte pte[2];			/* of A */
byte word[3];			/* the real control page */
byte ring[MAX];			/* the real ring; 0: never written */
byte mm = A;			/* region->mm */
byte epoch;
byte settle;			/* where the last revocation was */
byte unsettled;			/* who may still have to ask for it */
byte want;			/* the peer sleeps until this is passed */
bool asleep = true;
bool gate, lock, sock_lock;
bool handled;			/* the signal has come */
bool made = true;		/* A's library has its views mapped */
bool rx_lock;			/* A's library: taken by thread T */

bool closed;			/* no store of S may reach a real page */
byte acked;			/* bytes that S knows to be sent */
byte taken[MAX];		/* how often a position was received */
bool stopped;
byte plain, child;		/* bytes of C and of B */

/* The store buffer of S: REAL or DUMMY, page, word or position, value */
chan buf = [6] of { byte, byte, byte, byte };

#define NEED_EVENT(now, before)	((before) <= want && want < (now))

active proctype drain()
{
	byte where, page, at, val;

end:	do
	:: atomic {
		buf ? where, page, at, val ->
		if
		:: where == DUMMY
		:: where == REAL ->
			assert(!closed);
			if
			:: page == CTL -> word[at] = val
			:: else -> ring[at] = val
			fi
		fi;
		where = 0; page = 0; at = 0; val = 0
	   }
	od
}

/* --- the kernel --- */

/* Unmap, and interrupt whoever may still have the page in use. */
inline zap_page(p)
{
#ifdef MUTANT_NO_BARRIER
	pte[p] = NONE
#else
	atomic { empty(buf) -> pte[p] = NONE }
#endif
}

inline zap()
{
	if
	:: zap_page(CTL); zap_page(RING)
	:: zap_page(RING); zap_page(CTL)
	fi
}

inline revoke(who, tid)
{
	atomic { !gate -> gate = true };
	if
	:: mm == 0
	:: else ->
		epoch++;
		zap();
		if
		:: word[INSIDE] == 0
		:: word[INSIDE] != 0 && who == mm && word[INSIDE] == tid
		:: else ->
			if
			:: word[INSIDE] == 0
#ifndef MUTANT_NO_BOUND
			:: true
#endif
			fi
		fi;
		atomic { !lock -> lock = true };
		was = mm;
		mm = 0;
#ifdef MUTANT_UNLOCKED_ZAP
		lock = false;
		zap();
#else
#ifndef MUTANT_ONE_ZAP
		zap();
#endif
		lock = false;
#endif
		d_step {
			settle = word[POS];
#ifndef MUTANT_NOT_OWED
			unsettled = (word[INSIDE] -> was : 0);
#endif
			closed = true
		};
#ifndef MUTANT_NO_BELL
		asleep = false
#endif
	fi;
	gate = false
}

/* One byte by system call.  Not marked: the lease goes. */
inline call(who, tid, val)
{
	atomic { !sock_lock -> sock_lock = true };
	if
	:: mm == 0
	:: mm != 0 && mm == who && word[CALL] == tid
	:: else -> revoke(who, tid)
	fi;
	d_step {
		at = word[POS];
#ifdef RECEIVE
		assert(ring[at] == at + 1);
		taken[at]++;
#else
		ring[at] = val;
#endif
		word[POS] = at + 1;
		if
		:: NEED_EVENT(at + 1, at) -> asleep = false
		:: else
		fi;
		at = 0
	};
	sock_lock = false
}

/* SDIRECT_IOC_ATTACH */
inline attach(who)
{
	atomic { !sock_lock -> sock_lock = true };
	atomic { !gate -> gate = true };
	if
	:: mm == 0 && (!made || !unsettled || unsettled == who) ->
		d_step { word[INSIDE] = 0; word[CALL] = 0 };
		d_step {
			mm = who;
			closed = (who != A);
			made = (made || who == A);
			mine = epoch
		}
	:: else
	fi;
	gate = false;
	sock_lock = false
}

/* --- thread S of process A --- */

inline fault(p)
{
	empty(buf);
	atomic { !lock -> lock = true };
	pte[p] = (mm == A -> REAL : DUMMY);
	lock = false
}

inline store(p, where, val)
{
	do
	:: atomic { pte[p] != NONE -> buf ! pte[p], p, where, val; break }
	:: pte[p] == NONE -> fault(p)
	od
}

/* From the dummy page comes whatever has been written there. */
inline load(p, real, to)
{
	do
	:: atomic { pte[p] == REAL && empty(buf) -> to = real; break }
	:: atomic { pte[p] == DUMMY -> to = 0; break }
	:: pte[p] == NONE -> fault(p)
	od
}

/* Anything may happen to S between two steps. */
inline maybe()
{
	if
	:: true
	:: !handled ->
		handled = true;
		empty(buf);
		call(A, TID, 5)
	:: stopped = true; goto out
	fi
}

#ifdef RECEIVE
#define BYTE(i)		load(RING, ring[start + i], copy[i])
#else
#define BYTE(i)		store(RING, start + i, acked + i + 1)
#endif

/* What the operation is known to have done is done. */
inline account(took)
{
#ifdef RECEIVE
	i = 0;
	do
	:: i < took ->
		assert(copy[i] == start + i + 1);
		taken[start + i]++;
		i++
	:: else -> break
	od;
	i = 0
#endif
	acked = acked + took
}

proctype thread_s()
{
	byte start, seen, took, at, was, mine, todo, i;
	byte pos;		/* as S knows it without a look at the page */
	byte copy[2];
	bool bell;

	do
	:: todo == 2 * OPS -> break
	:: else ->
		todo = todo + 2;
		seen = epoch;
		if
		:: seen != mine || !made ->
			/* sdi_entry_attach(): old views go, new ones come. */
			empty(buf);
			atomic { !rx_lock -> rx_lock = true };
			d_step {
				made = false; pte[CTL] = NONE; pte[RING] = NONE
			};
			attach(A);
			load(CTL, word[POS], pos);
			rx_lock = false
		:: else
		fi;
		took = 0;
		if
		:: goto by_call		/* odd flags, or no views */
		:: made
		fi;
		store(CTL, INSIDE, TID);
		maybe();
		start = pos;
		seen = epoch;
		if
		:: seen != mine -> store(CTL, INSIDE, 0)
		:: else ->
			maybe();
			BYTE(0);
			maybe();
			BYTE(1);
			maybe();
			store(CTL, POS, start + 2);
			pos = start + 2;
			maybe();
			store(CTL, INSIDE, 0);
			maybe();
			empty(buf);		/* E */
			bell = NEED_EVENT(start + 2, start);
			took = 2;
			seen = epoch;
			maybe();
#ifndef MUTANT_NO_SETTLE
			if
			:: seen != mine ->
				empty(buf);
				atomic {
					!gate ->
					took = settle;
					if
					:: unsettled == A -> unsettled = 0
					:: else
					fi
				};
				if
				:: took <= start -> took = 0
				:: took > start + 2 -> took = 2
				:: else -> took = took - start
				fi
			:: else
			fi;
#endif
			account(took);
			if
			:: bell -> asleep = false
			:: else
			fi
		fi;
		start = 0; bell = false;
		/* The rest by a system call, marked where there are views. */
by_call:	do
		:: took == 2 -> break
		:: else ->
			if
			:: made -> store(CTL, CALL, TID)
			:: else
			fi;
			maybe();
			empty(buf);
			call(A, TID, acked + 1);
			acked++;
			took++;
			if
			:: made ->
#ifdef MUTANT_EARLY_LOOK
				load(CTL, word[POS], pos);
#endif
				maybe();
#ifndef MUTANT_MARK_STAYS
				store(CTL, CALL, 0);
#endif
				maybe();
#if !defined MUTANT_NO_LOOK && !defined MUTANT_EARLY_LOOK
				load(CTL, word[POS], pos)
#endif
			:: else
			fi
		od
	od;
out:	empty(buf)
}

/* Another thread of A, busy in the other direction */
proctype thread_t()
{
	do
	:: atomic {
		made && !rx_lock && pte[CTL] == NONE -> rx_lock = true
	   };
	   fault(CTL);
	   rx_lock = false
	:: break
	od
}

/* --- the others --- */

proctype process_b()
{
	byte mine;

	if
	:: mm == 0 ->
		attach(B);
		/* Its operation: all or nothing, for what matters here. */
		do
		:: atomic {
			mm == B && child < 2 ->
#ifdef RECEIVE
			taken[word[POS]]++;
#else
			ring[word[POS]] = 7;
#endif
			child++;
			word[POS] = word[POS] + 1;
			if
			:: NEED_EVENT(word[POS], word[POS] - 1) ->
				asleep = false
			:: else
			fi
		   }
		:: break
		od
	:: true
	fi
}

#ifndef PLAIN
#define PLAIN	2
#endif

proctype process_c()
{
	byte at, was;

	do
	:: plain == PLAIN -> break
	:: else ->
		call(C, 0, 9);
		plain++;
		/* Whatever became of the holder, the peer has been told. */
		assert(!asleep || word[POS] <= want)
	od
}

/* --- what must hold in the end --- */

inline check()
{
	i = 0;
	do
	:: i == word[POS] -> break
	:: else ->
#ifdef RECEIVE
		/* A thread that has stopped takes what it had in hand along. */
		assert(taken[i] <= 1);
		if
		:: taken[i] == 0 -> lost++
		:: else
		fi;
#else
		if
		:: ring[i] == 9 -> c++
		:: ring[i] == 7 -> b++
		:: ring[i] == 5 -> h++
		:: else ->
			assert(ring[i] == s + 1);
			s++
		fi;
#endif
		i++
	od;
#ifdef RECEIVE
	assert(lost == 0 || (stopped && lost <= 2))
#else
	assert(c == plain && b == child && h == handled);
	assert(s == acked || (stopped && s > acked && s <= acked + 2))
#endif
}

init {
	byte i, s, b, c, h, lost;

#ifdef RECEIVE
	d_step {
		do
		:: i == MAX -> break
		:: else -> ring[i] = i + 1; i++
		od
	}
#endif
	atomic {
		run thread_s();
#ifdef OTHER_THREAD
		run thread_t();
#endif
#ifdef OTHER_HOLDER
		run process_b();
#endif
		run process_c()
	};
	d_step { _nr_pr == 2 -> skip };
	d_step { check() }
}
