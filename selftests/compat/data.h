/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the group "data", by the file that has them. */
#ifndef COMPAT_DATA_H
#define COMPAT_DATA_H

#include "compat.h"

/* Names that the C library exports for others of its kind. */
ssize_t __read(int fd, void *buf, size_t len);
ssize_t __write(int fd, const void *buf, size_t len);
ssize_t __send(int fd, const void *buf, size_t len, int flags);
int __close(int fd);
int __dup2(int fd, int to);
int __fcntl(int fd, int cmd, ...);
int __poll(struct pollfd *fds, nfds_t count, int timeout);

/* data_bulk.c: much at once, rings that are full */
void one_big_write(struct compat *c);
void full_then_drained(struct compat *c);
void both_ways(struct compat *c);
void blocked_writer(struct compat *c);
void big_vectors(struct compat *c);
void send_timeout(struct compat *c);
void receive_timeout(struct compat *c);

/* data_fortified.c: what _FORTIFY_SOURCE makes of the calls */
void fortified(struct compat *c);
void fortified_poll(struct compat *c);
void fortified_overflow(struct compat *c);
void other_names(struct compat *c);
void by_number(struct compat *c);

/* data_iov.c: vectors, and addresses that are wrong */
void vectors(struct compat *c);
void vector_counts(struct compat *c);
void vector_lengths(struct compat *c);
void long_vectors(struct compat *c);
void bad_vectors(struct compat *c);
void bad_addresses(struct compat *c);
void unmapped_vectors(struct compat *c);
void unmapped_buffers(struct compat *c);
void unmapped_rest(struct compat *c);
void unmapped_to_write(struct compat *c);

/* data_msg.c: sendmsg(), recvmsg() and addresses of sockets */
void send_to(struct compat *c);
void send_to_bad(struct compat *c);
void receive_from(struct compat *c);
void send_msg(struct compat *c);
void send_control(struct compat *c);
void send_bad_control(struct compat *c);
void receive_msg(struct compat *c);
void bad_messages(struct compat *c);

/* data_mmsg.c: sendmmsg(), recvmmsg() */
void send_mmsg(struct compat *c);
void send_mmsg_fails(struct compat *c);
void receive_mmsg(struct compat *c);
void receive_mmsg_waits(struct compat *c);
void receive_mmsg_timeout(struct compat *c);
void receive_mmsg_ends(struct compat *c);

/* data_state.c: every call in every state */
void when_idle(struct compat *c);
void when_unconnected(struct compat *c);
void when_listening(struct compat *c);
void when_peer_shut(struct compat *c);
void when_peer_closed(struct compat *c);
void when_reset(struct compat *c);
void when_reset_unread(struct compat *c);
void when_shut_wr(struct compat *c);
void when_shut_rd(struct compat *c);
void when_shut_both(struct compat *c);
void when_closed(struct compat *c);

#endif /* COMPAT_DATA_H */
