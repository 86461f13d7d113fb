// SPDX-License-Identifier: GPL-2.0-only
/* The data path on views over memory of our own. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suite.h"
#include "fake.h"
#include "quick.h"
#include "view.h"

#define SIZE	4096u
#define ME	42u

/* Two ends that share their pages and two rings. */
struct two {
	struct sdirect_kern_page kern;
	struct sdirect_ctl_page ctl[2];
	struct sdirect_view view[2];
	uint8_t *ring[2];
	int fd[2];
};

static struct two *two_open(uint64_t base)
{
	struct two *t = aligned_alloc(SDIRECT_LINE, sizeof(*t));

	memset(t, 0, sizeof(*t));
	for (int i = 0; i < 2; i++) {
		t->fd[i] = fake_memory(SIZE);
		t->ring[i] = fake_map_twice(t->fd[i], SIZE,
					    PROT_READ | PROT_WRITE, NULL);
		t->ctl[i].tx_tail = t->ctl[i].rx_head = base;
		t->kern.end[i].rx_limit = SDIRECT_POS_OPEN;
		t->kern.end[i].tx_epoch = t->kern.end[i].rx_epoch = 7;
		/* As if a sleeper had been woken long ago. */
		t->kern.end[i].rx_want = t->kern.end[i].tx_want = base - 1;
		t->ctl[i].rx_want = base - 1;
	}
	for (int i = 0; i < 2; i++)
		t->view[i] = (struct sdirect_view) {
			.ctl = &t->ctl[i], .peer = &t->ctl[!i],
			.own = &t->kern.end[i], .other = &t->kern.end[!i],
			.tx = { .ring = t->ring[i], .base = base,
				.pos = base, .size = SIZE, .mask = SIZE - 1,
				.epoch = 7 },
			.rx = { .ring = t->ring[!i], .base = base,
				.pos = base, .size = SIZE, .mask = SIZE - 1,
				.epoch = 7 },
		};
	return t;
}

static void two_close(struct two *t)
{
	for (int i = 0; i < 2; i++) {
		munmap(t->ring[i], 2 * SIZE);
		close(t->fd[i]);
	}
	free(t);
}

static struct sdi_moved put(struct sdirect_view *v, const void *buf, size_t n)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = n };
	struct sdi_iter it = { .iov = &iov, .left = n };

	return sdi_view_send(v, ME, &it);
}

static struct sdi_moved get(struct sdirect_view *v, void *buf, size_t n,
			    size_t min, int peek)
{
	struct iovec iov = { .iov_base = buf, .iov_len = n };
	struct sdi_iter it = { .iov = &iov, .left = n };

	return sdi_view_recv(v, ME, &it, min, peek);
}

static void view__bytes_arrive_across_the_wrap(void **state)
{
	struct two *t = two_open(3 * SIZE - 5);
	uint8_t in[1000], out[1000];

	(void)state;
	for (int round = 0; round < 50; round++) {
		size_t n = 1 + (size_t)(round * 19) % sizeof(in);

		memset(in, round + 1, n);
		assert_int_equal(put(&t->view[0], in, n).count, n);
		assert_int_equal(get(&t->view[1], out, sizeof(out), 1, 0).count,
				 n);
		assert_memory_equal(in, out, n);
	}
	assert_int_equal(t->ctl[0].tx_inside, 0);
	assert_int_equal(t->ctl[1].rx_inside, 0);
	two_close(t);
}

static void view__scattered_buffers(void **state)
{
	struct two *t = two_open(SIZE - 3);
	struct iovec out[4] = {
		{ "ab", 2 }, { NULL, 0 }, { "cdefg", 5 }, { "h", 1 },
	};
	char a[3], b[5];
	struct iovec in[2] = { { a, 3 }, { b, 5 } };
	struct sdi_iter it = { .iov = out, .left = 8 };

	(void)state;
	assert_int_equal(sdi_view_send(&t->view[0], ME, &it).count, 8);
	assert_int_equal(it.left, 0);
	it = (struct sdi_iter) { .iov = in, .left = 8 };
	assert_int_equal(sdi_view_recv(&t->view[1], ME, &it, 1, 0).count, 8);
	assert_memory_equal(a, "abc", 3);
	assert_memory_equal(b, "defgh", 5);
	two_close(t);
}

