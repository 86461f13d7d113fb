/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection to the module. */
#ifndef SDIRECTD_LINK_H
#define SDIRECTD_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#define LINK_WHY	256	/* bytes of what the module says of an error */
#define LINK_ROOM	65536	/* bytes of a message from it */

/**
 * struct link - a socket to the module; zero to begin
 * @sock:	NULL: closed
 * @family:	the module's number
 * @wanted:	which of its multicast groups link_join() joins, set before
 *		link_open(); NULL: none
 * @group:	the number of that
 * @seq:	of the last request
 * @back:	the module has been loaded again: open the link anew
 * @why:	what the module said of the last error, may be empty
 * @news:	called for what comes without having been asked for
 * @data:	passed to @news
 */
struct link {
	struct mnl_socket *sock;
	uint16_t family;
	const char *wanted;
	uint32_t group;
	uint32_t seq;
	bool back;
	char why[LINK_WHY];
	void (*news)(void *data, const struct nlmsghdr *nlh);
	void *data;
};

/* link_open() - 0; -ENOENT: the module is not loaded; or another -errno. */
int link_open(struct link *link);
void link_close(struct link *link);
int link_fd(const struct link *link);

/* link_watch() sets @back when the module comes back: 0 or -errno. */
int link_watch(struct link *link);

/* link_join() has what is told to @wanted sent to this socket: 0 or -errno. */
int link_join(struct link *link);

/* link_begin() - a request in @buf, to which attributes may be added. */
struct nlmsghdr *link_begin(struct link *link, void *buf, uint8_t cmd);

/**
 * link_do - send a request and wait for its acknowledgment
 * @link:	from link_open()
 * @nlh:	from link_begin()
 * @cb:		called for replies, or NULL
 * @data:	passed to @cb
 *
 * Return: 0 or -errno; link.why may say more.
 */
int link_do(struct link *link, struct nlmsghdr *nlh, mnl_cb_t cb, void *data);

/* link_tell() sends a request whose fate does not matter. */
void link_tell(struct link *link, struct nlmsghdr *nlh);

/* link_read() takes what has come, up to the limit of one call of poll(). */
int link_read(struct link *link);

#endif /* SDIRECTD_LINK_H */
