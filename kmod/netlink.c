// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family through which tools look at the module; what the
 * commands and attributes mean is written in uapi/linux/sdirect_netlink.h.
 */
#include <linux/module.h>
#include <linux/sdirect.h>
#include <linux/sdirect_netlink.h>
#include <net/genetlink.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>

#include "compat.h"
#include "demote.h"
#include "judge.h"
#include "net.h"
#include "netlink.h"
#include "policy_nl.h"
#include "sock.h"
#include "stats.h"

/**
 * struct conn_dump - how far a dump has come
 * @walk:	through the sockets; those made meanwhile are not told of
 * @flags:	SDIRECT_CONN_F_*
 * @admin:	may know which rule has decided
 */
struct conn_dump {
	struct sdr_walk walk;
	u32 flags;
	bool admin;
};

static struct conn_dump *conn_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct conn_dump) > sizeof(cb->ctx));
	return (struct conn_dump *)cb->ctx;
}

static const struct nla_policy conn_get_policy[SDIRECT_A_CONN_FLAGS + 1] = {
	[SDIRECT_A_CONN_FLAGS] = NLA_POLICY_MASK(NLA_U32, SDIRECT_CONN_F_MASK),
};

/*
 * The request is parsed again here because where the core keeps what it has
 * parsed differs from kernel to kernel.
 */
static int conn_get_start(struct netlink_callback *cb)
{
	struct nlattr *attrs[SDIRECT_A_CONN_FLAGS + 1];
	struct conn_dump *dump = conn_dump(cb);
	int err;

	err = genlmsg_parse(cb->nlh, &sdr_genl_family, attrs,
			    SDIRECT_A_CONN_FLAGS, conn_get_policy, cb->extack);
	if (err)
		return err;
	memset(dump, 0, sizeof(*dump));
	dump->walk = sdr_roll_begin(&sdr_net(sock_net(cb->skb->sk))->roll);
	if (attrs[SDIRECT_A_CONN_FLAGS])
		dump->flags = nla_get_u32(attrs[SDIRECT_A_CONN_FLAGS]);
	dump->admin = netlink_ns_capable(cb->skb,
					 sock_net(cb->skb->sk)->user_ns,
					 CAP_NET_ADMIN);
	return 0;
}

static int put_addrs_v4(struct sk_buff *skb, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	return nla_put_u16(skb, SDIRECT_A_CONN_FAMILY, AF_INET) ||
	       nla_put_in_addr(skb, SDIRECT_A_CONN_LOCAL_ADDR,
			       inet->inet_rcv_saddr) ||
	       nla_put_in_addr(skb, SDIRECT_A_CONN_REMOTE_ADDR,
			       inet->inet_daddr);
}

#if IS_ENABLED(CONFIG_IPV6)
static int put_addrs_v6(struct sk_buff *skb, const struct sock *sk)
{
	return nla_put_u16(skb, SDIRECT_A_CONN_FAMILY, AF_INET6) ||
	       nla_put_in6_addr(skb, SDIRECT_A_CONN_LOCAL_ADDR,
				&sk->sk_v6_rcv_saddr) ||
	       nla_put_in6_addr(skb, SDIRECT_A_CONN_REMOTE_ADDR,
				&sk->sk_v6_daddr);
}
#endif

static int put_addrs(struct sk_buff *skb, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);
	int ifindex = READ_ONCE(sk->sk_bound_dev_if);
	int err;

#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		err = put_addrs_v6(skb, sk);
	else
#endif
		err = put_addrs_v4(skb, sk);

	return err ||
	       nla_put_be16(skb, SDIRECT_A_CONN_LOCAL_PORT,
			    inet->inet_sport) ||
	       nla_put_be16(skb, SDIRECT_A_CONN_REMOTE_PORT,
			    inet->inet_dport) ||
	       (ifindex && nla_put_u32(skb, SDIRECT_A_CONN_IFINDEX, ifindex));
}

