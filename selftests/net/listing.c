// SPDX-License-Identifier: GPL-2.0-only
/* The list of sockets, asked for by netlink without a library. */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sdirect_netlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>

#include "fixture.h"

NET_FIXTURE(listing);
NET_VARIANTS_DIRECT(listing);

enum {
	BUF_LEN = 32768,
	SMALL = 4096,		/* to read: the kernel's buffers are no larger */
	ATTR_ROOM = 32,
	MANY = 100,		/* more than any buffer of the kernel holds */
};

/* What is said of one socket, as far as it is asked for here. */
struct row {
	uint64_t inode;
	uint32_t ifindex;
	uint16_t family;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t local_addr[16];
	size_t addr_len;
};

struct listing {
	int nl;
	int err;		/* of the dump */
	bool done;
	size_t n;
	struct row rows[4 * MANY];
	char buf[BUF_LEN];
};

static int ask(int nl, int type, int flags, int cmd, int attr,
	       const void *data, size_t len)
{
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
		struct nlattr attr;
		char data[ATTR_ROOM];
	} m = {
		.nlh.nlmsg_len = offsetof(typeof(m), data) + NLA_ALIGN(len),
		.nlh.nlmsg_type = type,
		.nlh.nlmsg_flags = NLM_F_REQUEST | flags,
		.genl.cmd = cmd,
		.genl.version = 1,
		.attr.nla_type = attr,
		.attr.nla_len = NLA_HDRLEN + len,
	};

	memcpy(m.data, data, len);
	return send(nl, &m, m.nlh.nlmsg_len, 0) == m.nlh.nlmsg_len ? 0 : -1;
}

/* The first attribute of a message, and the one after @a. */
static const struct nlattr *first(const struct nlmsghdr *nlh)
{
	return (void *)((char *)NLMSG_DATA(nlh) + GENL_HDRLEN);
}

static const struct nlattr *next(const struct nlattr *a)
{
	return (void *)((char *)a + NLA_ALIGN(a->nla_len));
}

static bool within(const struct nlmsghdr *nlh, const struct nlattr *a)
{
	const char *end = (const char *)nlh + nlh->nlmsg_len;

	return (const char *)a + NLA_HDRLEN <= end &&
	       a->nla_len >= NLA_HDRLEN && (const char *)a + a->nla_len <= end;
}

static const void *payload(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

/* The number of the family, or -1. */
static int family_id(struct listing *l)
{
	const struct nlmsghdr *nlh = (void *)l->buf;
	const struct nlattr *a;
	ssize_t n;

	if (ask(l->nl, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY,
		CTRL_ATTR_FAMILY_NAME, SDIRECT_GENL_NAME,
		sizeof(SDIRECT_GENL_NAME)))
		return -1;
	n = recv(l->nl, l->buf, SMALL, 0);
	if (n < (ssize_t)NLMSG_HDRLEN || nlh->nlmsg_type != GENL_ID_CTRL)
		return -1;
	for (a = first(nlh); within(nlh, a); a = next(a))
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(const uint16_t *)payload(a);
	return -1;
}

/* Asks for the sockets: the answers are read by more(). */
static int start(struct listing *l, uint32_t flags)
{
	int id;

	l->nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (l->nl < 0)
		return -1;
	id = family_id(l);
	return id < 0 ? -1 : ask(l->nl, id, NLM_F_DUMP, SDIRECT_CMD_CONN_GET,
				 SDIRECT_A_CONN_FLAGS, &flags, sizeof(flags));
}

static void take_attr(struct row *row, const struct nlattr *a)
{
	const size_t len = a->nla_len - NLA_HDRLEN;
	const void *data = payload(a);

	switch (a->nla_type) {
	case SDIRECT_A_CONN_INODE:
		memcpy(&row->inode, data, sizeof(row->inode));
		break;
	case SDIRECT_A_CONN_IFINDEX:
		row->ifindex = *(const uint32_t *)data;
		break;
	case SDIRECT_A_CONN_FAMILY:
		row->family = *(const uint16_t *)data;
		break;
	case SDIRECT_A_CONN_LOCAL_PORT:
		row->local_port = ntohs(*(const uint16_t *)data);
		break;
	case SDIRECT_A_CONN_REMOTE_PORT:
		row->remote_port = ntohs(*(const uint16_t *)data);
		break;
	case SDIRECT_A_CONN_LOCAL_ADDR:
		row->addr_len = len;
		memcpy(row->local_addr, data, len < 16 ? len : 16);
		break;
	}
}

static void take(struct listing *l, const struct nlmsghdr *nlh)
{
	const struct nlattr *a;

	if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
		l->done = true;
		l->err = *(const int *)NLMSG_DATA(nlh);
	} else if (l->n < sizeof(l->rows) / sizeof(l->rows[0])) {
		for (a = first(nlh); within(nlh, a); a = next(a))
			take_attr(&l->rows[l->n], a);
		l->n++;
	}
}

