// SPDX-License-Identifier: GPL-2.0
/* The life of the queue pair of a link. */
#include "compat.h"

#include "rdma/state.h"

/* To a state that is not in a row there is no way: 0 is "stays". */
#define TO(state)	((state) + 1)

static const u8 step[__SDR_RDMA_STATE_MAX][__SDR_RDMA_EVENT_MAX] = {
	[SDR_RDMA_IDLE] = {
		[SDR_RDMA_EV_START]	= TO(SDR_RDMA_CONNECTING),
	},
	[SDR_RDMA_CONNECTING] = {
		[SDR_RDMA_EV_MADE]	= TO(SDR_RDMA_UP),
		[SDR_RDMA_EV_FAIL]	= TO(SDR_RDMA_DRAINING),
	},
	[SDR_RDMA_UP] = {
		[SDR_RDMA_EV_FAIL]	= TO(SDR_RDMA_DRAINING),
	},
	[SDR_RDMA_DRAINING] = {
		[SDR_RDMA_EV_DRAINED]	= TO(SDR_RDMA_IDLE),
	},
};

bool sdr_rdma_state_step(enum sdr_rdma_state *state, enum sdr_rdma_event event)
{
	u8 to = step[*state][event];

	if (!to)
		return false;
	*state = to - 1;
	return true;
}
