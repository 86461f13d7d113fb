/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the group "connect", by the file that has them. */
#ifndef COMPAT_CONNECT_H
#define COMPAT_CONNECT_H

#include "life_state.h"

/* Ports differ in every run: an address is said by what it belongs to. */
void say_name(struct compat *c, const char *what, int fd, bool peer);
/* Both names of it. */
void say_names(struct compat *c, const char *what, int fd);
/* A byte each way, and the end: whether these are connected. */
void say_talk(int one, int other);
/*
 * A signal ends it; the next time its handler asks for calls to be restarted,
 * and it goes on waiting.
 */
void interrupt_twice(struct life_call *call);
/* c->p.listener, at c->p.addr, for @length connections. */
void listen_here(struct compat *c, int length);
/* A socket that is bound to @addr; any port if that has none. */
int bind_to(struct compat *c, union net_addr *addr, int how);

enum { BIND_REUSE_ADDR = 1, BIND_REUSE_PORT = 2 };

/* connect_open.c: ways to open a connection */
void nonblocking(struct compat *c);
void nonblocking_refused(struct compat *c);
void blocking_refused(struct compat *c);
void refused_then_accepted(struct compat *c);
void already(struct compat *c);
void connect_in_states(struct compat *c);
void connect_bad(struct compat *c);
void connect_send_timeout(struct compat *c);
void connect_interrupted(struct compat *c);
void no_answer(struct compat *c);
void to_oneself(struct compat *c);
void simultaneous(struct compat *c);
void data_before_accept(struct compat *c);
void nobody_asks(struct compat *c);
void send_while_connecting(struct compat *c);
void many_in_a_row(struct compat *c);

/* connect_bind.c: addresses, and who else may have them */
void bind_bad(struct compat *c);
void bind_conflicts(struct compat *c);
void bind_after_close(struct compat *c);
void bind_connected(struct compat *c);
void listen_in_states(struct compat *c);
void names_in_states(struct compat *c);
void names_bad(struct compat *c);
void family_of_sockets(struct compat *c);

/* connect_accept.c: the listener's side */
void accept_flags(struct compat *c);
void accept_address(struct compat *c);
void accept_bad(struct compat *c);
void accept_in_states(struct compat *c);
void accept_timeout(struct compat *c);
void accept_interrupted(struct compat *c);
void accept_shut(struct compat *c);
void accept_no_room(struct compat *c);
void accepted_is_dead(struct compat *c);
void accept_inherits(struct compat *c);
void backlog(struct compat *c);
void backlog_drains(struct compat *c);
void listener_closes(struct compat *c);
void reuse_port_group(struct compat *c);

/* connect_again.c: AF_UNSPEC, and what can be done after it */
void unspec_in_states(struct compat *c);
void unspec_then_connect(struct compat *c);
void unspec_then_listen(struct compat *c);
void unspec_unread(struct compat *c);
void unspec_while_waiting(struct compat *c);
void unspec_peer(struct compat *c);
void listener_to_client(struct compat *c);
void again_and_again(struct compat *c);

#endif /* COMPAT_CONNECT_H */
