// SPDX-License-Identifier: GPL-2.0
/* What one namespace's rules may know of a connection to be judged. */
#include "compat.h"

#include <linux/security.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "facts.h"
#include "party.h"

static void know(struct sdr_facts *facts, int field, u64 hi, u64 lo)
{
	facts->known |= BIT(field);
	facts->val[field] = (struct sdr_val) { hi, lo };
}

static void know_addr(struct sdr_facts *facts, int field,
		      const struct in6_addr *addr)
{
	know(facts, field,
	     (u64)ntohl(addr->s6_addr32[0]) << 32 | ntohl(addr->s6_addr32[1]),
	     (u64)ntohl(addr->s6_addr32[2]) << 32 | ntohl(addr->s6_addr32[3]));
}

static void know_ids(struct sdr_facts *facts, int side,
		     const struct cred *cred, struct user_namespace *ns)
{
	uid_t uid;
	gid_t gid;

	/* Another host's. */
	if (!cred)
		return;
	uid = from_kuid(ns, cred->euid);
	gid = from_kgid(ns, cred->egid);
	if (uid != (uid_t)-1)
		know(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_UID), 0, uid);
	if (gid != (gid_t)-1)
		know(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_GID), 0, gid);
	facts->userns[side] = cred->user_ns->ns.inum;
}

static void know_place(struct sdr_facts *facts, int side,
		       const struct sdr_party *party)
{
	const struct sdr_exe *exe = &party->owner.exe;
	u32 secid = 0;

	if (party->owner.cgroup)
		know(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_CGROUP), 0,
		     sdr_owner_cgroup_id(&party->owner));
	know(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_NETNS), 0,
	     party->net->ns.inum);
	if (exe->ino)
		know(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_EXE),
		     (u64)exe->dev << 32 | exe->generation, exe->ino);
	security_cred_getsecid(party->owner.cred, &secid);
	if (secid)
		know(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_LABEL), 0,
		     secid);
}

static u32 same(const struct sdr_party *a, const struct sdr_party *b)
{
	const struct cred *x = a->owner.cred, *y = b->owner.cred;
	u32 mask = 0;

	if (!x || !y)
		return 0;
	if (x->user_ns == y->user_ns && uid_eq(x->euid, y->euid))
		mask |= SDIRECT_SAME_USER;
	if (x->user_ns == y->user_ns && gid_eq(x->egid, y->egid))
		mask |= SDIRECT_SAME_GROUP;
	if (a->net == b->net)
		mask |= SDIRECT_SAME_NETNS;
	if (a->owner.cgroup && a->owner.cgroup == b->owner.cgroup)
		mask |= SDIRECT_SAME_CGROUP;
	return mask;
}

void sdr_facts_of(struct sdr_facts *facts, const struct sdr_candidate *cand,
		  struct user_namespace *ns)
{
	const struct sdr_party *party;
	int side;

	memset(facts, 0, sizeof(*facts));
	for (side = 0; side < 2; side++) {
		party = &cand->end[side];
		know_addr(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_ADDR),
			  &party->addr);
		know_addr(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_PEER_ADDR),
			  &party->peer_addr);
		know(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_PORT), 0,
		     party->port);
		know(facts, SDR_FIELD(side, SDIRECT_FIELD_FROM_PEER_PORT), 0,
		     party->peer_port);
		know_ids(facts, side, party->owner.cred, ns);
		if (sdr_party_visible(party, ns))
			know_place(facts, side, party);
	}
	know(facts, SDIRECT_FIELD_CARRIER, 0, cand->carrier);
	facts->same = same(&cand->end[0], &cand->end[1]);
	if (!sdr_party_visible(&cand->end[0], ns) ||
	    !sdr_party_visible(&cand->end[1], ns))
		facts->same &= SDIRECT_SAME_USER | SDIRECT_SAME_GROUP;
}
