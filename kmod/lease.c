// SPDX-License-Identifier: GPL-2.0
/*
 * Who may work on a socket's rings without a system call.
 *
 * Taking a lease away:
 *
 *	revoker				holder, in an operation
 *
 *	epoch++				inside = tid
 *	zap, TLB shoot-down	(A)	LOAD epoch
 *	LOAD inside			work
 *					inside = 0
 *
 * The shoot-down interrupts every CPU that runs the holder, so a thread either
 * had its mark visible before A, and the revoker sees it, or it faults when it
 * sets the mark, and then sees the new epoch.  A marked thread gets its pages
 * back and a bounded time to leave; after that it works on a dummy page, and
 * SDIRECT_IOC_SETTLE tells it how far it came.
 */
#include "compat.h"

#include <linux/delay.h>
#include <linux/net.h>
#include <linux/sched/mm.h>
#include <linux/siphash.h>

#include "lease.h"
#include "pair.h"
#include "payer.h"
#include "region.h"
#include "rendezvous.h"
#include "ring.h"
#include "sockopt.h"
#include "stream.h"
#include "wake.h"

/* How long a thread inside an operation is waited for: 100 times 100 us. */
#define SDR_LEAVE_TRIES	100
#define SDR_LEAVE_US	100
/* After every eighth revocation the lease stays away twice as long. */
#define SDR_BACKOFF_MAX	HZ

bool sdr_lease_held(const struct sdr_sock *ss)
{
	/* Pairs with region_get(). */
	const struct sdr_region *region = smp_load_acquire(&ss->region);

	return region && READ_ONCE(region->mm);
}

static struct sdirect_ctl_page *ctl_of(const struct sdr_sock *ss)
{
	return sdr_pair_ctl(ss->pair, ss->side);
}

/* Is it the caller's library that looks at the rings? */
static bool looks_itself(const struct sdr_sock *ss)
{
	/* Pairs with region_get(). */
	const struct sdr_region *region = smp_load_acquire(&ss->region);

	return region && current->mm && READ_ONCE(region->mm) == current->mm &&
	       atomic_read(&region->views) && READ_ONCE(ctl_of(ss)->rx_served);
}

bool sdr_lease_served(const struct sdr_sock *ss)
{
	return looks_itself(ss) && !sdr_wake_shared(ss->sk);
}

bool sdr_lease_rung(const struct sdr_sock *ss)
{
	struct sdr_end *end;

	if (!looks_itself(ss))
		return false;
	end = &ss->pair->end[ss->side];
	if (!READ_ONCE(end->rung))
		return false;
	if (!sdr_wake_shared(ss->sk))
		WRITE_ONCE(end->rung, false);
	return true;
}

static void bump(struct sdr_sock *ss, u32 tx, u32 rx)
{
	struct sdr_pair *pair = ss->pair;
	struct sdirect_kern_end *end;

	if (!sdr_pair_has_pages(pair))
		return;
	spin_lock_bh(&pair->lock);
	end = sdr_pair_kern(pair, ss->side);
	WRITE_ONCE(end->tx_epoch, end->tx_epoch + tx);
	WRITE_ONCE(end->rx_epoch, end->rx_epoch + rx);
	spin_unlock_bh(&pair->lock);
}

void sdr_lease_stale_tx(struct sdr_sock *ss)
{
	bump(ss, 1, 0);
}

void sdr_lease_stale_rx(struct sdr_sock *ss)
{
	bump(ss, 0, 1);
}

/* Is a thread other than the caller marked as inside an operation? */
static bool somebody_inside(const struct sdr_sock *ss)
{
	const struct sdirect_ctl_page *ctl = ctl_of(ss);
	u32 tx = READ_ONCE(ctl->tx_inside), rx = READ_ONCE(ctl->rx_inside);
	u32 me = 0;

	/* The caller may be a signal handler on top of such an operation. */
	if (ss->region->mm == current->mm)
		me = task_pid_vnr(current);
	return (tx && tx != me) || (rx && rx != me);
}

