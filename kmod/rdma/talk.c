// SPDX-License-Identifier: GPL-2.0
/*
 * What two hosts have with each other: the control connection.
 *
 * It may be lost while the hosts, and the TCP connections between them, go on.
 * Then the queue pair is taken down, the host that has called calls again with
 * the same cookie, and each says for every connection what the other may not have
 * heard.
 */
#include "compat.h"

#include <linux/net.h>
#include <net/sock.h>

#include "rdma/conn.h"
#include "rdma/control.h"
#include "rdma/link.h"
#include "rdma/net.h"

/* So long TCP, too, bears with a host from which nothing is heard. */
#define LIMBO_TIME	(120 * HZ)
#define CALL_SOON	(HZ / 10)
#define CALL_AGAIN	HZ
/* Until the other end of a connection that is called for again sees its end. */
#define NOTICE_TIME	(5 * HZ)

void sdr_rdma_link_say(struct sdr_rdma_link *link,
		       const struct sdr_rdma_msg *msg)
{
	mutex_lock(&link->send_lock);
	/* The one who reads from it finds out what is wrong. */
	if (link->talking && sdr_rdma_control_send(link->sock, msg))
		kernel_sock_shutdown(link->sock, SHUT_RDWR);
	mutex_unlock(&link->send_lock);
}

void sdr_rdma_link_hang_up(struct sdr_rdma_link *link)
{
	mutex_lock(&link->send_lock);
	if (link->sock)
		kernel_sock_shutdown(link->sock, SHUT_RDWR);
	mutex_unlock(&link->send_lock);
}

/* Under the gate: nothing is said, and no queue pair made, from here on. */
static void set_talking(struct sdr_rdma_link *link, bool on)
{
	lockdep_assert_held(&link->gate);
	mutex_lock(&link->send_lock);
	WRITE_ONCE(link->talking, on);
	mutex_unlock(&link->send_lock);
}

static void set_sock(struct sdr_rdma_link *link, struct socket *sock)
{
	mutex_lock(&link->send_lock);
	link->sock = sock;
	mutex_unlock(&link->send_lock);
}

static void drop_sock(struct sdr_rdma_link *link)
{
	struct socket *sock = link->sock;

	set_sock(link, NULL);
	if (!sock)
		return;
	sdr_rdma_control_drop(sock);
}

static int converse(struct sdr_rdma_link *link)
{
	struct sdr_rdma_msg msg;
	int err;

	for (;;) {
		err = sdr_rdma_control_receive(link->sock, &msg);
		if (!err && msg.type == SDR_RDMA_HELLO)
			err = -EPROTO;
		if (err)
			return err;
		if (msg.type == SDR_RDMA_DOWN) {
			if (link->active)
				WRITE_ONCE(link->most_qps,
					   sdr_rdma_lanes_said(msg.mine));
			sdr_rdma_link_fail(link);
			continue;
		}
		/* If it is known here a queue pair will be asked for. */
		if (msg.type == SDR_RDMA_ATTACH)
			sdr_rdma_net_use(link->net);
		mutex_lock(&link->gate);
		sdr_rdma_conn_hear(link, &msg);
		mutex_unlock(&link->gate);
		cond_resched();
	}
}

static bool is_idle(struct sdr_rdma_link *link)
{
	return READ_ONCE(link->state) == SDR_RDMA_IDLE;
}

/* The conversation is over; when this returns no queue pair is left. */
static void end_talk(struct sdr_rdma_link *link)
{
	mutex_lock(&link->gate);
	set_talking(link, false);
	mutex_unlock(&link->gate);
	/* None is begun from here on. */
	flush_work(&link->up);
	sdr_rdma_link_fail(link);
	wait_event(link->wait, is_idle(link));
	if (cancel_delayed_work_sync(&link->probe))
		sdr_rdma_link_put(link);
	drop_sock(link);
}

static void all_lost(struct sdr_rdma_link *link, int error)
{
	struct sdr_rdma_conn *conn;
	unsigned long i;

	mutex_lock(&link->gate);
	xa_for_each(&link->conns, i, conn)
		sdr_rdma_conn_lost(conn, error);
	WRITE_ONCE(link->session, false);
	mutex_unlock(&link->gate);
}

/* Talk; @known: the other host knows the connections that there are. */
static void talk(struct sdr_rdma_link *link, bool known)
{
	struct sdr_rdma_conn *conn;
	unsigned long i;

	if (!known)
		all_lost(link, ECONNRESET);
	mutex_lock(&link->gate);
	set_talking(link, true);
	WRITE_ONCE(link->session, true);
	xa_for_each(&link->conns, i, conn)
		sdr_rdma_conn_query(conn);
	mutex_unlock(&link->gate);
	converse(link);
	end_talk(link);
}

static bool over(struct sdr_rdma_link *link)
{
	return READ_ONCE(link->stopping) || !atomic_read(&link->n_conns);
}

