// SPDX-License-Identifier: GPL-2.0
/* What two hosts say to each other on the control connection. */
#include "compat.h"

#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/sdirect.h>
#include <linux/sdirect_ring.h>
#include <linux/string.h>

#include "rdma/msg.h"

/* As it travels. */
struct wire {
	__be16 type;
	__be16 sport;
	__be16 dport;
	__be16 zero;
	__be32 conn;
	__be32 from;
	__be32 gen;
	__be32 arg;
	__be32 rkey;
	__be32 size;
	__be64 pos;
	__be64 addr;
	__be32 mine;
	__be32 theirs;
	__be64 spare;
};

/* What a message of each type must have. */
#define HAS_CONN	BIT(0)	/* a number of the receiver's */
#define HAS_FROM	BIT(1)	/* a number of the sender's */
#define HAS_SIZE	BIT(2)	/* a possible size of a ring */
#define HAS_POS		BIT(3)	/* a possible position */

static const u8 needs[__SDR_RDMA_MSG_MAX] = {
	[SDR_RDMA_ATTACH]	= HAS_FROM,
	[SDR_RDMA_ATTACHED]	= HAS_CONN | HAS_FROM,
	[SDR_RDMA_REFUSED]	= HAS_CONN,
	[SDR_RDMA_RING_REQ]	= HAS_CONN | HAS_SIZE,
	[SDR_RDMA_RING]		= HAS_CONN | HAS_SIZE,
	[SDR_RDMA_NO_RING]	= HAS_CONN,
	[SDR_RDMA_SEAL]		= HAS_CONN | HAS_POS,
	[SDR_RDMA_UNSEAL]	= HAS_CONN | HAS_POS,
	[SDR_RDMA_UNSEALED]	= HAS_CONN,
	[SDR_RDMA_RESUME]	= HAS_CONN | HAS_POS,
	[SDR_RDMA_BY_TCP]	= HAS_CONN,
	[SDR_RDMA_CLOSE]	= HAS_CONN,
	[SDR_RDMA_QUERY]	= HAS_CONN | HAS_FROM | HAS_POS,
};

void sdr_rdma_msg_pack(const struct sdr_rdma_msg *msg, u8 *to)
{
	struct wire w = {
		.type	= cpu_to_be16(msg->type),
		.sport	= cpu_to_be16(msg->sport),
		.dport	= cpu_to_be16(msg->dport),
		.conn	= cpu_to_be32(msg->conn),
		.from	= cpu_to_be32(msg->from),
		.gen	= cpu_to_be32(msg->gen),
		.arg	= cpu_to_be32(msg->arg),
		.rkey	= cpu_to_be32(msg->rkey),
		.size	= cpu_to_be32(msg->size),
		.pos	= cpu_to_be64(msg->pos),
		.addr	= cpu_to_be64(msg->addr),
		.mine	= cpu_to_be32(msg->mine),
		.theirs	= cpu_to_be32(msg->theirs),
	};

	BUILD_BUG_ON(sizeof(w) != SDR_RDMA_MSG_SIZE);
	memcpy(to, &w, sizeof(w));
}

static bool possible(const struct sdr_rdma_msg *msg)
{
	u8 need;

	if (!msg->type || msg->type >= __SDR_RDMA_MSG_MAX)
		return false;
	need = needs[msg->type];
	if (!(need & HAS_CONN) != !msg->conn || !(need & HAS_FROM) != !msg->from)
		return false;
	if (need & HAS_SIZE && (msg->size < SDIRECT_RING_MIN ||
				msg->size > SDIRECT_RING_MAX ||
				!is_power_of_2(msg->size)))
		return false;
	/* So that no sum of a position and a size wraps, or is negative. */
	return !(need & HAS_POS) || msg->pos < BIT_ULL(62);
}

int sdr_rdma_msg_parse(struct sdr_rdma_msg *msg, const u8 *from)
{
	struct wire w;

	memcpy(&w, from, sizeof(w));
	*msg = (struct sdr_rdma_msg) {
		.type	= be16_to_cpu(w.type),
		.sport	= be16_to_cpu(w.sport),
		.dport	= be16_to_cpu(w.dport),
		.conn	= be32_to_cpu(w.conn),
		.from	= be32_to_cpu(w.from),
		.gen	= be32_to_cpu(w.gen),
		.arg	= be32_to_cpu(w.arg),
		.rkey	= be32_to_cpu(w.rkey),
		.size	= be32_to_cpu(w.size),
		.pos	= be64_to_cpu(w.pos),
		.addr	= be64_to_cpu(w.addr),
		.mine	= be32_to_cpu(w.mine),
		.theirs	= be32_to_cpu(w.theirs),
	};
	return possible(msg) ? 0 : -EPROTO;
}
