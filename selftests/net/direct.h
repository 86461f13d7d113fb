/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rings worked by hand, with nothing but the binary interface: what a
 * library would do, and what it must not do.
 */
#ifndef NET_DIRECT_H
#define NET_DIRECT_H

#include <linux/sdirect_ring.h>

#include "lib.h"

struct direct {
	int fd;
	struct sdirect_attach at;
	struct sdirect_ctl_page *ctl;			/* mine */
	const struct sdirect_kern_page *kern;
	const struct sdirect_ctl_page *peer;
	char *tx;					/* my ring */
	const char *rx;					/* the peer's */
	const struct sdirect_kern_end *me;
	const struct sdirect_kern_end *other;
	uint64_t tail;
	uint64_t head;
};

/* ATTACH alone; 0 or -1 and errno. */
int direct_attach(int fd, struct sdirect_attach *at);
/* ATTACH and both mappings. */
int direct_open(int fd, struct direct *d);
void direct_close(struct direct *d);

/* Bytes moved without a system call but the doorbell; -1 for a lying peer. */
ssize_t direct_send(struct direct *d, const void *buf, size_t len);
ssize_t direct_recv(struct direct *d, void *buf, size_t len);

/* Warm, then opened: the client's end, with rings both ways. */
int direct_open_warm(const struct net_family *nf, const struct net_pair *p,
		     struct direct *d);

/* net_say() and net_hear() through the rings, for at most 4096 bytes. */
int direct_say(struct direct *d, uint64_t *pos, size_t len);
int direct_hear(struct direct *d, uint64_t *pos, size_t len);

/* Has this end lost its lease on a direction? */
bool direct_tx_lost(const struct direct *d);
bool direct_rx_lost(const struct direct *d);

#endif /* NET_DIRECT_H */
