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
 * struct place - where in a datagram an end was described, but for addresses
 * @rules:	for whose maker
 * @party:	the end, NULL: none yet
 * @at:		bytes before that
 * @len:	bytes of it
 */
struct place {
	const struct sdr_rules *rules;
	const struct sdr_party *party;
	u32 at;
	u32 len;
};

/**
 * struct viewer - who is told
 * @rules:	of whom, or NULL
 * @ns:		who has CAP_NET_ADMIN there
 * @pids:	whose numbers of processes are used, NULL: none
 * @fields:	what of an end, 1 << SDIRECT_FIELD_FROM_*
 * @place:	what the datagram says of the last such end, or NULL
 */
struct viewer {
	const struct sdr_rules *rules;
	struct user_namespace *ns;
	struct pid_namespace *pids;
	u32 fields;
	struct place *place;
};

static bool wants(const struct viewer *to, enum sdirect_policy_field field)
{
	return to->fields & BIT(field);
}

static int put_addr(struct sk_buff *skb, int attr, const struct in6_addr *addr,
		    u16 family)
{
	if (family == AF_INET)
		return nla_put_in_addr(skb, attr, addr->s6_addr32[3]);
	return nla_put_in6_addr(skb, attr, addr);
}

static int put_addrs(struct sk_buff *skb, const struct sdr_party *party,
		     const struct viewer *to)
{
	return nla_put_u16(skb, SDIRECT_A_END_FAMILY, party->family) ||
	       (wants(to, SDIRECT_FIELD_FROM_ADDR) &&
		put_addr(skb, SDIRECT_A_END_ADDR, &party->addr,
			 party->family)) ||
	       (wants(to, SDIRECT_FIELD_FROM_PORT) &&
		nla_put_be16(skb, SDIRECT_A_END_PORT, htons(party->port))) ||
	       (wants(to, SDIRECT_FIELD_FROM_PEER_ADDR) &&
		put_addr(skb, SDIRECT_A_END_PEER_ADDR, &party->peer_addr,
			 party->family)) ||
	       (wants(to, SDIRECT_FIELD_FROM_PEER_PORT) &&
		nla_put_be16(skb, SDIRECT_A_END_PEER_PORT,
			     htons(party->peer_port)));
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
	return (uid != (uid_t)-1 && wants(to, SDIRECT_FIELD_FROM_UID) &&
		nla_put_u32(skb, SDIRECT_A_END_UID, uid)) ||
	       (gid != (gid_t)-1 && wants(to, SDIRECT_FIELD_FROM_GID) &&
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

/* Where the text of an attribute may be written before it is one, or NULL. */
static char *text_begin(struct sk_buff *skb, size_t *room)
{
	int left = skb_tailroom(skb) - NLA_HDRLEN;

	*room = clamp(left, 0, PATH_MAX);
	return left > 0 ? (char *)skb_tail_pointer(skb) + NLA_HDRLEN : NULL;
}

/* It did not fit; longer ones than any path are not told of. */
static int text_too_long(size_t room)
{
	return room < PATH_MAX ? -EMSGSIZE : 0;
}

/* With its zero it has @len bytes. */
static int text_end(struct sk_buff *skb, int attr, size_t len)
{
	return nla_reserve(skb, attr, len) ? 0 : -EMSGSIZE;
}

static int put_path(struct sk_buff *skb, const struct file *file)
{
	size_t room, len;
	char *text = text_begin(skb, &room), *path;

	if (!text)
		return -EMSGSIZE;
	path = d_path(&file->f_path, text, room);
	if (IS_ERR(path))
		return text_too_long(room);
	len = text + room - path;
	memmove(text, path, len);
	return text_end(skb, SDIRECT_A_END_EXE, len);
}

static int put_exe(struct sk_buff *skb, const struct sdr_owner *owner)
{
	struct file *file;
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
	err = put_path(skb, file);
	fput(file);
	return err;
}

static int put_cgroup_path(struct sk_buff *skb, struct cgroup *cgroup)
{
#ifdef CONFIG_CGROUPS
	size_t room;
	char *text = text_begin(skb, &room);
	int len;

	if (!text)
		return -EMSGSIZE;
	len = cgroup_path(cgroup, text, room);
	if (len < 0 || len >= room)
		return text_too_long(room);
	return text_end(skb, SDIRECT_A_END_CGROUP_PATH, len + 1);
#else
	return 0;
#endif
}

static int put_cgroup(struct sk_buff *skb, const struct sdr_owner *owner)
{
	if (!owner->cgroup)
		return 0;
	return nla_put_u64_64bit(skb, SDIRECT_A_END_CGROUP_ID,
				 sdr_owner_cgroup_id(owner),
				 SDIRECT_A_END_PAD) ||
	       put_cgroup_path(skb, owner->cgroup);
}

static int put_label(struct sk_buff *skb, const struct cred *cred)
{
	struct sdr_label label;
	struct nlattr *attr;
	u32 secid = 0;

	security_cred_getsecid(cred, &secid);
	if (!secid || !sdr_label_get(&label, secid))
		return 0;
	attr = nla_reserve(skb, SDIRECT_A_END_LABEL, label.len + 1);
	if (attr) {
		memcpy(nla_data(attr), label.context, label.len);
		((char *)nla_data(attr))[label.len] = '\0';
	}
	sdr_label_put(&label);
	return attr ? 0 : -EMSGSIZE;
}

static int put_netns(struct sk_buff *skb, const struct net *net)
{
	return nla_put_u64_64bit(skb, SDIRECT_A_END_NETNS, net->ns.inum,
				 SDIRECT_A_END_PAD) ||
	       nla_put_u64_64bit(skb, SDIRECT_A_END_NETNS_COOKIE,
				 net->net_cookie, SDIRECT_A_END_PAD);
}

static int put_place(struct sk_buff *skb, const struct sdr_party *party,
		     const struct viewer *to)
{
	const struct sdr_owner *owner = &party->owner;
	pid_t pid = to->pids && wants(to, SDIRECT_FIELD_FROM_PID) ?
		    pid_nr_ns(owner->pid, to->pids) : 0;

	return ((wants(to, SDIRECT_FIELD_FROM_UID) ||
		 wants(to, SDIRECT_FIELD_FROM_GID)) &&
		nla_put_u64_64bit(skb, SDIRECT_A_END_USERNS,
				  owner->cred->user_ns->ns.inum,
				  SDIRECT_A_END_PAD)) ||
	       (wants(to, SDIRECT_FIELD_FROM_NETNS) &&
		put_netns(skb, party->net)) ||
	       (pid && nla_put_u32(skb, SDIRECT_A_END_PID, pid)) ||
	       (wants(to, SDIRECT_FIELD_FROM_CGROUP) &&
		put_cgroup(skb, owner)) ||
	       (wants(to, SDIRECT_FIELD_FROM_EXE) && put_exe(skb, owner)) ||
	       (wants(to, SDIRECT_FIELD_FROM_LABEL) &&
		put_label(skb, owner->cred));
}

static bool same_place(const struct place *place, const struct viewer *to,
		       const struct sdr_party *party)
{
	const struct sdr_party *last = place->party;

	return last && place->rules == to->rules && last->net == party->net &&
	       last->owner.cred == party->owner.cred &&
	       last->owner.pid == party->owner.pid &&
	       last->owner.cgroup == party->owner.cgroup &&
	       sdr_exe_same(&last->owner.exe, &party->owner.exe);
}

/* Who connects often is described once, and copied then. */
static int put_place_again(struct sk_buff *skb, const struct sdr_party *party,
			   const struct viewer *to)
{
	struct place *place = to->place;
	u32 at = skb->len;

	if (!place)
		return put_place(skb, party, to);
	if (same_place(place, to, party)) {
		if (skb_tailroom(skb) < place->len)
			return -EMSGSIZE;
		skb_put_data(skb, skb->data + place->at, place->len);
		return 0;
	}
	if (put_place(skb, party, to))
		return -EMSGSIZE;
	*place = (struct place) {
		.rules = to->rules, .party = party,
		.at = at, .len = skb->len - at,
	};
	return 0;
}

static int put_end(struct sk_buff *skb, int attr,
		   const struct sdr_party *party, const struct viewer *to)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || put_addrs(skb, party, to) ||
	    put_ids(skb, party->owner.cred, to) ||
	    (sdr_party_visible(party, to->ns) &&
	     put_place_again(skb, party, to)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * struct message - what is told
 * @cmd:	SDIRECT_CMD_POLICY_*
 * @net:	where
 * @rules:	as who has made these sees it; NULL: as the administrator of @net
 * @fields:	SDIRECT_FIELDS_ANSWER or fewer, of which it tells
 * @cand:	the ends
 * @place:	for each of them, what the datagram has said before, or NULL
 * @put:	puts what else there is to say
 * @arg:	for @put
 */
struct message {
	u8 cmd;
	struct net *net;
	const struct sdr_rules *rules;
	u32 fields;
	const struct sdr_candidate *cand;
	struct place *place;
	int (*put)(struct sk_buff *skb, const void *arg);
	const void *arg;
};

static int put_carrier(struct sk_buff *skb, const struct sdr_candidate *cand)
{
	return nla_put_u8(skb, SDIRECT_A_POLICY_CARRIER, cand->carrier) ||
	       (cand->device && *cand->device &&
		nla_put_string(skb, SDIRECT_A_POLICY_DEVICE, cand->device));
}

static int put_ends(struct sk_buff *skb, const struct message *m)
{
	const struct sdr_rules_head *head = m->rules ? sdr_rules_head(m->rules) :
						       NULL;
	struct viewer to = {
		.rules = m->rules,
		.ns = head ? head->ns : m->net->user_ns,
		.pids = head ? head->pids : NULL,
		.fields = m->fields,
		.place = m->place,
	};

	if (put_end(skb, SDIRECT_A_POLICY_FROM, &m->cand->end[0], &to))
		return -EMSGSIZE;
	to.fields >>= SDIRECT_FIELD_TO_ADDR;
	if (to.place)
		to.place++;
	return put_end(skb, SDIRECT_A_POLICY_TO, &m->cand->end[1], &to);
}

/* All of it, or nothing. */
static int put_message(struct sk_buff *skb, const struct message *m)
{
	void *hdr = genlmsg_put(skb, 0, 0, &sdr_genl_family, 0, m->cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (m->put(skb, m->arg) ||
	    put_carrier(skb, m->cand) || put_ends(skb, m)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int put_question(struct sk_buff *skb, const void *arg)
{
	const struct sdr_question *q = arg;

	return nla_put_u64_64bit(skb, SDIRECT_A_POLICY_ID, q->id,
				 SDIRECT_A_POLICY_PAD) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_GENERATION,
			   sdr_rules_generation(q->rules)) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_NUMBER,
			   sdr_rules_at(q->rules, q->index)->number) ||
	       nla_put_u32(skb, SDIRECT_A_POLICY_SAME, q->facts.same);
}

/* As many as fit, the first one at least. */
static struct sk_buff *questions(struct sdr_asking *asking, size_t size)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);
	struct place place[2] = { };
	u32 i;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < asking->n; i++) {
		const struct sdr_question *q = asking->question[i];
		const struct message m = {
			.cmd = SDIRECT_CMD_POLICY_QUESTION, .net = asking->net,
			.rules = asking->own ? q->rules : NULL,
			.fields = asking->own ? sdr_rules_head(q->rules)->fields :
						SDIRECT_FIELDS_ANSWER,
			.cand = &q->cand, .place = place,
			.put = put_question, .arg = q,
		};

		if (put_message(skb, &m))
			break;
	}
	if (!i) {
		nlmsg_free(skb);
		return ERR_PTR(-EMSGSIZE);
	}
	asking->n = i;
	return skb;
}

static int tell_questions(struct sdr_asking *asking)
{
	struct sk_buff *skb = questions(asking, GENLMSG_DEFAULT_SIZE);

	if (skb == ERR_PTR(-EMSGSIZE)) {
		/* Long paths: this one by itself. */
		asking->n = 1;
		skb = questions(asking, SDR_TELL_SIZE);
	}
	if (IS_ERR(skb))
		return PTR_ERR(skb);
	/* What has taken a while may find another one at this port. */
	if (READ_ONCE(sdr_net(asking->net)->policy->helper) != asking->port) {
		nlmsg_free(skb);
		return -ECONNREFUSED;
	}
	return genlmsg_unicast(asking->net, skb, asking->port);
}

static bool has_listeners(struct net *net, enum sdr_genl_group group)
{
	return genl_has_listeners(&sdr_genl_family, net, group);
}

/* Who only keeps a log of denials must not make each connection dearer. */
static bool tell_heard(struct net *net, u8 verdict)
{
	return has_listeners(net, SDR_GENL_DECISIONS) ||
	       (verdict == SDIRECT_VERDICT_DENY &&
		has_listeners(net, SDR_GENL_DENIALS));
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

static struct sk_buff *decision(const struct message *m, size_t size)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb || !put_message(skb, m))
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static void send_to(struct net *net, struct sk_buff *skb,
		    enum sdr_genl_group group)
{
	if (skb)
		genlmsg_multicast_netns(&sdr_genl_family, net, skb, 0, group,
					GFP_KERNEL);
}

static void tell_decision(struct net *net, const struct sdr_decision *d)
{
	struct message m = {
		.cmd = SDIRECT_CMD_POLICY_DECISION, .net = net,
		.rules = d->rules, .fields = SDIRECT_FIELDS_ANSWER,
		.cand = d->cand, .put = put_decision, .arg = d,
	};
	struct sk_buff *skb;

	/* Others than who has made the rules listen, too. */
	if (m.rules && sdr_rules_head(m.rules)->ns != net->user_ns)
		m.rules = NULL;
	/* A page will do, but for long paths. */
	skb = decision(&m, GENLMSG_DEFAULT_SIZE) ?:
	      decision(&m, SDR_TELL_SIZE);
	if (skb && d->verdict == SDIRECT_VERDICT_DENY)
		send_to(net, skb_clone(skb, GFP_KERNEL), SDR_GENL_DENIALS);
	send_to(net, skb, SDR_GENL_DECISIONS);
}

static const struct sdr_teller teller = {
	.ask		= tell_questions,
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
