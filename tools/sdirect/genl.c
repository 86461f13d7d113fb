// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "command.h"
#include "genl.h"

/* The kernel fills as much as we offer, up to this: fewer rounds in a dump. */
#define GENL_BUFFER	32768

static struct nlmsghdr *request(struct genl *genl, char *buf, uint16_t type,
				uint16_t flags, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *gnlh;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++genl->seq;
	gnlh = mnl_nlmsg_put_extra_header(nlh, sizeof(*gnlh));
	gnlh->cmd = cmd;
	gnlh->version = version;
	return nlh;
}

/* Sends a request and handles replies up to the end or acknowledgment. */
static int transact(struct genl *genl, const struct nlmsghdr *nlh, mnl_cb_t cb,
		    void *data)
{
	unsigned int port = mnl_socket_get_portid(genl->sock);
	static char buf[GENL_BUFFER];
	ssize_t len;
	int ret;

	if (mnl_socket_sendto(genl->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(genl->sock, buf, sizeof(buf));
		if (len < 0 && errno == EINTR) {
			ret = MNL_CB_OK;
			continue;
		}
		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buf, len, genl->seq, port, cb, data);
	} while (ret > MNL_CB_STOP);
	return ret == MNL_CB_ERROR ? -errno : 0;
}

static int family_attr(const struct nlattr *attr, void *data)
{
	uint16_t *family = data;

	if (mnl_attr_get_type(attr) != CTRL_ATTR_FAMILY_ID)
		return MNL_CB_OK;
	if (mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
		return MNL_CB_ERROR;
	*family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int family_reply(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr,
			      data);
}

static int family_resolve(struct genl *genl, const char *name)
{
	char buf[256];
	struct nlmsghdr *nlh;
	int err;

	nlh = request(genl, buf, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY,
		      1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	err = transact(genl, nlh, family_reply, &genl->family);
	if (!err && !genl->family)
		err = -EBADMSG;
	return err;
}

int genl_open(struct genl *genl)
{
	return genl_open_family(genl, SDIRECT_GENL_NAME);
}

int genl_open_family(struct genl *genl, const char *name)
{
	int err;

	memset(genl, 0, sizeof(*genl));
	genl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!genl->sock)
		return -errno;
	if (mnl_socket_bind(genl->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	else
		err = family_resolve(genl, name);
	if (err)
		genl_close(genl);
	return err;
}

void genl_close(struct genl *genl)
{
	if (genl->sock)
		mnl_socket_close(genl->sock);
	genl->sock = NULL;
}

int genl_dump(struct genl *genl, uint8_t cmd, uint16_t attr, uint32_t value,
	      mnl_cb_t cb, void *data)
{
	char buf[256];
	struct nlmsghdr *nlh;

	nlh = request(genl, buf, genl->family, NLM_F_DUMP, cmd,
		      SDIRECT_GENL_VERSION);
	if (attr)
		mnl_attr_put_u32(nlh, attr, value);
	return transact(genl, nlh, cb, data);
}

int genl_do(struct genl *genl, uint8_t cmd, mnl_cb_t cb, void *data)
{
	char buf[256];
	struct nlmsghdr *nlh;

	nlh = request(genl, buf, genl->family, NLM_F_ACK, cmd,
		      SDIRECT_GENL_VERSION);
	return transact(genl, nlh, cb, data);
}

int genl_send(struct genl *genl, uint8_t cmd,
	      void (*put)(struct nlmsghdr *nlh, const void *arg),
	      const void *arg)
{
	char buf[256];
	struct nlmsghdr *nlh;

	nlh = request(genl, buf, genl->family, NLM_F_ACK, cmd,
		      SDIRECT_GENL_VERSION);
	put(nlh, arg);
	return transact(genl, nlh, NULL, NULL);
}

struct conn_set {
	uint64_t inode;
	bool demoted;
};

static void put_conn_set(struct nlmsghdr *nlh, const void *arg)
{
	const struct conn_set *set = arg;

	mnl_attr_put_u64(nlh, SDIRECT_A_CONN_INODE, set->inode);
	mnl_attr_put_u8(nlh, SDIRECT_A_CONN_DEMOTED, set->demoted);
}

int genl_conn_set(struct genl *genl, uint64_t inode, bool demoted)
{
	const struct conn_set set = { inode, demoted };

	return genl_send(genl, SDIRECT_CMD_CONN_SET, put_conn_set, &set);
}

int genl_complain(int err)
{
	if (err == -ENOENT)
		fputs("sdirect: the module is not loaded (try: modprobe sdirect)\n",
		      stderr);
	else if (err == -EPERM)
		fputs("sdirect: only an administrator of the network may do that\n",
		      stderr);
	else if (err == -ENOMEM)
		fputs("sdirect: out of memory\n", stderr);
	else
		fprintf(stderr, "sdirect: cannot ask the module: %s\n",
			strerror(-err));
	return EXIT_ERROR;
}