static int put_owner(struct sk_buff *skb, struct sock *sk,
		     struct user_namespace *user_ns)
{
	return nla_put_u64_64bit(skb, SDIRECT_A_CONN_INODE, sock_i_ino(sk),
				 SDIRECT_A_CONN_PAD) ||
	       nla_put_u32(skb, SDIRECT_A_CONN_UID,
			   from_kuid_munged(user_ns,
					    READ_ONCE(sk->sk_uid))) ||
	       nla_put_u64_64bit(skb, SDIRECT_A_CONN_NETNS_COOKIE,
				 sock_net(sk)->net_cookie, SDIRECT_A_CONN_PAD);
}

static int put_info(struct sk_buff *skb, const struct sdr_sock *ss)
{
	struct sdirect_info info;

	sdr_sock_info(ss, &info);
	return nla_put_u8(skb, SDIRECT_A_CONN_TX_CARRIER, info.tx_carrier) ||
	       nla_put_u8(skb, SDIRECT_A_CONN_RX_CARRIER, info.rx_carrier) ||
	       nla_put_u16(skb, SDIRECT_A_CONN_REASON, info.reason) ||
	       nla_put_u64_64bit(skb, SDIRECT_A_CONN_TX_BYTES, info.tx_bytes,
				 SDIRECT_A_CONN_PAD) ||
	       nla_put_u64_64bit(skb, SDIRECT_A_CONN_RX_BYTES, info.rx_bytes,
				 SDIRECT_A_CONN_PAD) ||
	       nla_put_u64_64bit(skb, SDIRECT_A_CONN_TX_RING_BYTES,
				 info.tx_ring_bytes, SDIRECT_A_CONN_PAD) ||
	       nla_put_u64_64bit(skb, SDIRECT_A_CONN_RX_RING_BYTES,
				 info.rx_ring_bytes, SDIRECT_A_CONN_PAD) ||
	       nla_put_u32(skb, SDIRECT_A_CONN_TX_RING_SIZE,
			   info.tx_ring_size) ||
	       nla_put_u32(skb, SDIRECT_A_CONN_RX_RING_SIZE,
			   info.rx_ring_size) ||
	       nla_put_u8(skb, SDIRECT_A_CONN_LEASED, !!info.leased) ||
	       nla_put_u8(skb, SDIRECT_A_CONN_DEMOTED,
			  READ_ONCE(ss->demoted[SDR_DEMOTER_ADMIN]));
}

/* What the policy has said; by which rule is for administrators. */
static int put_verdict(struct sk_buff *skb, const struct sdr_sock *ss,
		       bool admin)
{
	struct sdr_pair *pair = sdr_sock_pair(ss);
	struct sdr_vote vote;
	u8 verdict;

	if (!pair)
		return 0;
	spin_lock_bh(&pair->lock);
	vote = pair->ruling.vote[sdr_judge_seat(ss)];
	verdict = pair->ruling.waiting ? SDIRECT_VERDICT_ASK :
					 pair->ruling.verdict;
	spin_unlock_bh(&pair->lock);
	if (!verdict)
		return 0;
	return nla_put_u8(skb, SDIRECT_A_CONN_VERDICT, verdict) ||
	       (admin && vote.verdict &&
		(nla_put_u8(skb, SDIRECT_A_CONN_SOURCE, vote.source) ||
		 (vote.source != SDIRECT_SOURCE_DEFAULT &&
		  nla_put_u32(skb, SDIRECT_A_CONN_RULE, vote.number))));
}

