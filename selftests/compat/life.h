/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the group "life", by the file that has them. */
#ifndef COMPAT_LIFE_H
#define COMPAT_LIFE_H

#include "life_state.h"

#define LIFE_EVENTS	(POLLIN | POLLOUT | POLLRDHUP)

/* What both ends say now; nothing of one that is closed. */
void life_say(struct compat *c);
/* What can be read at once, and what it is. */
void life_reads(int fd);

/* life_table.c: all short sequences; the longer ones by their first step */
void sequences(struct compat *c);
void after_cl_shut_rd(struct compat *c);
void after_cl_shut_wr(struct compat *c);
void after_cl_shut_both(struct compat *c);
void after_cl_send(struct compat *c);
void after_cl_recv(struct compat *c);
void after_cl_poll(struct compat *c);
void after_cl_close(struct compat *c);
void after_sv_shut_rd(struct compat *c);
void after_sv_shut_wr(struct compat *c);
void after_sv_shut_both(struct compat *c);
void after_sv_send(struct compat *c);
void after_sv_recv(struct compat *c);
void after_sv_poll(struct compat *c);
void after_sv_close(struct compat *c);

/* life_close.c: close(), and what becomes of the bytes */
void close_unread(struct compat *c);
void close_after_much(struct compat *c);
void close_with_full(struct compat *c);
void linger_zero(struct compat *c);
void linger_zero_unread(struct compat *c);
void linger_waits(struct compat *c);
void linger_times_out(struct compat *c);
void linger_values(struct compat *c);
void close_both(struct compat *c);
void close_dup(struct compat *c);
void close_in_child(struct compat *c);
void exit_unread(struct compat *c);
void killed(struct compat *c);
void close_twice(struct compat *c);
void close_then_number(struct compat *c);

/* life_block.c: somebody sleeps in a call */
void recv_ended(struct compat *c);
void peek_ended(struct compat *c);
void wait_all_ended(struct compat *c);
void send_ended(struct compat *c);
void recv_closed(struct compat *c);
void recv_replaced(struct compat *c);
void send_closed(struct compat *c);
void two_receivers(struct compat *c);
void both_blocked(struct compat *c);

/* life_time.c: signals and time limits */
void recv_signal(struct compat *c);
void recv_restart(struct compat *c);
void wait_all_signal(struct compat *c);
void send_signal(struct compat *c);
void send_restart(struct compat *c);
void signal_with_limit(struct compat *c);
void recv_limit(struct compat *c);
void wait_all_limit(struct compat *c);
void send_limit(struct compat *c);
void limit_values(struct compat *c);
void limit_not_for_nonblocking(struct compat *c);
void limit_changed(struct compat *c);

#endif /* COMPAT_LIFE_H */
