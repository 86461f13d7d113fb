// SPDX-License-Identifier: GPL-2.0
/* What tools may ask. */
#include "compat.h"

#include <linux/sdirect_rdma_netlink.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "rdma/link.h"
#include "rdma/net.h"
#include "rdma/netlink.h"
#include "rdma/path.h"

static struct genl_family family;

static int put_addr(struct sk_buff *skb, int attr, const struct in6_addr *addr)
{
	if (ipv6_addr_v4mapped(addr))
		return nla_put_in_addr(skb, attr, addr->s6_addr32[3]);
	return nla_put_in6_addr(skb, attr, addr);
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, SDIRECT_RDMA_A_LINK_PAD);
}

static int put_link(struct sk_buff *skb, const struct sdr_rdma_link_info *info)
{
	return put_addr(skb, SDIRECT_RDMA_A_LINK_LOCAL_ADDR, &info->local) ||
	       put_addr(skb, SDIRECT_RDMA_A_LINK_REMOTE_ADDR, &info->peer) ||
	       nla_put_u8(skb, SDIRECT_RDMA_A_LINK_ACTIVE, info->active) ||
	       nla_put_u8(skb, SDIRECT_RDMA_A_LINK_TALKING, info->talking) ||
	       nla_put_u8(skb, SDIRECT_RDMA_A_LINK_STATE, info->state) ||
	       nla_put_u32(skb, SDIRECT_RDMA_A_LINK_QPS, info->qps) ||
	       (info->device[0] &&
		nla_put_string(skb, SDIRECT_RDMA_A_LINK_DEVICE, info->device)) ||
	       nla_put_u32(skb, SDIRECT_RDMA_A_LINK_CONNS, info->conns) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_PINNED, info->pinned) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_WRITES, info->writes) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_BYTES, info->bytes) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_INLINED, info->inlined) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_CREDITS, info->credits) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_COMPLETIONS,
		       info->completions) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_FULL, info->full);
}

/*
 * One message for each, as long as they fit.  @put_nth: its attributes; -ENOENT:
 * there are not so many.
 */
static int dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
		int (*put_nth)(struct sdr_rdma_net *rn, struct sk_buff *skb,
			       unsigned long nth))
{
	struct sdr_rdma_net *rn = sdr_rdma_net(sock_net(skb->sk));
	void *hdr;
	int err;

	for (;; cb->args[0]++) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
				  cmd);
		if (!hdr)
			break;
		err = put_nth(rn, skb, cb->args[0]);
		if (err) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
	}
	return skb->len;
}

static int put_nth_link(struct sdr_rdma_net *rn, struct sk_buff *skb,
			unsigned long nth)
{
	struct sdr_rdma_link_info info;

	if (!sdr_rdma_link_info(rn, nth, &info))
		return -ENOENT;
	return put_link(skb, &info) ? -EMSGSIZE : 0;
}

static int link_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump(skb, cb, SDIRECT_RDMA_CMD_LINK_GET, put_nth_link);
}

/* --- paths --- */

static const struct nla_policy path_policy[SDIRECT_RDMA_A_PATH_MAX + 1] = {
	[SDIRECT_RDMA_A_PATH_HOST]	= { .type = NLA_BINARY, .len = 16 },
	[SDIRECT_RDMA_A_PATH_LOCAL]	= { .type = NLA_BINARY, .len = 16 },
	[SDIRECT_RDMA_A_PATH_REMOTE]	= { .type = NLA_BINARY, .len = 16 },
};

static int get_addr(struct genl_info *info, int attr, struct in6_addr *addr)
{
	const struct nlattr *nla = info->attrs[attr];

	if (!nla) {
		GENL_SET_ERR_MSG(info, "an address is missing");
		return -EINVAL;
	}
	switch (nla_len(nla)) {
	case sizeof(struct in_addr):
		ipv6_addr_set_v4mapped(nla_get_in_addr(nla), addr);
		return 0;
	case sizeof(struct in6_addr):
		*addr = nla_get_in6_addr(nla);
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(info->extack, nla, "an address has 4 or 16 bytes");
	return -EINVAL;
}

static int path_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sdr_rdma_net *rn = sdr_rdma_net(genl_info_net(info));
	struct sdr_rdma_path path;
	int err;

	err = get_addr(info, SDIRECT_RDMA_A_PATH_HOST, &path.host) ?:
	      get_addr(info, SDIRECT_RDMA_A_PATH_LOCAL, &path.local) ?:
	      get_addr(info, SDIRECT_RDMA_A_PATH_REMOTE, &path.remote);
	if (err)
		return err;
	err = sdr_rdma_path_set(&rn->paths, &path);
	if (!err)
		sdr_rdma_link_remake(rn, &path.host);
	else if (err == -ENOSPC)
		GENL_SET_ERR_MSG(info, "there are too many");
	else
		GENL_SET_ERR_MSG(info, "of one family, and no link's or group's");
	return err;
}

static int path_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sdr_rdma_net *rn = sdr_rdma_net(genl_info_net(info));
	struct in6_addr host;
	int err;

	err = get_addr(info, SDIRECT_RDMA_A_PATH_HOST, &host);
	if (err)
		return err;
	err = sdr_rdma_path_del(&rn->paths, &host);
	if (!err)
		sdr_rdma_link_remake(rn, &host);
	return err;
}

static int put_nth_path(struct sdr_rdma_net *rn, struct sk_buff *skb,
			unsigned long nth)
{
	struct sdr_rdma_path path;

	if (!sdr_rdma_path_nth(&rn->paths, nth, &path))
		return -ENOENT;
	return put_addr(skb, SDIRECT_RDMA_A_PATH_HOST, &path.host) ||
	       put_addr(skb, SDIRECT_RDMA_A_PATH_LOCAL, &path.local) ||
	       put_addr(skb, SDIRECT_RDMA_A_PATH_REMOTE, &path.remote) ?
	       -EMSGSIZE : 0;
}

static int path_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump(skb, cb, SDIRECT_RDMA_CMD_PATH_GET, put_nth_path);
}

static const struct genl_ops ops[] = {
	{
		.cmd	= SDIRECT_RDMA_CMD_LINK_GET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.dumpit	= link_get_dump,
	},
	{
		.cmd	= SDIRECT_RDMA_CMD_PATH_SET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= path_policy,
		.maxattr = SDIRECT_RDMA_A_PATH_MAX,
		.doit	= path_set_doit,
	},
	{
		.cmd	= SDIRECT_RDMA_CMD_PATH_DEL,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= path_policy,
		.maxattr = SDIRECT_RDMA_A_PATH_MAX,
		.doit	= path_del_doit,
	},
	{
		.cmd	= SDIRECT_RDMA_CMD_PATH_GET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.dumpit	= path_get_dump,
	},
};

static struct genl_family family __ro_after_init = {
	.name		= SDIRECT_RDMA_GENL_NAME,
	.version	= SDIRECT_RDMA_GENL_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
};

int __init sdr_rdma_netlink_init(void)
{
	return genl_register_family(&family);
}

void sdr_rdma_netlink_exit(void)
{
	genl_unregister_family(&family);
}
