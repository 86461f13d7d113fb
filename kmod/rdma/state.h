/* SPDX-License-Identifier: GPL-2.0 */
/* The life of the queue pair of a link. */
#ifndef _SDR_RDMA_STATE_H
#define _SDR_RDMA_STATE_H

#include <linux/types.h>

/**
 * enum sdr_rdma_state - what there is of a queue pair
 * @SDR_RDMA_IDLE:	nothing
 * @SDR_RDMA_CONNECTING: the two hosts make one
 * @SDR_RDMA_UP:	it works
 * @SDR_RDMA_DRAINING:	it is being taken apart; how far it came is told
 * @__SDR_RDMA_STATE_MAX: how many
 *
 *	IDLE -> CONNECTING -> UP -> DRAINING -> IDLE
 *	        CONNECTING       -> DRAINING
 */
enum sdr_rdma_state {
	SDR_RDMA_IDLE,
	SDR_RDMA_CONNECTING,
	SDR_RDMA_UP,
	SDR_RDMA_DRAINING,
	__SDR_RDMA_STATE_MAX
};

/**
 * enum sdr_rdma_event - what happens to it
 * @SDR_RDMA_EV_START:	somebody here, or the other host, wants one
 * @SDR_RDMA_EV_MADE:	it is connected
 * @SDR_RDMA_EV_FAIL:	an error, a device that goes, the other host's DOWN, or
 *			the end of the link
 * @SDR_RDMA_EV_DRAINED: all is taken apart
 * @__SDR_RDMA_EVENT_MAX: how many
 */
enum sdr_rdma_event {
	SDR_RDMA_EV_START,
	SDR_RDMA_EV_MADE,
	SDR_RDMA_EV_FAIL,
	SDR_RDMA_EV_DRAINED,
	__SDR_RDMA_EVENT_MAX
};

/**
 * sdr_rdma_state_step - the one function that changes a state
 * @state:	the state; the caller serialises
 * @event:	what happens
 *
 * Return: true if that changes anything; then whoever sent the event does what
 * entering the state asks for.
 */
bool sdr_rdma_state_step(enum sdr_rdma_state *state, enum sdr_rdma_event event);

#endif /* _SDR_RDMA_STATE_H */
