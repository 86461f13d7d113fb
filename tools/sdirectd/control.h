/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket by which sdirect policy talks to the daemon. */
#ifndef SDIRECTD_CONTROL_H
#define SDIRECTD_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * A client sends one word in one packet.  The answer is one packet as well: a
 * byte that is 0 if all went well, and a file with what there is to say.  So
 * the daemon never waits for a client, however much there is.
 */

#define CONTROL_CLIENTS	8	/* that have not said yet what they want */

/**
 * struct control - the socket and its clients; control_open() begins
 * @listener:	the socket, -1: none
 * @client:	those that have connected, -1: free
 * @oldest:	who goes when there are too many
 * @answer:	does what a client wants and writes what there is to say;
 *		returns whether all went well
 * @data:	passed to @answer
 */
struct control {
	int listener;
	int client[CONTROL_CLIENTS];
	unsigned int oldest;
	bool (*answer)(void *data, const char *word, FILE *out);
	void *data;
};

#define CONTROL_POLLS	(1 + CONTROL_CLIENTS)

/* control_open() makes the socket, and its directory if need be: 0 or -errno. */
int control_open(struct control *control, const char *path);
void control_close(struct control *control);

/* control_poll() says what to wait for, in CONTROL_POLLS entries. */
void control_poll(const struct control *control, struct pollfd *polls);

/* control_serve() does what has become possible, by the same entries. */
void control_serve(struct control *control, const struct pollfd *polls);

/**
 * control_ask - what a client does
 * @path:	of the socket
 * @word:	what is wanted
 * @good:	(out) all went well
 *
 * Return: a file with the answer, or NULL with errno.
 */
FILE *control_ask(const char *path, const char *word, bool *good);

#endif /* SDIRECTD_CONTROL_H */
