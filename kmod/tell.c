// SPDX-License-Identifier: GPL-2.0
/* Messages about connections that are judged. */
#include "compat.h"

#include <linux/cgroup.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sdirect_netlink.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "facts.h"
#include "net.h"
#include "netlink.h"
#include "party.h"
#include "question.h"
#include "rules.h"
#include "tell.h"
#include "teller.h"

/* Two ends with two paths each; what is not used is given back. */
#define SDR_TELL_SIZE	(5 * PATH_MAX)

/**
 * struct viewer - who is told
 * @ns:		who has CAP_NET_ADMIN there
 * @pids:	whose numbers of processes are used, NULL: none
 * @room:	PATH_MAX bytes
 */
struct viewer {
	struct user_namespace *ns;
	struct pid_namespace *pids;
	char *room;
};

static int put_addr(struct sk_buff *skb, int attr, const struct in6_addr *addr,
		    u16 family)
{
	if (family == AF_INET)
		return nla_put_in_addr(skb, attr, addr->s6_addr32[3]);
	return nla_put_in6_addr(skb, attr, addr);
}

static int put_addrs(struct sk_buff *skb, const struct sdr_party *party)
{
	return nla_put_u16(skb, SDIRECT_A_END_FAMILY, party->family) ||
	       put_addr(skb, SDIRECT_A_END_ADDR, &party->addr,
			party->family) ||
	       nla_put_be16(skb, SDIRECT_A_END_PORT, htons(party->port)) ||
	       put_addr(skb, SDIRECT_A_END_PEER_ADDR, &party->peer_addr,
			party->family) ||
	       nla_put_be16(skb, SDIRECT_A_END_PEER_PORT,
			    htons(party->peer_port));
}

static int put_ids(struct sk_buff *skb, const struct cred *cred,
		   const struct viewer *to)
{
	uid_t uid;
	gid_t gid;

	/* Another host's. */
	if (!cred)
		return 0;
	uid = from_kuid(to->ns, cred->euid);
	gid = from_kgid(to->ns, cred->egid);
	return (uid != (uid_t)-1 &&
		nla_put_u32(skb, SDIRECT_A_END_UID, uid)) ||
	       (gid != (gid_t)-1 &&
		nla_put_u32(skb, SDIRECT_A_END_GID, gid));
}

/* The program that the process ran then, if it runs it now. */
static struct file *exe_file(const struct sdr_owner *owner)
{
	struct task_struct *task = get_pid_task(owner->pid, PIDTYPE_TGID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;
	struct file *file = mm ? sdr_mm_exe(mm) : NULL;
	struct sdr_exe exe = sdr_exe_of(file);

	if (mm)
		mmput_async(mm);
	if (task)
		put_task_struct(task);
	if (!file || sdr_exe_same(&exe, &owner->exe))
		return file;
	fput(file);
	return NULL;
}

static int put_exe(struct sk_buff *skb, const struct sdr_owner *owner,
		   const struct viewer *to)
{
	struct file *file;
	char *path;
	int err;

	if (!owner->exe.ino)
		return 0;
	if (nla_put_u64_64bit(skb, SDIRECT_A_END_EXE_DEV,
			      huge_encode_dev(owner->exe.dev),
			      SDIRECT_A_END_PAD) ||
	    nla_put_u64_64bit(skb, SDIRECT_A_END_EXE_INO, owner->exe.ino,
			      SDIRECT_A_END_PAD))
		return -EMSGSIZE;
	file = exe_file(owner);
	if (!file)
		return 0;
	path = d_path(&file->f_path, to->room, PATH_MAX);
	err = IS_ERR(path) ? 0 : nla_put_string(skb, SDIRECT_A_END_EXE, path);
	fput(file);
	return err;
}

static int put_cgroup(struct sk_buff *skb, const struct sdr_owner *owner,
		      const struct viewer *to)
{
	if (!owner->cgroup)
		return 0;
	if (nla_put_u64_64bit(skb, SDIRECT_A_END_CGROUP_ID,
			      sdr_owner_cgroup_id(owner), SDIRECT_A_END_PAD))
		return -EMSGSIZE;
#ifdef CONFIG_CGROUPS
	if (cgroup_path(owner->cgroup, to->room, PATH_MAX) < PATH_MAX)
		return nla_put_string(skb, SDIRECT_A_END_CGROUP_PATH,
				      to->room);
#endif
	return 0;
}

static int put_label(struct sk_buff *skb, const struct cred *cred)
{
	struct nlattr *attr;
	char *label;
	u32 secid = 0, len;

	security_cred_getsecid(cred, &secid);
	if (!secid || security_secid_to_secctx(secid, &label, &len))
		return 0;
	attr = nla_reserve(skb, SDIRECT_A_END_LABEL, len + 1);
	if (attr) {
		memcpy(nla_data(attr), label, len);
		((char *)nla_data(attr))[len] = '\0';
	}
	security_release_secctx(label, len);
	return attr ? 0 : -EMSGSIZE;
}

static int put_place(struct sk_buff *skb, const struct sdr_party *party,
		     const struct viewer *to)
{
	const struct sdr_owner *owner = &party->owner;
	pid_t pid = to->pids ? pid_nr_ns(owner->pid, to->pids) : 0;

	return nla_put_u64_64bit(skb, SDIRECT_A_END_NETNS,
				 party->net->ns.inum, SDIRECT_A_END_PAD) ||
	       nla_put_u64_64bit(skb, SDIRECT_A_END_NETNS_COOKIE,
				 party->net->net_cookie, SDIRECT_A_END_PAD) ||
	       nla_put_u64_64bit(skb, SDIRECT_A_END_USERNS,
				 owner->cred->user_ns->ns.inum,
				 SDIRECT_A_END_PAD) ||
	       (pid && nla_put_u32(skb, SDIRECT_A_END_PID, pid)) ||
	       put_cgroup(skb, owner, to) ||
	       put_exe(skb, owner, to) ||
	       put_label(skb, owner->cred);
}

static int put_end(struct sk_buff *skb, int attr,
		   const struct sdr_party *party, const struct viewer *to)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || put_addrs(skb, party) ||
	    put_ids(skb, party->owner.cred, to) ||
	    (sdr_party_visible(party, to->ns) && put_place(skb, party, to)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_candidate(struct sk_buff *skb, const struct sdr_candidate *cand,
			 struct net *net, const struct sdr_rules *rules)
{
	struct viewer to = {
		.ns = rules ? sdr_rules_ns(rules) : net->user_ns,
		.pids = rules ? sdr_rules_pids(rules) : NULL,
		.room = kmalloc(PATH_MAX, GFP_KERNEL),
	};
	int err;

	if (!to.room)
		return -ENOMEM;
	err = nla_put_u8(skb, SDIRECT_A_POLICY_CARRIER, cand->carrier) ||
	      put_end(skb, SDIRECT_A_POLICY_FROM, &cand->end[0], &to) ||
	      put_end(skb, SDIRECT_A_POLICY_TO, &cand->end[1], &to);
	kfree(to.room);
	return err ? -EMSGSIZE : 0;
}

/**
 * struct message - what is told
 * @cmd:	SDIRECT_CMD_POLICY_*
 * @net:	where
 * @rules:	as who has made these sees it; NULL: as the administrator of @net
 * @cand:	the ends
 * @put:	puts what else there is to say
 * @arg:	for @put
 */
struct message {
	u8 cmd;
	struct net *net;
	const struct sdr_rules *rules;
	const struct sdr_candidate *cand;
	int (*put)(struct sk_buff *skb, const void *arg);
	const void *arg;
};

static struct sk_buff *message_of(const struct message *m, size_t size)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	hdr = genlmsg_put(skb, 0, 0, &sdr_genl_family, 0, m->cmd);
	if (!hdr || m->put(skb, m->arg) ||
	    put_candidate(skb, m->cand, m->net, m->rules)) {
		nlmsg_free(skb);
		return ERR_PTR(-EMSGSIZE);
	}
	genlmsg_end(skb, hdr);
	return skb;
}

/* A page will do, but for long paths. */
static struct sk_buff *message(const struct message *m)
{
	struct sk_buff *skb = message_of(m, GENLMSG_DEFAULT_SIZE);

