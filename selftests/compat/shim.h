/* SPDX-License-Identifier: GPL-2.0-only */
/* What can go wrong between a program, the C library and the shim. */
#ifndef COMPAT_SHIM_H
#define COMPAT_SHIM_H

#include "sharing.h"

/* shim_early.c: sockets before main() */
void before_constructors(struct compat *c);
void in_constructor(struct compat *c);

/* shim_preload.c: other libraries, other programs */
void program_itself(struct compat *c);
void other_preload(struct compat *c);
void other_allocator(struct compat *c);
void sanitized(struct compat *c);
void sanitized_static(struct compat *c);
void sanitizer_first(struct compat *c);
void set_user_id(struct compat *c);
void closes_all(struct compat *c);

/* shim_signal.c: calls that do not come to their end */
void handler_writes(struct compat *c);
void handler_reads(struct compat *c);
void jump_out_of_recv(struct compat *c);
void jump_out_of_send(struct compat *c);
void cancel_recv(struct compat *c);
void cancel_send(struct compat *c);
void cancel_pending(struct compat *c);

/* shim_errno.c: what must not change, however many there are */
void errno_kept(struct compat *c);
void many_descriptors(struct compat *c);

#endif /* COMPAT_SHIM_H */
