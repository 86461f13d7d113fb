// SPDX-License-Identifier: GPL-2.0
/* Counters per network namespace and per socket. */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "compat.h"
#include "net.h"
#include "stats.h"

const char * const sdr_stats_names[__SDR_STAT_MAX] = {
#define X(id, name, help) [SDR_STAT_##id] = name,
	SDR_STATS(X)
#undef X
};

void sdr_tally_add(struct sdr_tally *tally, enum sdr_stat id, u64 n)
{
	this_cpu_add(tally->all->v[id], n);
	if (id >= __SDR_STAT_SOCK)
		atomic64_add(n, &tally->v[id - __SDR_STAT_SOCK]);
}

void sdr_stats_sum(struct net *net, struct sdr_stats *out)
{
	const struct sdr_stats __percpu *stats = sdr_net(net)->stats;
	const struct sdr_stats *one;
	int cpu, i;

	memset(out, 0, sizeof(*out));
	for_each_possible_cpu(cpu) {
		one = per_cpu_ptr(stats, cpu);
		/* Words of 64 bits: never torn, and each on its own grows. */
		for (i = 0; i < __SDR_STAT_MAX; i++)
			out->v[i] += READ_ONCE(one->v[i]);
	}
}
