/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the group "epoll", by the file that has them. */
#ifndef COMPAT_EPOLL_H
#define COMPAT_EPOLL_H

#include "life_state.h"

#define EP_ALL	(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLRDNORM | \
		 EPOLLRDBAND | EPOLLWRNORM | EPOLLWRBAND)

/* epoll_create1(), or the end of the test. */
int ep_new(void);
/* EPOLL_CTL_ADD and the others, written down; @tag comes back with events. */
#define EP_CTL(ep, op, fd, mask, tag) \
	ep_ctl(#op " " #fd " " #mask, ep, EPOLL_CTL_##op, fd, mask, tag)
void ep_ctl(const char *what, int ep, int op, int fd, uint32_t mask,
	    uint64_t tag);
/* What is ready now, sorted by tag; gives its number. */
int ep_look(int ep, const char *what);
/* The same, waiting for the first. */
int ep_wait(int ep, const char *what);
/* epoll_wait() for one event in a thread: gives its tag. */
long ep_wait_one(struct life_call *call);
/* A message, all of it, and nothing is under way afterwards. */
void ep_send(int fd, const char *what);
void ep_recv(int fd);
/* Both: @what goes from @from to @to. */
void ep_pass(int from, int to, const char *what);

/* epoll_state.c: each form in each state */
void level_in_states(struct compat *c);
void edge_in_states(struct compat *c);
void once_in_states(struct compat *c);
void masks_in_states(struct compat *c);
void added_before_connect(struct compat *c);
void listener_events(struct compat *c);

/* epoll_edge.c: when there is a new edge */
void edge_data(struct compat *c);
void edge_partial(struct compat *c);
void edge_end(struct compat *c);
void edge_reset(struct compat *c);
void edge_room(struct compat *c);
void edge_rearmed(struct compat *c);
void edge_both_ways(struct compat *c);
void edge_urgent(struct compat *c);
void edge_low_water(struct compat *c);
void edge_peek(struct compat *c);
void edge_drained_by_other(struct compat *c);
void edge_own_shutdown(struct compat *c);

/* epoll_share.c: one socket under several names, sets in sets */
void two_sets(struct compat *c);
void nested(struct compat *c);
void nested_edge(struct compat *c);
void nested_poll(struct compat *c);
void dup_registered(struct compat *c);
void dup_closed(struct compat *c);
void close_removes(struct compat *c);
void reused_number(struct compat *c);
void after_fork(struct compat *c);
void exclusive(struct compat *c);
void passed_set(struct compat *c);

/* epoll_signal.c: handlers in the middle of it, jumps, cancelled threads */
void handler_looks(struct compat *c);
void handler_closes(struct compat *c);
void jumped_out(struct compat *c);
void jumped_out_of_poll(struct compat *c);
void cancelled(struct compat *c);

/* epoll_wait.c: waiting, its end, and changes meanwhile */
void wait_woken(struct compat *c);
void wait_interrupted(struct compat *c);
void wait_mask(struct compat *c);
void wait_timeouts(struct compat *c);
void pwait2(struct compat *c);
void few_at_a_time(struct compat *c);
void added_meanwhile(struct compat *c);
void changed_meanwhile(struct compat *c);
void removed_meanwhile(struct compat *c);
void closed_meanwhile(struct compat *c);
void one_thread_each(struct compat *c);
void one_of_two_threads(struct compat *c);
void room_meanwhile(struct compat *c);
void echo_server(struct compat *c);

#endif /* COMPAT_EPOLL_H */
