/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that is played: all that the RDMA carrier calls of ib_core and of
 * rdma_cm has its namesake here, so the carrier's own objects are what is tested.
 * What is posted stays until a test says what becomes of it.
 */
#ifndef _SDR_RDMA_VERBS_TEST_H
#define _SDR_RDMA_VERBS_TEST_H

#include <linux/types.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

struct sdr_rdma_net;

/**
 * enum verbs_call - what can be made to fail
 * @VERBS_NONE:		nothing
 * @VERBS_CREATE_ID:	rdma_create_id()
 * @VERBS_ADDR:		rdma_resolve_addr()
 * @VERBS_ROUTE:	rdma_resolve_route()
 * @VERBS_PD:		ib_alloc_pd()
 * @VERBS_CQ:		ib_alloc_cq()
 * @VERBS_QP:		rdma_create_qp()
 * @VERBS_RECV:		ib_post_recv()
 * @VERBS_CONNECT:	rdma_connect_locked() and rdma_accept()
 * @VERBS_SEND:		ib_post_send()
 * @VERBS_MR:		ib_alloc_mr()
 * @VERBS_MAP:		ib_map_mr_sg()
 * @VERBS_REG:		the completion of IB_WR_REG_MR
 * @VERBS_STUCK:	the same: there is none before the queue pair ends
 */
enum verbs_call {
	VERBS_NONE,
	VERBS_CREATE_ID,
	VERBS_ADDR,
	VERBS_ROUTE,
	VERBS_PD,
	VERBS_CQ,
	VERBS_QP,
	VERBS_RECV,
	VERBS_CONNECT,
	VERBS_SEND,
	VERBS_MR,
	VERBS_MAP,
	VERBS_REG,
	VERBS_STUCK,
};

/* Whose all of it is. */
extern struct sdr_rdma_net verbs_net;
struct sdr_rdma_net *verbs_net_of(void *owner);

/* From now on, until something else does. */
void verbs_fail(enum verbs_call call);

/* As if nothing had ever been; false: something was left from before. */
bool verbs_begin(void);
/* From now on its port is one of iWARP. */
void verbs_iwarp(bool is);
/* What was made and not undone: ids, queues, domains, regions. */
int verbs_left(void);

/* --- the connection manager: what it tells --- */

/* There is an id whose address is being resolved, that of the last connect. */
bool verbs_asked(void);
/* -ENOENT: there is no id any more. */
int verbs_event(enum rdma_cm_event_type type);
/*
 * A host at @from asks for the first of @lanes queue pairs; as
 * sdr_rdma_link_accept().
 */
int verbs_request(const struct sockaddr_storage *from, u64 cookie, u32 lanes);
/* The same in another namespace. */
int verbs_request_in(struct sdr_rdma_net *rn,
		     const struct sockaddr_storage *from, u64 cookie, u32 lanes);

/* --- the queue pair: there is one at a time --- */

/**
 * struct verbs_send - a send that was posted
 * @opcode:	of the first request
 * @signaled:	it will be told of
 * @inlined:	its bytes were taken along
 * @len:	bytes
 * @imm:	immediate data
 * @raddr:	where a write goes
 * @rkey:	key of that memory
 */
struct verbs_send {
	enum ib_wr_opcode opcode;
	bool signaled;
	bool inlined;
	u32 len;
	u32 imm;
	u64 raddr;
	u32 rkey;
};

/* How many sends are posted and not over. */
int verbs_posted(void);
/* How many receives are. */
int verbs_recvs(void);
/* The @nth of the sends; false: there are not so many. */
bool verbs_peek(int nth, struct verbs_send *send);

/**
 * verbs_complete - the first send that is posted is over
 * @status:	how
 * @to:		where its bytes go, NULL: nowhere
 * @max:	bytes of @to
 * @late:	it is told by the next look, not now
 *
 * Return: how many bytes it had, or -ENOENT: none is posted.
 */
int verbs_complete(enum ib_wc_status status, void *to, size_t max, bool late);
/* What was told late is told now, the last one first. */
void verbs_look_backwards(void);

/**
 * verbs_write - the other host writes to memory of this one
 * @rkey:	key of the region
 * @raddr:	where
 * @from:	bytes
 * @len:	how many
 *
 * Return: 0 or -EACCES: it may not.
 */
int verbs_write(u32 rkey, u64 raddr, const void *from, size_t len);
/*
 * verbs_arrive() completes the first receive: with IB_WC_RECV_RDMA_WITH_IMM, @imm
 * and @len bytes, or with IB_WC_RECV and the @len bytes of @from.  -ENOENT: none.
 */
int verbs_arrive(enum ib_wc_status status, const void *from, u32 imm, u32 len);

/* --- for the files of the device alone --- */

extern struct ib_device verbs_device;
bool verbs_fails(enum verbs_call call);
void verbs_count(int n);
void verbs_mr_validate(struct ib_mr *mr);
bool verbs_qp_works(void);
void verbs_qp_init(struct ib_device *dev);

#endif /* _SDR_RDMA_VERBS_TEST_H */
