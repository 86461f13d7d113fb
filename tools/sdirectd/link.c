// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "link.h"

#define RECEIVE_ROOM	(4 << 20)	/* bytes of questions that may wait */
#define READS		64		/* messages at once, so all get a turn */
#define READS_FIRST	4096		/* before a request, that its reply has room */

static int group_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;

	if (mnl_attr_get_type(attr) <= CTRL_ATTR_MCAST_GRP_MAX)
		tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void group_parse(struct link *link, const struct nlattr *groups)
{
	const struct nlattr *group, *id, *name;

	mnl_attr_for_each_nested(group, groups) {
		const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1] = { 0 };

		mnl_attr_parse_nested(group, group_attr, tb);
		id = tb[CTRL_ATTR_MCAST_GRP_ID];
		name = tb[CTRL_ATTR_MCAST_GRP_NAME];
		if (id && name && mnl_attr_validate(id, MNL_TYPE_U32) >= 0 &&
		    mnl_attr_validate(name, MNL_TYPE_NUL_STRING) >= 0 &&
		    link->wanted &&
		    !strcmp(mnl_attr_get_str(name), link->wanted))
			link->group = mnl_attr_get_u32(id);
	}
}

static int family_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct link *link = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			link->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			group_parse(link, attr);
	}
	return MNL_CB_OK;
}

struct nlmsghdr *link_begin(struct link *link, void *buf, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *gnlh;

	nlh->nlmsg_type = link->family;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = ++link->seq;
	gnlh = mnl_nlmsg_put_extra_header(nlh, sizeof(*gnlh));
	gnlh->cmd = cmd;
	gnlh->version = SDIRECT_GENL_VERSION;
	return nlh;
}

static int resolve(struct link *link)
{
	struct nlmsghdr *nlh;
	char buf[256];
	int err;

	nlh = link_begin(link, buf, CTRL_CMD_GETFAMILY);
	nlh->nlmsg_type = GENL_ID_CTRL;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, SDIRECT_GENL_NAME);
	err = link_do(link, nlh, family_reply, link);
	return err ? err : link->family ? 0 : -EBADMSG;
}

int link_open(struct link *link)
{
	int one = 1, room = RECEIVE_ROOM, err = 0;

	link->family = 0;
	link->back = false;
	link->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!link->sock)
		return -errno;
	mnl_socket_setsockopt(link->sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(link->sock, NETLINK_CAP_ACK, &one, sizeof(one));
	/* Without the right to so much it is as much as others have. */
	setsockopt(link_fd(link), SOL_SOCKET, SO_RCVBUFFORCE, &room,
		   sizeof(room));
	if (mnl_socket_bind(link->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	else
		err = resolve(link);
	if (err)
		link_close(link);
	return err;
}

void link_close(struct link *link)
{
	if (link->sock)
		mnl_socket_close(link->sock);
	link->sock = NULL;
}

int link_fd(const struct link *link)
{
	return mnl_socket_get_fd(link->sock);
}

int link_watch(struct link *link)
{
	/* The one group of the controller has its number. */
	int group = GENL_ID_CTRL;

	return mnl_socket_setsockopt(link->sock, NETLINK_ADD_MEMBERSHIP, &group,
				     sizeof(group)) ? -errno : 0;
}

int link_join(struct link *link)
{
	return mnl_socket_setsockopt(link->sock, NETLINK_ADD_MEMBERSHIP,
				     &link->group, sizeof(link->group)) ?
	       -errno : 0;
}

/* What the module says besides the number of the error. */
static void read_why(struct link *link, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*err);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - sizeof(err->msg);
	mnl_attr_for_each(attr, nlh, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(link->why, sizeof(link->why), "%s",
				 mnl_attr_get_str(attr));
}

/* One message of a reply; returns 1 to go on, 0 at its end, or -errno. */
static int take(struct link *link, const struct nlmsghdr *nlh, mnl_cb_t cb,
		void *data)
{
	const struct nlmsgerr *err;

	if (nlh->nlmsg_type == NLMSG_DONE)
		return 0;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		err = mnl_nlmsg_get_payload(nlh);
		if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
			return -EBADMSG;
		read_why(link, nlh);
		return err->error;
	}
	return !cb || cb(nlh, data) >= MNL_CB_STOP ? 1 : -errno;
}

static bool is_back(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *gnlh = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (nlh->nlmsg_type != GENL_ID_CTRL ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*gnlh) ||
	    gnlh->cmd != CTRL_CMD_NEWFAMILY)
		return false;
	mnl_attr_for_each(attr, nlh, sizeof(*gnlh))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_NAME &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return !strcmp(mnl_attr_get_str(attr),
				       SDIRECT_GENL_NAME);
	return false;
}

/* A buffer of messages: those of this reply, and news in between. */
static int take_all(struct link *link, void *buf, int len, uint32_t seq,
		    mnl_cb_t cb, void *data)
{
	const struct nlmsghdr *nlh = buf;
	int ret = 1;

	for (; ret > 0 && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq == seq && seq)
			ret = take(link, nlh, cb, data);
		else if (is_back(nlh))
			link->back = true;
		else if (nlh->nlmsg_type == link->family && link->news)
			link->news(link->data, nlh);
	}
	return ret;
}

/* What is there, up to so many messages. */
static int take_news(struct link *link, int most)
{
	static char buf[LINK_ROOM] __attribute__((aligned(8)));
	ssize_t len;

	while (most-- > 0) {
		len = recv(link_fd(link), buf, sizeof(buf), MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN)
			return 0;
		if (len < 0 && errno != EINTR && errno != ENOBUFS)
			return -errno;
		if (len > 0)
			take_all(link, buf, len, 0, NULL, NULL);
	}
	return 0;
}

/*
 * A reply is there when the request is sent.  If none is, there was no room for
 * it: nobody may wait for that.
 */
int link_do(struct link *link, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	static char buf[LINK_ROOM] __attribute__((aligned(8)));
	uint32_t seq = nlh->nlmsg_seq;
	ssize_t len;
	int ret;

	link->why[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_DUMP))
		nlh->nlmsg_flags |= NLM_F_ACK;
	ret = take_news(link, READS_FIRST);
	if (ret)
		return ret;
	if (mnl_socket_sendto(link->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		len = recv(link_fd(link), buf, sizeof(buf), MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN)
			return -ENOBUFS;
		/* News were lost, the reply is there all the same. */
		ret = len >= 0 ? take_all(link, buf, len, seq, cb, data) :
		      errno == EINTR || errno == ENOBUFS ? 1 : -errno;
	} while (ret > 0);
	return ret;
}

void link_tell(struct link *link, struct nlmsghdr *nlh)
{
	mnl_socket_sendto(link->sock, nlh, nlh->nlmsg_len);
}

int link_read(struct link *link)
{
	return take_news(link, READS);
}
