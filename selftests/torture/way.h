/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways to send and receive on one socket: by system call, by hand on the
 * rings, by the library.  The hand stops itself where it is told to.
 */
#ifndef TORTURE_WAY_H
#define TORTURE_WAY_H

#include "../net/direct.h"

enum way_kind {
	WAY_CALL,
	WAY_HAND,
	WAY_LIBRARY,
	WAY_KINDS
};

/* Where an operation by hand raises SIGSTOP. */
enum way_stop {
	STOP_NEVER,
	STOP_INSIDE,		/* marked, nothing done yet */
	STOP_COPIED,		/* bytes copied, position not moved */
	STOP_PUBLISHED,		/* position moved, doorbell not rung */
	STOP_DONE,		/* all done */
	STOP_POINTS
};

struct way {
	int fd;
	enum way_kind kind;
	bool open;		/* @d is mapped */
	enum way_stop stop;	/* for the next operation by hand */
	struct direct d;
};

/* By hand is by call where there is nothing to map. */
void way_init(struct way *w, int fd, enum way_kind kind);
/* Attaches at once, waiting until that is granted; for AF_SDIRECT only. */
void way_attach(struct way *w);
void way_close(struct way *w);

/* As send(2) with MSG_NOSIGNAL and recv(2). */
ssize_t way_send(struct way *w, const void *buf, size_t len, int flags);
ssize_t way_recv(struct way *w, void *buf, size_t len, int flags);

#endif /* TORTURE_WAY_H */
