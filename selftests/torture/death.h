/* SPDX-License-Identifier: GPL-2.0-only */
/* Cases of death.c that are in files of their own. */
#ifndef TORTURE_DEATH_H
#define TORTURE_DEATH_H

#include "torture.h"
#include "way.h"

/* Small whole messages, told apart by who sent them and a number. */
struct message {
	uint32_t who;
	uint32_t number;
	uint32_t check[14];
};

void message_make(struct message *m, uint32_t who, uint32_t number);
void message_send(struct way *w, uint32_t who, uint32_t number);
/* False at the end of the stream; fails for anything but a whole message. */
bool message_recv(struct way *w, struct message *m);

/* How an end learns that the other is gone, in words. */
void death_tell(struct round *r, int fd);

void death_stopped_sender(struct round *r);
void death_stopped_reader(struct round *r);
void death_spinning_sender(struct round *r);
void death_owed_doorbell(struct round *r);
void death_step_send(struct round *r);
void death_step_recv(struct round *r);

#endif /* TORTURE_DEATH_H */