static int put_counter(struct sk_buff *skb, int attr, enum sdr_stat id,
		       u64 value)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put_string(skb, SDIRECT_A_COUNTER_NAME, sdr_stats_names[id]) ||
	    nla_put_u64_64bit(skb, SDIRECT_A_COUNTER_VALUE, value,
			      SDIRECT_A_COUNTER_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What the socket has counted; most of it is 0 for most sockets. */
static int put_tally(struct sk_buff *skb, const struct sdr_sock *ss)
{
	int i;
	u64 n;

	for (i = __SDR_STAT_SOCK; i < __SDR_STAT_MAX; i++) {
		n = sdr_tally_read(&ss->tally, i);
		if (n && put_counter(skb, SDIRECT_A_CONN_COUNTER, i, n))
			return -EMSGSIZE;
	}
	return 0;
}

/* Tells of one socket.  The namespace's lock keeps the socket alive. */
static int conn_put(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct sdr_sock *ss, int state)
{
	struct sock *caller = NETLINK_CB(cb->skb).sk;
	struct sock *sk = ss->sk;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &sdr_genl_family, NLM_F_MULTI, SDIRECT_CMD_CONN_GET);
	if (!hdr)
		return -EMSGSIZE;

	if (put_addrs(skb, sk) ||
	    nla_put_u8(skb, SDIRECT_A_CONN_STATE, state) ||
	    put_owner(skb, sk, sk_user_ns(caller)) ||
	    put_info(skb, ss) ||
	    put_verdict(skb, ss, conn_dump(cb)->admin) ||
	    put_tally(skb, ss)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static bool conn_wanted(u32 flags, int state)
{
	return (flags & SDIRECT_CONN_F_ALL) ||
	       (state != TCP_CLOSE && state != TCP_LISTEN);
}

/**
 * struct conn_buffer - a part of a dump
 * @skb:	where it goes
 * @cb:		the dump
 * @err:	nothing more fits
 */
struct conn_buffer {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	int err;
};

static bool conn_tell(struct sdr_sock *ss, void *arg)
{
	struct conn_buffer *to = arg;
	int state = inet_sk_state_load(ss->sk);

	if (conn_wanted(conn_dump(to->cb)->flags, state))
		to->err = conn_put(to->skb, to->cb, ss, state);
	return !to->err;
}

static int conn_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sdr_net *sn = sdr_net(sock_net(skb->sk));
	struct conn_buffer to = { .skb = skb, .cb = cb };
	struct sdr_walk *walk = &conn_dump(cb)->walk;

	while (sdr_roll_walk(&sn->roll, walk, conn_tell, &to) && !to.err)
		cond_resched();

	/* A buffer that not even one socket fits in would never get further. */
	if (to.err && !skb->len)
		return to.err;
	return to.err ? skb->len : 0;
}

static const struct nla_policy conn_set_policy[SDIRECT_A_CONN_DEMOTED + 1] = {
	[SDIRECT_A_CONN_INODE] = { .type = NLA_U64 },
	[SDIRECT_A_CONN_DEMOTED] = NLA_POLICY_MAX(NLA_U8, 1),
};

/**
 * struct conn_wish - a connection that is to be demoted, or not any more
 * @inode:	of the socket
 * @on:		which of the two
 * @err:	-ENOENT until it is found
 * @pair:	(out) what sdr_demote_mark() has said
 */
struct conn_wish {
	u64 inode;
	bool on;
	int err;
	struct sdr_pair *pair;
};

static bool conn_set(struct sdr_sock *ss, void *arg)
{
	struct conn_wish *wish = arg;

	if (sock_i_ino(ss->sk) != wish->inode)
		return true;
	wish->pair = sdr_demote_mark(ss, SDR_DEMOTER_ADMIN, wish->on);
	wish->err = 0;
	return false;
}

static int conn_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sdr_roll *roll = &sdr_net(genl_info_net(info))->roll;
	struct conn_wish wish = { .err = -ENOENT };
	struct sdr_walk walk;

	if (GENL_REQ_ATTR_CHECK(info, SDIRECT_A_CONN_INODE) ||
	    GENL_REQ_ATTR_CHECK(info, SDIRECT_A_CONN_DEMOTED))
		return -EINVAL;
	wish.inode = nla_get_u64(info->attrs[SDIRECT_A_CONN_INODE]);
	wish.on = nla_get_u8(info->attrs[SDIRECT_A_CONN_DEMOTED]);
	walk = sdr_roll_begin(roll);
	while (sdr_roll_walk(roll, &walk, conn_set, &wish) && wish.err)
		cond_resched();
	sdr_demote_wake(wish.pair);
	return wish.err;
}

static int put_counters(struct sk_buff *skb, const struct sdr_stats *stats)
{
	int i;

	for (i = 0; i < __SDR_STAT_MAX; i++)
		if (put_counter(skb, SDIRECT_A_STAT_COUNTER, i, stats->v[i]))
			return -EMSGSIZE;
	return 0;
}

