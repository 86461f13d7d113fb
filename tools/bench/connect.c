// SPDX-License-Identifier: GPL-2.0-only
/* What it costs to set a connection up and to take it down. */
#include <unistd.h>

#include "command.h"
#include "echo.h"
#include "net.h"

#define SAMPLES		(1u << 16)
#define WARM		20	/* connections before the first that counts */

/* One after the other: connect, one request, one answer, close. */
static uint64_t churn(const struct options *o, int listener, uint64_t until,
		      uint64_t least, uint32_t *sample)
{
	uint64_t most = o->count > 1 && o->count < (int)SAMPLES ?
			(uint64_t)o->count : SAMPLES;
	uint64_t n = 0, began;
	int fd;

	while (n < least || (bench_now() < until && n < most)) {
		began = bench_now();
		fd = net_connect(o->transport->family, listener);
		net_exchange(fd, n);
		sample[n++] = (uint32_t)(bench_now() - began);
		close(fd);
	}
	return n;
}

void command_connect(const struct options *o)
{
	uint32_t *sample = bench_shared(SAMPLES * sizeof(*sample));
	uint64_t begin, took, n;
	int listener, keep;
	pid_t server;

	server = echo_start(o->transport->family, 0, o->cpu[1], &listener);
	bench_pin(o->cpu[0]);
	keep = net_connect(o->transport->family, listener);
	net_exchange(keep, 1);
	churn(o, listener, 0, WARM, sample);
	begin = bench_now();
	n = churn(o, listener, begin + o->ns, 1, sample);
	took = bench_now() - begin;
	bench_sort(sample, n);
	bench_report(8, "connections", (double)n * 1e9 / (double)took, "1/s");
	bench_report(8, "first-byte", bench_us(sample[n / 2]), "us");
	close(keep);
	echo_end(server);
}
