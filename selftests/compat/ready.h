/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the group "ready", by the file that has them. */
#ifndef COMPAT_READY_H
#define COMPAT_READY_H

#include "life_state.h"

/* ready_state.c: what is said in each state */
void poll_in_states(struct compat *c);
void poll_masks(struct compat *c);
void select_in_states(struct compat *c);
void count_in_states(struct compat *c);
void rings_come(struct compat *c);
void room_again(struct compat *c);
void peer_gone_in_steps(struct compat *c);

/* ready_wait.c: what a waiting call is woken by */
void poll_woken(struct compat *c);
void select_woken(struct compat *c);
void poll_not_woken(struct compat *c);
void poll_timeouts(struct compat *c);
void select_timeouts(struct compat *c);
void own_shutdown_wakes(struct compat *c);
void two_waiters(struct compat *c);
void closed_while_waiting(struct compat *c);
void replaced_while_waiting(struct compat *c);
void added_while_waiting(struct compat *c);

/* ready_signal.c: signals and their masks */
void poll_interrupted(struct compat *c);
void select_interrupted(struct compat *c);
void restart_is_ignored(struct compat *c);
void ppoll_mask(struct compat *c);
void pselect_mask(struct compat *c);
void mask_is_back(struct compat *c);
void sigio(struct compat *c);
void sigio_details(struct compat *c);
void sigio_owner(struct compat *c);
void sigio_listener(struct compat *c);

/* ready_count.c: FIONREAD, SIOCOUTQ, low-water marks */
void count_unread(struct compat *c);
void count_bad(struct compat *c);
void count_unsent(struct compat *c);
void low_water(struct compat *c);
void low_water_values(struct compat *c);
void low_water_blocks(struct compat *c);
void low_water_end(struct compat *c);
void send_low_water(struct compat *c);

/* ready_mixed.c: sockets among other things */
void mixed_set(struct compat *c);
void mixed_select(struct compat *c);
void mixed_woken(struct compat *c);
void many_sockets(struct compat *c);

#endif /* COMPAT_READY_H */
