/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection of the fake kernel whose end B is in an epoll set. */
#ifndef SERVED_H
#define SERVED_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "fake.h"

struct sdi_set;

#define A	FAKE_FD
#define B	(FAKE_FD + 1)
#define TAG	0x123456789abcull	/* the data of all members */

extern int served_ep;

/* For cmocka: both ends attached, and an empty set. */
int served_begin(void **state);
int served_end(void **state);
#define SERVED_TEST(name) \
	cmocka_unit_test_setup_teardown(name, served_begin, served_end)

/* epoll_ctl(); -errno */
int served_tell(int op, int fd, uint32_t events);
/* B as a new member, active. */
void served_add(uint32_t events);

/* The events of the one that is ready, 0 if there is none. */
uint32_t served_ready(int fd, const struct timespec *timeout);
uint32_t served_look(void);

/* What the kernel says of a member, without us; *events 0: nothing. */
uint64_t served_kernel_says(uint32_t *events);
/* It has B as the program wants it. */
void served_kernel_has(uint32_t events);

/* From A to B. */
void served_put(const char *text);
void served_get(size_t len);

/* A thread that does, and when it does. */
void *served_wait_for_ever(void *arg);
void served_until_asleep(struct sdi_set *s);

#endif /* SERVED_H */
