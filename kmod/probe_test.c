// SPDX-License-Identifier: GPL-2.0
/* Something to be done when the test's thread enters a function. */
#include "compat.h"

#include "probe_test.h"

#ifdef CONFIG_KPROBES
static int probe_hit(struct kprobe *kp, struct pt_regs *regs)
{
	struct probe *probe = container_of(kp, struct probe, kp);

	if (current != probe->task)
		return 0;
	probe->enter(probe, regs_get_kernel_argument(regs, 0));
	probe->hits++;
	return 0;
}

bool probe_set(struct kunit *test, struct probe *probe, const char *function)
{
	int err;

	probe->kp.symbol_name = function;
	probe->kp.pre_handler = probe_hit;
	probe->task = current;
	err = register_kprobe(&probe->kp);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "%s", function);
	return !err;
}

void probe_clear(struct probe *probe)
{
	unregister_kprobe(&probe->kp);
}
#else
bool probe_set(struct kunit *test, struct probe *probe, const char *function)
{
	kunit_mark_skipped(test, "no kprobes");
	return false;
}

void probe_clear(struct probe *probe)
{
}
#endif
