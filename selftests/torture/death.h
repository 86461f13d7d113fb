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

/* Connected and in use; who connected to whom is random. */
void death_pair(struct round *r, struct net_pair *p);

/* As a thread: @sig to @pid at a random moment, then @done. */
struct executioner {
	struct rng rng;
	pid_t pid;
	int sig;
	bool done;
};

void *death_execute(void *executioner);

void death_stopped_sender(struct round *r);
void death_stopped_reader(struct round *r);
void death_spinning_sender(struct round *r);
void death_owed_doorbell(struct round *r);
void death_step_send(struct round *r);
void death_step_recv(struct round *r);
void death_step_attach(struct round *r);
void death_sharing_senders(struct round *r);
void death_sharing_readers(struct round *r);

#endif /* TORTURE_DEATH_H */
