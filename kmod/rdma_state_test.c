// SPDX-License-Identifier: GPL-2.0
/* Tests of the life of a link's queue pair. */
#include "compat.h"

#include "fixture_test.h"
#include "rdma/state.h"

/**
 * struct way - what an event does
 * @from:	in this state
 * @event:	this event
 * @to:		leads to this one
 */
struct way {
	enum sdr_rdma_state from;
	enum sdr_rdma_event event;
	enum sdr_rdma_state to;
};

/* The diagram in state.h; everything else changes nothing. */
static const struct way ways[] = {
	{ SDR_RDMA_IDLE, SDR_RDMA_EV_START, SDR_RDMA_CONNECTING },
	{ SDR_RDMA_CONNECTING, SDR_RDMA_EV_MADE, SDR_RDMA_UP },
	{ SDR_RDMA_CONNECTING, SDR_RDMA_EV_FAIL, SDR_RDMA_DRAINING },
	{ SDR_RDMA_UP, SDR_RDMA_EV_FAIL, SDR_RDMA_DRAINING },
	{ SDR_RDMA_DRAINING, SDR_RDMA_EV_DRAINED, SDR_RDMA_IDLE },
};

static const struct way *way_of(int from, int event)
{
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(ways); i++)
		if ((int)ways[i].from == from && (int)ways[i].event == event)
			return &ways[i];
	return NULL;
}

static void diagram(struct kunit *test)
{
	int from, event;

	for (from = 0; from < __SDR_RDMA_STATE_MAX; from++)
		for (event = 0; event < __SDR_RDMA_EVENT_MAX; event++) {
			const struct way *way = way_of(from, event);
			enum sdr_rdma_state state = from;

			KUNIT_EXPECT_EQ(test, sdr_rdma_state_step(&state, event),
					!!way);
			KUNIT_EXPECT_EQ(test, (int)state,
					way ? (int)way->to : from);
		}
}

/* Errors come in crowds: only the first has the queue pair taken apart. */
static void one_failure(struct kunit *test)
{
	enum sdr_rdma_state state = SDR_RDMA_UP;
	int i, n = 0;

	for (i = 0; i < 100; i++)
		n += sdr_rdma_state_step(&state, SDR_RDMA_EV_FAIL);
	KUNIT_EXPECT_EQ(test, n, 1);
	/* No other is begun before this one is gone. */
	KUNIT_EXPECT_FALSE(test, sdr_rdma_state_step(&state, SDR_RDMA_EV_START));
	KUNIT_EXPECT_TRUE(test, sdr_rdma_state_step(&state, SDR_RDMA_EV_DRAINED));
	KUNIT_EXPECT_TRUE(test, sdr_rdma_state_step(&state, SDR_RDMA_EV_START));
}

static struct kunit_case state_tests[] = {
	KUNIT_CASE(diagram),
	KUNIT_CASE(one_failure),
	{ }
};

struct kunit_suite sdr_rdma_state_suite = {
	.name		= "sdirect_rdma_state",
	.test_cases	= state_tests,
};