static void wait_until_left(struct sdr_sock *ss)
{
	int i;

	for (i = 0; i < SDR_LEAVE_TRIES; i++) {
		if (!atomic_read(&ss->region->views) || !somebody_inside(ss))
			return;
		usleep_range(SDR_LEAVE_US, 2 * SDR_LEAVE_US);
	}
	sdr_tally_inc(&ss->tally, SDR_STAT_REVOKE_FORCED);
}

static void grant_clear(struct sdr_grant *grant)
{
	sdr_ring_put(grant->tx);
	sdr_ring_put(grant->rx);
	memset(grant, 0, sizeof(*grant));
}

/*
 * A holder that was inside must still learn how far it came; until then nobody
 * else gets the lease, or a later revocation would overwrite the answer.
 */
static void settle_owed(struct sdr_region *region, struct mm_struct *mm,
			bool inside)
{
	lockdep_assert_held(&region->gate);
	if (region->unsettled)
		mmdrop(region->unsettled);
	region->unsettled = NULL;
	if (inside) {
		mmgrab(mm);
		region->unsettled = mm;
	}
}

/* Under the gate. */
static void revoke(struct sdr_sock *ss)
{
	struct sdr_region *region = ss->region;
	struct mm_struct *mm = region->mm;
	struct sdirect_ctl_page *ctl = ctl_of(ss);

	lockdep_assert_held(&region->gate);
	if (!mm)
		return;
	bump(ss, 1, 1);
	sdr_region_zap(region);			/* A */
	if (somebody_inside(ss))
		wait_until_left(ss);
	mutex_lock(&region->lock);
	WRITE_ONCE(region->mm, NULL);
	grant_clear(&region->grant);
	/*
	 * From here on faults find the dummy; this removes what is mapped.
	 * Under the lock, or one page would be the dummy already while another
	 * is still the real one, and bytes that went nowhere were published.
	 */
	sdr_region_zap(region);
	sdr_region_drop_rings(region);
	mutex_unlock(&region->lock);

	region->settle.tx_final = READ_ONCE(ctl->tx_tail);
	region->settle.rx_final = READ_ONCE(ctl->rx_head);
	settle_owed(region, mm,
		    READ_ONCE(ctl->tx_inside) || READ_ONCE(ctl->rx_inside));
	mmdrop(mm);
	/* The holder may have owed the peer a doorbell. */
	sdr_wake_end(ss->pair, !ss->side);
	/* What it has armed for itself it can no longer see to. */
	if (READ_ONCE(ctl->rx_served))
		sdr_wake_sock(ss->sk);
	/* One who has unmapped everything had given the lease up himself. */
	if (atomic_read(&region->views))
		region->next_grant = jiffies +
			min_t(unsigned long, SDR_BACKOFF_MAX,
			      BIT(min(region->revoked++ / 8, 16u)));
	sdr_tally_inc(&ss->tally, SDR_STAT_REVOKES);
}

void sdr_lease_revoke(struct sdr_sock *ss)
{
	struct sdr_region *region = ss->region;

	if (!region)
		return;
	mutex_lock(&region->gate);
	revoke(ss);
	mutex_unlock(&region->gate);
}

static void withdraw_work(struct work_struct *work)
{
	sdr_lease_revoke(container_of(work, struct sdr_region, withdraw)->ss);
}

void sdr_lease_withdraw(struct sdr_sock *ss)
{
	lockdep_assert_held(&ss->pair->lock);
	/* Without it there is no lease, and who makes it sees the bar. */
	if (ss->region)
		queue_work(system_unbound_wq, &ss->region->withdraw);
}

/* Is this call the lease holder's own, made under its library's lock? */
static bool marked(const struct sdr_sock *ss, const u32 *mark)
{
	return READ_ONCE(ss->region->mm) == current->mm &&
	       READ_ONCE(*mark) == (u32)task_pid_vnr(current);
}

