/* SPDX-License-Identifier: GPL-2.0 */
/* Something to be done when the test's thread enters a function. */
#ifndef _SDR_PROBE_TEST_H
#define _SDR_PROBE_TEST_H

#include <linux/kprobes.h>

#include "fixture_test.h"

/**
 * struct probe - watches calls of a function of the kernel
 * @kp:		the probe
 * @task:	whose calls
 * @enter:	what is done then, with the call's first argument; must not sleep
 * @hits:	how often, this time not included
 */
struct probe {
	struct kprobe kp;
	struct task_struct *task;
	void (*enter)(struct probe *probe, unsigned long arg);
	unsigned int hits;
};

/* False, with the test skipped, if this kernel has no such probes. */
bool probe_set(struct kunit *test, struct probe *probe, const char *function);
void probe_clear(struct probe *probe);

#endif /* _SDR_PROBE_TEST_H */
