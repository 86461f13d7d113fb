// SPDX-License-Identifier: GPL-2.0
/* What tools may ask. */
#include "compat.h"

#include <linux/sdirect_rdma_netlink.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "rdma/link.h"
#include "rdma/netlink.h"

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
	       (info->device[0] &&
		nla_put_string(skb, SDIRECT_RDMA_A_LINK_DEVICE, info->device)) ||
	       nla_put_u32(skb, SDIRECT_RDMA_A_LINK_CONNS, info->conns) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_PINNED, info->pinned) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_WRITES, info->writes) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_BYTES, info->bytes) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_INLINED, info->inlined) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_CREDITS, info->credits) ||
	       put_u64(skb, SDIRECT_RDMA_A_LINK_COMPLETIONS,
		       info->completions);
}

static int link_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sdr_rdma_link_info info;
	void *hdr;

	/* Links are the first namespace's. */
	if (!net_eq(sock_net(skb->sk), &init_net))
		return 0;
	for (; sdr_rdma_link_info(cb->args[0], &info); cb->args[0]++) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
				  SDIRECT_RDMA_CMD_LINK_GET);
		if (!hdr)
			break;
		if (put_link(skb, &info)) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
	}
	return skb->len;
}

static const struct genl_ops ops[] = {
	{
		.cmd	= SDIRECT_RDMA_CMD_LINK_GET,
		.flags	= GENL_ADMIN_PERM,
		.dumpit	= link_get_dump,
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
