/* SPDX-License-Identifier: GPL-2.0 */
/* A carrier moves one range of a stream; a flow is one end's place in it. */
#ifndef _SDR_CARRIER_H
#define _SDR_CARRIER_H

#include <linux/poll.h>
#include <linux/socket.h>

#include "pair.h"
#include "stats.h"

struct sock;

/**
 * struct sdr_flow - one end's view of one direction
 * @sk:		the TCP socket
 * @pair:	the pair, NULL while there is none
 * @seg:	the range that this end is in
 * @way_back:	of a send flow on a ring: the TCP range that may follow
 * @side:	this end's index in the pair
 * @pos:	position of the next byte that this end sends (receives)
 * @tcp_seq:	TCP's sequence number that @pos was last brought up to
 * @tally:	the socket's counters
 * @calls:	system calls that moved bytes
 * @user_ops:	operations that user space says it has made by itself
 *
 * A send flow belongs to whoever holds the socket's lock, a receive flow to
 * whoever holds the rx_lock.
 */
struct sdr_flow {
	struct sock *sk;
	struct sdr_pair *pair;
	struct sdr_seg *seg;
	struct sdr_seg *way_back;
	int side;
	u64 pos;
	u32 tcp_seq;
	u32 calls;
	u64 user_ops;
	struct sdr_tally *tally;
};

/**
 * enum sdr_arm - when a look at a receive direction asks to be woken
 * @SDR_ARM_EMPTY:	if there are no bytes
 * @SDR_ARM_ALWAYS:	for what comes after the bytes that are there, too
 * @SDR_ARM_NOT:	not at all
 */
enum sdr_arm {
	SDR_ARM_EMPTY,
	SDR_ARM_ALWAYS,
	SDR_ARM_NOT,
};

/**
 * struct sdr_carrier - the operations of a carrier
 * @id:		how user space calls it
 * @name:	for people
 * @tx_calls:	what counts the send system calls that it serves
 * @rx_calls:	the same for receiving
 * @sync_tx:	brings the send flow's @pos up to date; 0 or -EPROTO when what
 *		user space wrote cannot be true
 * @sync_rx:	the same for a receive flow
 * @send:	takes what it can of @len bytes from @msg; advances @pos
 * @recv:	gives what it has, up to @len bytes from the flow's position,
 *		which it advances unless @flags say MSG_PEEK
 * @poll_tx:	may more be sent?  If not, and @arm, sees to it that the socket's
 *		wait queue is woken when that changes
 * @poll_rx:	bytes that can be received; sees to a wake-up when more come, as
 *		@arm says
 *
 * All are mandatory.  A carrier counts the bytes that it moves by itself.  None
 * sleeps for the peer: @send and @recv return -EAGAIN when there is no room or
 * no byte, -EPROTO when the peer has broken the rules, and otherwise what
 * tcp_sendmsg() and tcp_recvmsg() would return.  @send runs under the socket's
 * lock and @recv under the rx_lock without the socket's lock; both may fault.
 * The poll hooks run without locks, under RCU.
 */
struct sdr_carrier {
	enum sdirect_carrier id;
	const char *name;
	enum sdr_stat tx_calls;
	enum sdr_stat rx_calls;
	int (*sync_tx)(struct sdr_flow *tx);
	int (*sync_rx)(struct sdr_flow *rx);
	ssize_t (*send)(struct sdr_flow *tx, struct msghdr *msg, size_t len);
	ssize_t (*recv)(struct sdr_flow *rx, struct msghdr *msg, size_t len,
			int flags);
	bool (*poll_tx)(const struct sdr_flow *tx, const struct sdr_seg *seg,
			bool arm);
	s64 (*poll_rx)(const struct sdr_flow *rx, const struct sdr_seg *seg,
		       enum sdr_arm arm);
};

extern const struct sdr_carrier sdr_carrier_tcp;
extern const struct sdr_carrier sdr_carrier_local;

/**
 * sdr_carrier_tcp_peek - look at bytes that TCP has behind others
 * @rx:		the receive flow
 * @skip:	bytes to leave out
 * @msg:	where to
 * @len:	bytes at most
 * @flags:	of the call; with MSG_TRUNC nothing is copied
 *
 * TCP itself peeks only from where its reader stands.  Context: the rx_lock is
 * held, the socket's lock is not; may fault.  Return: bytes, 0 if there are
 * none before the urgent one, -EFAULT.
 */
ssize_t sdr_carrier_tcp_peek(const struct sdr_flow *rx, u32 skip,
			     struct msghdr *msg, size_t len, int flags);

#endif /* _SDR_CARRIER_H */
