// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both directions at full speed, sleeping and waking, while others take the
 * leases away and rings grow: no byte lost, repeated or out of order.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "suite.h"
#include "fake.h"
#include "sdirect.h"

/**
 * struct job - one thread's part
 * @fd:		its end
 * @bytes:	how many to move
 * @most:	largest size of one call
 * @seed:	of the sizes
 * @bad:	first position that was wrong, plus 1
 */
struct job {
	int fd;
	uint64_t bytes;
	uint32_t most;
	uint64_t seed;
	uint64_t bad;
};

static atomic_int over;

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 33);
}

static uint8_t byte_at(uint64_t pos)
{
	return (uint8_t)(pos * 0x9e3779b97f4a7c15ull >> 56);
}

static size_t next_size(struct job *job, uint64_t done)
{
	size_t n = 1 + next_random(&job->seed) % job->most;

	return n < job->bytes - done ? n : (size_t)(job->bytes - done);
}

/* Every fourth chunk is written in place, if that is possible. */
static int send_in_place(struct job *job, const uint8_t *buf, size_t n)
{
	size_t room = n;
	uint8_t *to;

	if (next_random(&job->seed) % 4)
		return 0;
	to = sdirect_reserve(job->fd, &room);
	if (!to)
		return 0;
	for (size_t i = 0; i < n; i++)
		to[i] = buf[i];
	return !sdirect_commit(job->fd, n);
}

static void *sender(void *arg)
{
	struct job *job = arg;
	uint8_t *buf = malloc(job->most);
	size_t n;

	for (uint64_t pos = 0; pos < job->bytes; pos += n) {
		n = next_size(job, pos);
		for (size_t i = 0; i < n; i++)
			buf[i] = byte_at(pos + i);
		if (send_in_place(job, buf, n))
			continue;
		if (sdirect_send(job->fd, buf, n, 0) != (ssize_t)n) {
			job->bad = pos + 1;
			break;
		}
	}
	free(buf);
	return NULL;
}

static void check(struct job *job, const uint8_t *buf, size_t n, uint64_t pos)
{
	for (size_t i = 0; i < n && !job->bad; i++)
		if (buf[i] != byte_at(pos + i))
			job->bad = pos + i + 1;
}

static void *receiver(void *arg)
{
	struct job *job = arg;
	uint8_t *buf = malloc(job->most);
	uint64_t pos = 0;
	ssize_t n;
	int flags;

	while (pos < job->bytes && !job->bad) {
		flags = next_random(&job->seed) % 16 ? 0 : MSG_PEEK;
		n = sdirect_recv(job->fd, buf, next_size(job, pos), flags);
		if (n <= 0) {
			job->bad = pos + 1;
			break;
		}
		check(job, buf, (size_t)n, pos);
		if (!(flags & MSG_PEEK))
			pos += (uint64_t)n;
	}
	free(buf);
	return NULL;
}

static void *revoker(void *arg)
{
	uint64_t seed = *(uint64_t *)arg;

	while (!over) {
		fake_revoke(next_random(&seed) % 2);
		for (uint32_t i = next_random(&seed) % 200; i; i--)
			sched_yield();
	}
	return NULL;
}

static uint64_t volume(void)
{
	const char *scale = getenv("SDIRECT_TEST_SCALE");

	return (scale ? strtoull(scale, NULL, 0) : 1) << 20;
}

static void run(uint32_t most, uint64_t bytes, int revoking)
{
	struct job job[4] = {
		{ FAKE_FD, bytes, most, 1, 0 },
		{ FAKE_FD + 1, bytes, most, 2, 0 },
		{ FAKE_FD + 1, bytes, most, 3, 0 },
		{ FAKE_FD, bytes, most, 4, 0 },
	};
	pthread_t thread[4], other;
	uint64_t seed = 5;

	over = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, i % 2 ? receiver : sender,
			       &job[i]);
	if (revoking)
		pthread_create(&other, NULL, revoker, &seed);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	over = 1;
	if (revoking)
		pthread_join(other, NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(job[i].bad, 0);
}

static void stress__small_messages(void **state)
{
	(void)state;
	fake_open(4096, 4096);
	run(64, volume(), 0);
	fake_close();
}

static void stress__large_messages(void **state)
{
	(void)state;
	fake_open(4096, 1 << 18);
	run(100000, 16 * volume(), 0);
	assert_true(fake.end[0].tx_seg > 0);
	fake_close();
}

static void stress__revoked_all_the_time(void **state)
{
	(void)state;
	fake_open(4096, 1 << 16);
	/* On a busy machine the revoker may come when all is done. */
	for (int i = 0; i < 100 && !fake.revokes; i++)
		run(3000, 4 * volume(), 1);
	assert_true(fake.revokes > 0);
	fake_close();
}

int run_stress_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stress__small_messages),
		cmocka_unit_test(stress__large_messages),
		cmocka_unit_test(stress__revoked_all_the_time),
	};

	return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}