static void view__full_takes_what_fits(void **state)
{
	struct two *t = two_open(0);
	uint8_t buf[SIZE + 100];

	(void)state;
	memset(buf, 1, sizeof(buf));
	assert_int_equal(put(&t->view[0], buf, sizeof(buf)).count, SIZE);
	assert_int_equal(put(&t->view[0], buf, 1).count, 0);
	assert_int_equal(put(&t->view[0], buf, 1).todo, 0);
	assert_int_equal(get(&t->view[1], buf, 10, 1, 0).count, 10);
	assert_int_equal(put(&t->view[0], buf, 100).count, 10);
	two_close(t);
}

static void view__least_and_peek(void **state)
{
	struct two *t = two_open(0);
	char buf[16];

	(void)state;
	put(&t->view[0], "hello", 5);
	assert_int_equal(get(&t->view[1], buf, 6, 6, 0).count, 0);
	assert_int_equal(get(&t->view[1], buf, 6, 1, 1).count, 5);
	assert_int_equal(t->ctl[1].rx_head, 0);
	assert_int_equal(get(&t->view[1], buf, 5, 5, 0).count, 5);
	assert_int_equal(t->ctl[1].rx_head, 5);
	two_close(t);
}

static void view__bell_only_for_a_sleeper(void **state)
{
	struct two *t = two_open(100);
	char buf[16];

	(void)state;
	assert_int_equal(put(&t->view[0], "abc", 3).todo, 0);
	t->kern.end[1].rx_want = 103;
	assert_int_equal(put(&t->view[0], "d", 1).todo, SDI_BELL);
	assert_int_equal(put(&t->view[0], "e", 1).todo, 0);
	t->kern.end[0].tx_want = 102;
	assert_int_equal(get(&t->view[1], buf, 2, 1, 0).todo, 0);
	assert_int_equal(get(&t->view[1], buf, 1, 1, 0).todo, SDI_BELL);
	two_close(t);
}

static void view__without_a_lease_nothing_moves(void **state)
{
	struct two *t = two_open(0);
	char buf[4];

	(void)state;
	put(&t->view[0], "abc", 3);
	t->kern.end[0].tx_epoch++;
	t->kern.end[1].rx_epoch++;
	assert_int_equal(put(&t->view[0], "d", 1).todo, SDI_SLOW);
	assert_int_equal(get(&t->view[1], buf, 1, 1, 0).todo, SDI_SLOW);
	assert_int_equal(t->ctl[0].tx_tail, 3);
	assert_int_equal(t->ctl[1].rx_head, 0);
	assert_int_equal(t->ctl[0].tx_inside | t->ctl[1].rx_inside, 0);
	t->kern.end[0].tx_epoch--;
	t->kern.end[0].tx_closed = 1;
	assert_int_equal(put(&t->view[0], "d", 1).todo, SDI_SLOW);
	two_close(t);
}

static void view__a_lease_lost_inside_is_noticed(void **state)
{
	struct two *t = two_open(0);
	struct sdi_moved m;
	uint64_t pos;

	(void)state;
	assert_true(sdi_view_tx_enter(&t->view[0], ME, &pos));
	assert_int_equal(t->ctl[0].tx_inside, ME);
	t->kern.end[0].tx_epoch++;
	m = sdi_view_tx_leave(&t->view[0], pos, 3);
	assert_int_equal(m.todo, SDI_SETTLE | SDI_SLOW);
	assert_int_equal(m.start, 0);
	assert_int_equal(m.count, 3);
	two_close(t);
}

static void view__end_of_the_ring(void **state)
{
	struct two *t = two_open(0);
	char buf[8];

	(void)state;
	put(&t->view[0], "abcdef", 6);
	t->kern.end[1].rx_limit = 4;
	assert_int_equal(get(&t->view[1], buf, 3, 1, 0).todo, 0);
	assert_int_equal(get(&t->view[1], buf, 8, 1, 0).count, 1);
	assert_int_equal(get(&t->view[1], buf, 8, 1, 0).todo,
			 SDI_SLOW | SDI_END);
	two_close(t);
}

