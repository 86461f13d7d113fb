/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the group "flags", by the file that has them. */
#ifndef COMPAT_FLAGS_H
#define COMPAT_FLAGS_H

#include "compat.h"

/* flags_oob.c: urgent data */
void urgent(struct compat *c);
void urgent_inline(struct compat *c);
void urgent_twice(struct compat *c);
void urgent_alone(struct compat *c);
void urgent_peeked(struct compat *c);
void urgent_not_read(struct compat *c);
void urgent_unread_before(struct compat *c);
void urgent_signal(struct compat *c);
void urgent_option_late(struct compat *c);
void urgent_waitall(struct compat *c);
void urgent_again(struct compat *c);
void urgent_at_end(struct compat *c);
void urgent_long(struct compat *c);
void urgent_splice(struct compat *c);

/* flags_notify.c: the queue of errors and what is told by it, Fast Open */
void error_queue(struct compat *c);
void zerocopy(struct compat *c);
void zerocopy_not_asked(struct compat *c);
void zerocopy_many(struct compat *c);
void zerocopy_option(struct compat *c);
void timestamps_asked(struct compat *c);
void control_truncated(struct compat *c);
void fastopen_client(struct compat *c);
void fastopen_server(struct compat *c);
void fastopen_refused(struct compat *c);
void fastopen_connect(struct compat *c);
void fastopen_late(struct compat *c);

/* flags_wait.c: MSG_WAITALL, MSG_DONTWAIT, and what ends a wait */
void waitall(struct compat *c);
void waitall_pieces(struct compat *c);
void waitall_end(struct compat *c);
void waitall_reset(struct compat *c);
void waitall_signal(struct compat *c);
void waitall_dontwait(struct compat *c);
void waitall_peek(struct compat *c);
void waitall_long(struct compat *c);
void waitall_lowat(struct compat *c);
void dontwait(struct compat *c);
void peek_waits(struct compat *c);

/* flags_each.c: each bit, known or not */
void send_bits(struct compat *c);
void receive_bits(struct compat *c);
void receive_bits_nothing(struct compat *c);
void receive_msg_bits(struct compat *c);
void send_pairs(struct compat *c);
void receive_pairs(struct compat *c);

#endif /* COMPAT_FLAGS_H */
