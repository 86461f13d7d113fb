/* SPDX-License-Identifier: GPL-2.0-only */
/* Talking to the module over generic netlink. */
#ifndef SDIRECT_GENL_H
#define SDIRECT_GENL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

struct genl {
	struct mnl_socket *sock;
	uint32_t seq;
	uint16_t family;
};

/**
 * genl_open - open a socket and look the module's family up
 * @genl:	(out) for the functions below
 *
 * Return: 0, -ENOENT if the module is not loaded, or another -errno.
 */
int genl_open(struct genl *genl);
/* The same for the family @name, of another module. */
int genl_open_family(struct genl *genl, const char *name);
void genl_close(struct genl *genl);

/**
 * genl_dump - ask for all of something
 * @genl:	from genl_open()
 * @cmd:	enum sdirect_cmd
 * @attr:	attribute of the request that takes @value, or 0
 * @value:	its value
 * @cb:		called for each message; MNL_CB_OK or MNL_CB_ERROR with errno
 * @data:	passed to @cb
 *
 * Return: 0 or -errno.
 */
int genl_dump(struct genl *genl, uint8_t cmd, uint16_t attr, uint32_t value,
	      mnl_cb_t cb, void *data);

/* genl_do() asks for one thing. */
int genl_do(struct genl *genl, uint8_t cmd, mnl_cb_t cb, void *data);

/**
 * genl_send - have something done
 * @genl:	from genl_open()
 * @cmd:	of its family
 * @put:	adds the attributes, in 200 bytes
 * @arg:	for @put
 *
 * Return: 0 or -errno.
 */
int genl_send(struct genl *genl, uint8_t cmd,
	      void (*put)(struct nlmsghdr *nlh, const void *arg),
	      const void *arg);

/* genl_conn_set() demotes the connection of a socket, or no longer. */
int genl_conn_set(struct genl *genl, uint64_t inode, bool demoted);

/* genl_complain() says on stderr what went wrong; returns the exit status. */
int genl_complain(int err);

#endif /* SDIRECT_GENL_H */