/* One buffer of the kernel; false at the end. */
static bool more(struct listing *l)
{
	const struct nlmsghdr *nlh = (void *)l->buf;
	ssize_t len;

	if (l->done)
		return false;
	len = recv(l->nl, l->buf, SMALL, 0);
	if (len <= 0) {
		l->done = true;
		l->err = len ? -errno : -EIO;
		return false;
	}
	for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len))
		take(l, nlh);
	return !l->done;
}

/* All of it; closed by close(l->nl). */
static int list(struct listing *l, uint32_t flags)
{
	memset(l, 0, sizeof(*l));
	if (start(l, flags))
		return -1;
	while (more(l))
		;
	return l->err;
}

static uint64_t inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

static int count(const struct listing *l, uint64_t ino,
		 const struct row **row)
{
	int n = 0;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (l->rows[i].inode != ino)
			continue;
		if (row)
			*row = &l->rows[i];
		n++;
	}
	return n;
}

TEST_F(listing, both_ends)
{
	static const uint8_t loopback4[] = { 127, 0, 0, 1 };
	const void *want = variant->nf.ip == AF_INET6 ?
			   (const void *)&in6addr_loopback : loopback4;
	const struct row *client, *server;
	static struct listing l;

	ASSERT_EQ(0, list(&l, 0));
	ASSERT_EQ(1, count(&l, inode(self->p.client), &client));
	ASSERT_EQ(1, count(&l, inode(self->p.server), &server));
	EXPECT_EQ(0, count(&l, inode(self->p.listener), NULL));
	EXPECT_EQ(variant->nf.ip, client->family);
	EXPECT_EQ(variant->nf.ip == AF_INET6 ? 16u : 4u, client->addr_len);
	EXPECT_EQ(0, memcmp(want, client->local_addr, client->addr_len));
	EXPECT_EQ(client->local_port, server->remote_port);
	EXPECT_EQ(client->remote_port, server->local_port);
	EXPECT_EQ(0u, client->ifindex);
	close(l.nl);

	ASSERT_EQ(0, list(&l, SDIRECT_CONN_F_ALL));
	EXPECT_EQ(1, count(&l, inode(self->p.listener), NULL));
	close(l.nl);
}

TEST_F(listing, bound_to_a_device)
{
	const struct row *client;
	static struct listing l;

	ASSERT_EQ(0, setsockopt(self->p.client, SOL_SOCKET, SO_BINDTODEVICE,
				"lo", 3));
	ASSERT_EQ(0, list(&l, 0));
	ASSERT_EQ(1, count(&l, inode(self->p.client), &client));
	EXPECT_EQ(if_nametoindex("lo"), client->ifindex);
	close(l.nl);
}

TEST_F(listing, unknown_flag)
{
	static struct listing l;

	EXPECT_EQ(-EINVAL, list(&l, 1u << 31));
	EXPECT_EQ(0u, l.n);
	close(l.nl);
}

/*
 * Sockets are closed while the kernel is in the midst of them: of those that
 * stay, none is left out and none is named twice.
 */
static void close_in_midst(struct __test_metadata *_metadata,
			   const struct net_family *nf, int parity)
{
	static struct listing l;
	uint64_t inodes[MANY];
	int fds[MANY], i;

	memset(&l, 0, sizeof(l));
	for (i = 0; i < MANY; i++) {
		fds[i] = net_socket(nf, 0);
		ASSERT_LE(0, fds[i]);
		inodes[i] = inode(fds[i]);
	}
	ASSERT_EQ(0, start(&l, SDIRECT_CONN_F_ALL));
	ASSERT_TRUE(more(&l));
	ASSERT_GT(MANY / 2, l.n);
	/* One of them is the one that is to be named next. */
	for (i = 0; i < MANY; i++)
		if (i % 2 == parity && !count(&l, inodes[i], NULL))
			ASSERT_EQ(0, net_close(&fds[i]));
	while (more(&l))
		;
	EXPECT_EQ(0, l.err);
	for (i = 0; i < MANY; i++) {
		if (fds[i] >= 0) {
			EXPECT_EQ(1, count(&l, inodes[i], NULL));
			close(fds[i]);
		} else {
			EXPECT_GE(1, count(&l, inodes[i], NULL));
		}
	}
	close(l.nl);
}

TEST_F(listing, closed_in_the_midst)
{
	close_in_midst(_metadata, &variant->nf, 0);
	close_in_midst(_metadata, &variant->nf, 1);
}

NET_MAIN