void sdr_lease_enter_tx(struct sdr_sock *ss)
{
	sock_owned_by_me(ss->sk);
	if (sdr_lease_held(ss) && !marked(ss, &ctl_of(ss)->tx_call))
		sdr_lease_revoke(ss);
}

void sdr_lease_enter_rx(struct sdr_sock *ss)
{
	lockdep_assert_held(&ss->rx_lock);
	if (sdr_lease_held(ss) && !marked(ss, &ctl_of(ss)->rx_call))
		sdr_lease_revoke(ss);
}

int sdr_lease_settle(struct sdr_sock *ss, struct sdirect_settle *out)
{
	/* Pairs with region_get(). */
	struct sdr_region *region = smp_load_acquire(&ss->region);

	memset(out, 0, sizeof(*out));
	if (!region)
		return 0;
	mutex_lock(&region->gate);
	*out = region->settle;
	if (region->unsettled == current->mm)
		settle_owed(region, NULL, false);
	mutex_unlock(&region->gate);
	return 0;
}

/* --- granting --- */

static int watch(wait_queue_entry_t *wait, unsigned int mode, int sync,
		 void *key)
{
	const struct sdr_sock *ss = container_of(wait, struct sdr_region,
						 watch)->ss;
	struct sdirect_kern_end *end = sdr_pair_kern(ss->pair, ss->side);
	const struct sock *sk = ss->sk;

	/* A reset or a time-out must reach who makes no system call. */
	if (READ_ONCE(sk->sk_err) ||
	    READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN ||
	    READ_ONCE(sk->sk_state) == TCP_CLOSE)
		WRITE_ONCE(end->tx_closed, 1);
	if (sdr_stream_rx_ended(sk))
		WRITE_ONCE(end->rx_closed, 1);
	return 0;
}

static void start_watching(struct sdr_region *region)
{
	init_waitqueue_func_entry(&region->watch, watch);
	add_wait_queue(sk_sleep(region->ss->sk), &region->watch);
	/*
	 * What happened before it was queued; the barrier pairs with that of
	 * skwq_has_sleeper(), after which nobody looks for us.
	 */
	smp_mb();
	watch(&region->watch, 0, 0, NULL);
}

static int region_get(struct sdr_sock *ss)
{
	struct sdr_payer payer = { };
	struct sdr_region *region;

	if (ss->region)
		return 0;
	sdr_payer_add_user(&payer, ss->owner.cred->euid);
	region = sdr_region_create(ss->pair, ss->side, payer.quota);
	sdr_payer_put(&payer);
	if (IS_ERR(region))
		return PTR_ERR(region);
	region->ss = ss;
	INIT_WORK(&region->withdraw, withdraw_work);
	/* Or sdr_lease_withdraw() could miss it, and we the bar. */
	spin_lock_bh(&ss->pair->lock);
	/* Pairs with all who look without the socket's lock. */
	smp_store_release(&ss->region, region);
	spin_unlock_bh(&ss->pair->lock);
	start_watching(region);
	return 0;
}

void sdr_lease_end(struct sdr_sock *ss)
{
	struct sdr_region *region = ss->region;

	if (!region)
		return;
	/* Nobody finds us in the pair any more. */
	cancel_work_sync(&region->withdraw);
	remove_wait_queue(sk_sleep(ss->sk), &region->watch);
}

/* Tells holders apart, and nothing else. */
static u64 holder_number(const struct mm_struct *mm)
{
	static siphash_key_t key __read_mostly;

	net_get_random_once(&key, sizeof(key));
	return siphash_1u64((uintptr_t)mm, &key);
}