	if (skb == ERR_PTR(-EMSGSIZE))
		skb = message_of(m, SDR_TELL_SIZE);
	return skb;
}

static int put_question(struct sk_buff *skb, const void *arg)
{
	const struct sdr_question *q = arg;

	return nla_put_u64_64bit(skb, SDIRECT_A_POLICY_ID, q->id,
				 SDIRECT_A_POLICY_PAD) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_GENERATION,
			   sdr_rules_generation(q->rules)) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_NUMBER,
			   sdr_rules_at(q->rules, q->index)->number);
}

static int tell_question(struct net *net, u32 port,
			 const struct sdr_question *q, bool own)
{
	const struct message m = {
		.cmd = SDIRECT_CMD_POLICY_QUESTION, .net = net,
		.rules = own ? q->rules : NULL, .cand = &q->cand,
		.put = put_question, .arg = q,
	};
	struct sk_buff *skb = message(&m);

	if (IS_ERR(skb))
		return PTR_ERR(skb);
	/* What has taken a while may find another one at this port. */
	if (READ_ONCE(sdr_net(net)->policy->helper) != port) {
		nlmsg_free(skb);
		return -ECONNREFUSED;
	}
	return genlmsg_unicast(net, skb, port);
}

static bool tell_heard(struct net *net)
{
	return genl_has_listeners(&sdr_genl_family, net, SDR_GENL_DECISIONS);
}

static int put_decision(struct sk_buff *skb, const void *arg)
{
	const struct sdr_decision *d = arg;

	return nla_put_u8(skb, SDIRECT_A_POLICY_VERDICT, d->verdict) ||
	       nla_put_u8(skb, SDIRECT_A_POLICY_SOURCE, d->vote->source) ||
	       (d->vote->source != SDIRECT_SOURCE_DEFAULT &&
		nla_put_u32(skb, SDIRECT_A_POLICY_NUMBER, d->vote->number)) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_GENERATION,
			   d->rules ? sdr_rules_generation(d->rules) : 0) ||
	       nla_put_u8(skb, SDIRECT_A_POLICY_CHANGED, d->changed);
}

static void tell_decision(struct net *net, const struct sdr_decision *d)
{
	struct message m = {
		.cmd = SDIRECT_CMD_POLICY_DECISION, .net = net,
		.rules = d->rules, .cand = d->cand,
		.put = put_decision, .arg = d,
	};
	struct sk_buff *skb;

	/* Others than who has made the rules listen, too. */
	if (m.rules && sdr_rules_ns(m.rules) != net->user_ns)
		m.rules = NULL;
	skb = message(&m);
	if (!IS_ERR(skb))
		genlmsg_multicast_netns(&sdr_genl_family, net, skb, 0,
					SDR_GENL_DECISIONS, GFP_KERNEL);
}

static const struct sdr_teller teller = {
	.ask		= tell_question,
	.heard		= tell_heard,
	.decided	= tell_decision,
};

void sdr_tell_begin(void)
{
	sdr_teller = &teller;
}

void sdr_tell_end(void)
{
	sdr_teller = NULL;
}