static size_t stat_size(void)
{
	size_t size = nla_total_size(sizeof(SDIRECT_VERSION)) +
		      nla_total_size(sizeof(u32));
	int i;

	for (i = 0; i < __SDR_STAT_MAX; i++)
		size += nla_total_size(0) +
			nla_total_size(strlen(sdr_stats_names[i]) + 1) +
			nla_total_size_64bit(sizeof(u64));
	return size;
}

static int stat_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sdr_stats stats;
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(stat_size(), GFP_KERNEL);
	if (!msg)
		return -ENOMEM;

	sdr_stats_sum(genl_info_net(info), &stats);
	hdr = genlmsg_put_reply(msg, info, &sdr_genl_family, 0,
				SDIRECT_CMD_STAT_GET);
	if (!hdr ||
	    nla_put_string(msg, SDIRECT_A_STAT_VERSION, SDIRECT_VERSION) ||
	    nla_put_u32(msg, SDIRECT_A_STAT_ABI_VERSION, SDIRECT_ABI_VERSION) ||
	    put_counters(msg, &stats)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static const struct genl_ops sdr_genl_ops[] = {
	{
		.cmd = SDIRECT_CMD_CONN_GET,
		.start = conn_get_start,
		.dumpit = conn_get_dump,
		.policy = conn_get_policy,
		.maxattr = ARRAY_SIZE(conn_get_policy) - 1,
	},
	{
		.cmd = SDIRECT_CMD_STAT_GET,
		.doit = stat_get_doit,
	},
	{
		.cmd = SDIRECT_CMD_CONN_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = conn_set_doit,
		.policy = conn_set_policy,
		.maxattr = ARRAY_SIZE(conn_set_policy) - 1,
	},
	{
		.cmd = SDIRECT_CMD_POLICY_REGISTER,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = sdr_nl_register,
	},
	{
		.cmd = SDIRECT_CMD_POLICY_BEGIN,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = sdr_nl_begin,
		.policy = sdr_nl_begin_policy,
		.maxattr = SDR_NL_BEGIN_MAX,
	},
	{
		.cmd = SDIRECT_CMD_POLICY_ADD,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = sdr_nl_add,
		.policy = sdr_nl_add_policy,
		.maxattr = SDR_NL_ADD_MAX,
	},
	{
		.cmd = SDIRECT_CMD_POLICY_COMMIT,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = sdr_nl_commit,
		.policy = sdr_nl_commit_policy,
		.maxattr = SDR_NL_COMMIT_MAX,
	},
	{
		.cmd = SDIRECT_CMD_POLICY_ANSWER,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = sdr_nl_answer,
		.policy = sdr_nl_answer_policy,
		.maxattr = SDR_NL_ANSWER_MAX,
	},
	{
		.cmd = SDIRECT_CMD_POLICY_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = sdr_nl_get,
	},
	{
		.cmd = SDIRECT_CMD_POLICY_RULE_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.dumpit = sdr_nl_rules_dump,
	},
};

static const struct genl_multicast_group sdr_genl_groups[] = {
	[SDR_GENL_DECISIONS] = {
		.name = SDIRECT_GENL_GROUP_DECISIONS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[SDR_GENL_DENIALS] = {
		.name = SDIRECT_GENL_GROUP_DENIALS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family sdr_genl_family __ro_after_init = {
	.name = SDIRECT_GENL_NAME,
	.version = SDIRECT_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = sdr_genl_ops,
	.n_ops = ARRAY_SIZE(sdr_genl_ops),
	.mcgrps = sdr_genl_groups,
	.n_mcgrps = ARRAY_SIZE(sdr_genl_groups),
};

int __init sdr_netlink_init(void)
{
	int err = genl_register_family(&sdr_genl_family);

	if (err)
		return err;
	err = sdr_policy_nl_init();
	if (err)
		genl_unregister_family(&sdr_genl_family);
	return err;
}

void sdr_netlink_exit(void)
{
	sdr_policy_nl_exit();
	genl_unregister_family(&sdr_genl_family);
}