/* Under the gate: the caller's address space becomes, or stays, the holder. */
static void grant(struct sdr_sock *ss, struct sdr_ring *tx, struct sdr_ring *rx)
{
	struct sdr_region *region = ss->region;
	struct sdirect_kern_end *end = sdr_pair_kern(ss->pair, ss->side);
	struct sdirect_ctl_page *ctl = ctl_of(ss);

	if (region->mm != current->mm) {
		revoke(ss);
		/* Marks of the one before. */
		ctl->tx_inside = 0;
		ctl->rx_inside = 0;
		ctl->tx_call = 0;
		ctl->rx_call = 0;
		ctl->rx_served = 0;
		ctl->rx_want = 0;
		ctl->rx_sleep = 0;
		WRITE_ONCE(end->rx_holder, holder_number(current->mm));
		mmgrab(current->mm);
		sdr_tally_inc(&ss->tally, SDR_STAT_LEASES);
	}
	mutex_lock(&region->lock);
	grant_clear(&region->grant);
	region->grant.tx = tx ? sdr_ring_get(tx) : NULL;
	region->grant.rx = rx ? sdr_ring_get(rx) : NULL;
	region->grant.tx_epoch = end->tx_epoch;
	region->grant.rx_epoch = end->rx_epoch;
	WRITE_ONCE(region->mm, current->mm);
	mutex_unlock(&region->lock);
}

static void describe(const struct sdr_sock *ss, struct sdirect_attach *at)
{
	const struct sdr_grant *grant = &ss->region->grant;

	at->side = ss->side;
	at->hints = ss->pair->far ? SDIRECT_HINT_CALL : 0;
	at->tx_epoch = grant->tx_epoch;
	at->rx_epoch = grant->rx_epoch;
	at->tx_size = grant->tx ? grant->tx->size : 0;
	at->rx_size = grant->rx ? grant->rx->size : 0;
	at->tx_offset = sdr_region_offset(at->tx_epoch, false);
	at->rx_offset = sdr_region_offset(at->rx_epoch, true);
	at->tx_length = sdr_region_length(grant->tx, false);
	at->rx_length = sdr_region_length(grant->rx, true);
}

static bool owed_to_another(const struct sdr_region *region)
{
	const struct mm_struct *mm = READ_ONCE(region->unsettled);

	return mm && mm != current->mm;
}

static int attach_allowed(struct sdr_sock *ss)
{
	const struct sdr_region *region = ss->region;

	if (!((1 << ss->sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT |
					 TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2)))
		return -ENOTCONN;
	sdr_rendezvous_try(ss);
	if (sdr_sock_plain(ss))
		return -EOPNOTSUPP;
	if (!sdr_sock_pair(ss) || sdr_pair_barred(ss->pair) ||
	    sdr_sockopt_rx_needs_tcp(ss->sk))
		return -EAGAIN;
	if (!region || region->mm == current->mm)
		return 0;
	/* Whoever has it keeps it until another call, not a grab, ends it. */
	if (atomic_read(&region->views) &&
	    (region->mm || owed_to_another(region)))
		return -EAGAIN;
	if (time_before(jiffies, region->next_grant))
		return -EAGAIN;
	return 0;
}

int sdr_lease_attach(struct sdr_sock *ss, struct sdirect_attach *at)
{
	struct sdr_ring *tx, *rx;
	int err;

	lockdep_assert_held(&ss->rx_lock);
	sock_owned_by_me(ss->sk);
	if (at->abi_version != SDIRECT_ABI_VERSION)
		return -EPROTO;
	if (at->flags)
		return -EINVAL;
	err = attach_allowed(ss);
	if (err)
		return err;

	sdr_stream_seal(ss);
	tx = sdr_stream_ring_tx(ss, &at->tx_base);
	rx = sdr_stream_ring_rx(ss, &at->rx_base);
	if (!tx && !rx)
		return -EAGAIN;
	err = region_get(ss);
	if (err)
		return err;
	mutex_lock(&ss->region->gate);
	/* Or sdr_lease_withdraw(), which waits for the gate, comes behind us. */
	if (sdr_pair_barred(ss->pair)) {
		mutex_unlock(&ss->region->gate);
		return -EAGAIN;
	}
	grant(ss, tx, rx);
	describe(ss, at);
	mutex_unlock(&ss->region->gate);
	return 0;
}