/* --- the host that calls --- */

/* It is too late to begin; what has begun before goes on without RDMA. */
static bool is_unwanted(struct sdr_rdma_link *link)
{
	return READ_ONCE(link->stopping) ||
	       (!READ_ONCE(link->net->on) && !READ_ONCE(link->session));
}

/* @known: (in) there are connections from before, (out) and there, too. */
static int place_call(struct sdr_rdma_link *link, bool *known)
{
	const struct sdr_rdma_hello mine = {
		link->cookie, *known, READ_ONCE(link->net->qps)
	};
	struct sdr_rdma_hello theirs;
	struct socket *sock;
	int err;

	err = sdr_rdma_control_socket(link->net->net, &link->peer, &sock);
	if (err)
		return err;
	set_sock(link, sock);
	err = sdr_rdma_control_connect(sock, &link->local, &link->peer);
	/* Looked at when the socket can be shut down: one of us sees the other. */
	if (!err && is_unwanted(link))
		err = -ESHUTDOWN;
	if (!err)
		err = sdr_rdma_control_call(sock, &mine, &theirs);
	if (err) {
		drop_sock(link);
		return err;
	}
	*known &= theirs.known;
	link->most_qps = theirs.qps;
	return 0;
}

static void call(struct sdr_rdma_link *link)
{
	unsigned long until = jiffies + LIMBO_TIME;
	bool known;

	do {
		known = READ_ONCE(link->session);
		if (place_call(link, &known)) {
			if (!READ_ONCE(link->session))
				break;
			wait_event_timeout(link->wait, over(link), CALL_AGAIN);
			continue;
		}
		link->absent = 0;
		talk(link, known);
		until = jiffies + LIMBO_TIME;
		wait_event_timeout(link->wait, over(link), CALL_SOON);
	} while (!over(link) && time_before(jiffies, until));
	all_lost(link, ETIMEDOUT);
	/* Whoever remembers the old ones must not take new ones for them. */
	link->cookie = get_random_u64();
}

/* --- the host that is called --- */

/* Another call of a host whose connections are still known: theirs goes on. */
static bool hand_over(struct sdr_rdma_link *link)
{
	struct sdr_rdma_link *old = sdr_rdma_link_again(link);
	struct socket *sock = link->sock;
	bool done = false;

	if (!old)
		return false;
	if (!READ_ONCE(old->waiting))
		sdr_rdma_link_hang_up(old);
	wait_event_timeout(old->wait, READ_ONCE(old->waiting) ||
			   READ_ONCE(old->stopping), NOTICE_TIME);
	mutex_lock(&old->send_lock);
	if (old->waiting && !old->sock && !old->stopping) {
		old->sock = sock;
		done = true;
	}
	mutex_unlock(&old->send_lock);
	if (done) {
		set_sock(link, NULL);
		wake_up_all(&old->wait);
	}
	sdr_rdma_link_put(old);
	return done;
}

static bool called_again(struct sdr_rdma_link *link)
{
	return READ_ONCE(link->sock) || over(link);
}

/* False: nobody has called in time. */
static bool wait_for_call(struct sdr_rdma_link *link)
{
	bool again;

	WRITE_ONCE(link->waiting, true);
	wake_up_all(&link->wait);
	wait_event_timeout(link->wait, called_again(link), LIMBO_TIME);
	mutex_lock(&link->send_lock);
	link->waiting = false;
	again = link->sock && !link->stopping;
	mutex_unlock(&link->send_lock);
	return again;
}

static int take_call(struct sdr_rdma_link *link)
{
	struct sdr_rdma_hello theirs;
	int err = sdr_rdma_control_hear(link->sock, &theirs);

	if (err)
		return err;
	link->cookie = theirs.cookie;
	return theirs.known && hand_over(link) ? -EALREADY : 0;
}

static void answer(struct sdr_rdma_link *link)
{
	struct sdr_rdma_hello mine = { };

	if (take_call(link)) {
		drop_sock(link);
		return;
	}
	mine.cookie = link->cookie;
	do {
		mine.qps = READ_ONCE(link->net->qps);
		link->most_qps = mine.qps;
		if (!sdr_rdma_control_answer(link->sock, &mine))
			talk(link, mine.known);
		else
			drop_sock(link);
		mine.known = true;
	} while (!over(link) && wait_for_call(link));
	drop_sock(link);
	all_lost(link, ETIMEDOUT);
}

void sdr_rdma_link_run(struct work_struct *work)
{
	struct sdr_rdma_link *link = container_of(work, struct sdr_rdma_link,
						  run);

	if (link->active)
		call(link);
	else
		answer(link);
	sdr_rdma_link_grow(&link->absent);
	WRITE_ONCE(link->absent_until, jiffies + link->absent);
	if (!link->active)
		sdr_rdma_link_leave(link);
	sdr_rdma_link_put(link);
}
