/* SPDX-License-Identifier: GPL-2.0-only */
/* Socket options: which there are, what may be set, and what comes of it. */
#ifndef COMPAT_OPTIONS_H
#define COMPAT_OPTIONS_H

#include "compat.h"

enum opt_flags {
	OPT_FORM	= 1,	/* the value is the machine's: its length only */
	OPT_LIVE	= 2,	/* the same, once TCP has begun to adapt it */
	OPT_KEPT	= 4,	/* changes the stream: nothing is sent after it */
};

struct opt_value {
	const char *what;
	const void *at;
	socklen_t len;
};

/**
 * struct opt - an option
 * @level:	of setsockopt()
 * @name:	of the option
 * @what:	as it is written down
 * @flags:	enum opt_flags
 * @values:	besides numbers; ended by one without a name; may be NULL
 */
struct opt {
	int level;
	int name;
	const char *what;
	unsigned int flags;
	const struct opt_value *values;
};

/* Ended by one without a name. */
extern const struct opt opts[];

/**
 * struct opt_expected - a difference from TCP that is wanted
 * @level:	of setsockopt()
 * @name:	of the option
 * @asking:	getsockopt() fails; else setsockopt() does
 * @error:	what that gives here, whatever TCP says
 * @why:	short for Documentation/compatibility.rst
 */
struct opt_expected {
	int level;
	int name;
	bool asking;
	int error;
	const char *why;
};

extern const struct opt_expected opt_expected[];

/* Where an option is tried. */
struct opt_socket {
	const struct net_family *nf;
	const struct opt *opt;
	int fd;
	int peer;	/* that of @fd, or -1 */
	bool live;	/* it has been connected */
};

/* options_try.c: all that can be done with one option */
void opt_try(const struct opt_socket *s);
void opt_get(const struct opt_socket *s, const char *what);
void opt_set(const struct opt_socket *s, const char *what, const void *value,
	     socklen_t len);

/* options_info.c: what an option says about the socket */
void tcp_info(struct compat *c);
void tcp_info_lengths(struct compat *c);
void who_am_i(struct compat *c);
void unknown_options(struct compat *c);
void unknown_levels(struct compat *c);
void inherited(struct compat *c);
void inherited_flags(struct compat *c);
void bad_descriptors(struct compat *c);

/* options_mapped.c: IPv4 in IPv6 */
void mapped_server(struct compat *c);
void mapped_client(struct compat *c);
void mapped_both(struct compat *c);
void mapped_refused(struct compat *c);

/* options_mean.c: what the options that shape buffering or delay do */
void send_buffer(struct compat *c);
void receive_buffer(struct compat *c);
void both_buffers(struct compat *c);
void no_delay(struct compat *c);
void answers_by_tcp(struct compat *c);
void cork(struct compat *c);
void unsent_limit(struct compat *c);
void user_timeout(struct compat *c);
void keep_alive(struct compat *c);
void options_in_use(struct compat *c);

#endif /* COMPAT_OPTIONS_H */