static void view__lies_are_left_to_the_kernel(void **state)
{
	struct two *t = two_open(SIZE);
	char buf[8];

	(void)state;
	t->ctl[0].tx_tail = 3 * SIZE;
	assert_int_equal(get(&t->view[1], buf, 8, 1, 0).todo, SDI_SLOW);
	t->ctl[1].rx_head = 5 * SIZE;
	assert_int_equal(put(&t->view[0], "abc", 3).todo, SDI_SLOW);
	two_close(t);
}

/* A page that has been replaced says nothing; one that the kernel wrote does. */
static void view__position_is_our_own(void **state)
{
	struct two *t = two_open(SIZE);
	char buf[8];

	(void)state;
	t->ctl[0].tx_tail = 0;
	assert_int_equal(put(&t->view[0], "abc", 3).start, SIZE);
	assert_int_equal(t->ctl[0].tx_tail, SIZE + 3);
	t->ctl[1].rx_head = 0;
	assert_int_equal(get(&t->view[1], buf, 2, 1, 0).start, SIZE);
	assert_int_equal(t->ctl[1].rx_head, SIZE + 2);
	t->ctl[0].tx_tail = SIZE + 100;
	t->ctl[1].rx_head = SIZE + 90;
	sdi_view_tx_moved(&t->view[0]);
	sdi_view_rx_moved(&t->view[1]);
	assert_int_equal(put(&t->view[0], "abc", 3).start, SIZE + 100);
	assert_int_equal(get(&t->view[1], buf, 2, 1, 0).start, SIZE + 90);
	two_close(t);
}

static void put_words(struct sdirect_view *v, int count)
{
	for (uint64_t word = 0; count--; word++)
		assert_int_equal(put(v, &word, sizeof(word)).count,
				 sizeof(word));
}

/* Reads a word by the quick way, which makes calls or does not. */
static size_t get_word(struct sdirect_view *v, int calls)
{
	uint64_t word;

	return sdi_quick_recv(v, ME, &word, sizeof(word), sizeof(word),
			      calls).count;
}

static void view__patience_is_for_many_messages(void **state)
{
	struct two *t = two_open(SIZE - 8);
	struct sdirect_view *v = &t->view[1];

	(void)state;
	put_words(&t->view[0], 3);
	/* The first look is a patient one, which takes a call. */
	assert_int_equal(get_word(v, 0), 0);
	assert_int_equal(t->ctl[1].rx_inside, 0);
	assert_int_equal(get_word(v, 1), 8);
	assert_int_equal(v->sent, t->ctl[1].tx_tail);
	assert_int_equal(get_word(v, 0), 8);
	assert_int_equal(get_word(v, 0), 8);
	/* It has paid, so the next one is, too; a single message makes eager. */
	put_words(&t->view[0], 1);
	assert_int_equal(get_word(v, 0), 0);
	assert_int_equal(get_word(v, 1), 8);
	assert_true(v->rx.eager > 1);
	for (unsigned int left = v->rx.eager; left; left--) {
		put_words(&t->view[0], 1);
		assert_int_equal(get_word(v, 0), 8);
		assert_int_equal(v->rx.eager, left - 1);
	}
	put_words(&t->view[0], 1);
	assert_int_equal(get_word(v, 0), 0);
	assert_int_equal(get_word(v, 1), 8);
	two_close(t);
}

int run_view_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(view__bytes_arrive_across_the_wrap),
		cmocka_unit_test(view__scattered_buffers),
		cmocka_unit_test(view__full_takes_what_fits),
		cmocka_unit_test(view__least_and_peek),
		cmocka_unit_test(view__bell_only_for_a_sleeper),
		cmocka_unit_test(view__without_a_lease_nothing_moves),
		cmocka_unit_test(view__a_lease_lost_inside_is_noticed),
		cmocka_unit_test(view__end_of_the_ring),
		cmocka_unit_test(view__lies_are_left_to_the_kernel),
		cmocka_unit_test(view__position_is_our_own),
		cmocka_unit_test(view__patience_is_for_many_messages),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
