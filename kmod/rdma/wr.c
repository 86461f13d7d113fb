// SPDX-License-Identifier: GPL-2.0
/* The work requests of a queue pair. */
#include "compat.h"

#include <linux/mm.h>
#include <linux/slab.h>

#include "ring.h"
#include "rdma/wr.h"

static struct ib_device *device(const struct sdr_rdma_qp *qp)
{
	return qp->id->device;
}

/* All that were posted fail with the one that went wrong. */
static void failed(struct sdr_rdma_qp *qp, const struct ib_wc *wc)
{
	if (wc->status != IB_WC_WR_FLUSH_ERR)
		pr_info_ratelimited("sdirect_rdma: %s: %s\n",
				    dev_name(&device(qp)->dev),
				    ib_wc_status_msg(wc->status));
	qp->user->failed(qp->owner);
}

static int post_recv(struct sdr_rdma_recv *recv)
{
	struct ib_sge sge = {
		.addr	= recv->dma,
		.length	= sizeof(recv->note),
		.lkey	= recv->qp->pd->local_dma_lkey,
	};
	struct ib_recv_wr wr = {
		.wr_cqe		= &recv->cqe,
		.sg_list	= &sge,
		.num_sge	= 1,
	};

	return ib_post_recv(recv->qp->id->qp, &wr, NULL);
}

static int send_note(struct sdr_rdma_qp *qp, const struct sdr_rdma_note *note,
		     bool signal, bool bare);

/* Whoever reads may be told at once by a look, and by an interrupt: in disorder. */
static void taken(struct sdr_rdma_qp *qp, u32 taken)
{
	bool lies, missed = false;

	spin_lock_bh(&qp->lock);
	lies = (s32)(qp->posted - taken) < 0;
	if (!lies && (s32)(taken - qp->taken) > 0) {
		qp->taken = taken;
		missed = qp->missed;
		qp->missed = false;
	}
	spin_unlock_bh(&qp->lock);
	if (lies)
		qp->user->failed(qp->owner);
	if (missed)
		qp->user->room(qp->owner);
}

/* With iWARP nothing else says that there is room for another SEND. */
static void say_taken(struct sdr_rdma_qp *qp, bool asked)
{
	const struct sdr_rdma_note note = { };
	bool due;

	spin_lock_bh(&qp->lock);
	due = asked || qp->got - qp->said >= SDR_RDMA_TELL;
	spin_unlock_bh(&qp->lock);
	/* Where there is no room for it, the end of a send comes back here. */
	if (due && !READ_ONCE(qp->draining))
		send_note(qp, &note, false, true);
}

static void got_note(struct sdr_rdma_qp *qp, const struct sdr_rdma_note *note)
{
	u32 conn = be32_to_cpu(note->conn), gen = be32_to_cpu(note->gen);
	u32 bytes = be32_to_cpu(note->bytes);

	if (qp->iwarp)
		taken(qp, be32_to_cpu(note->taken));
	if (qp->iwarp && bytes)
		qp->user->arrived(qp->owner, conn, bytes);
	else
		qp->user->credit(qp->owner, conn, gen, be64_to_cpu(note->pos));
}

/* False: it is none. */
static bool read_note(struct sdr_rdma_recv *recv, const struct ib_wc *wc,
		      struct sdr_rdma_note *note)
{
	if (wc->byte_len != sizeof(*note))
		return false;
	ib_dma_sync_single_for_cpu(wc->qp->device, recv->dma, sizeof(*note),
				   DMA_FROM_DEVICE);
	*note = recv->note;
	ib_dma_sync_single_for_device(wc->qp->device, recv->dma, sizeof(*note),
				      DMA_FROM_DEVICE);
	return true;
}

/* One more has come, and its request is there again. */
static void count_got(struct sdr_rdma_qp *qp, const struct sdr_rdma_note *note)
{
	bool first;

	spin_lock_bh(&qp->lock);
	qp->got++;
	first = qp->mute;
	qp->mute = false;
	spin_unlock_bh(&qp->lock);
	if (first)
		qp->user->made(qp->owner);
	say_taken(qp, !note->conn && note->gen == cpu_to_be32(SDR_RDMA_ASKS));
}

static void recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct sdr_rdma_recv *recv = container_of(wc->wr_cqe,
						  struct sdr_rdma_recv, cqe);
	struct sdr_rdma_qp *qp = recv->qp;
	struct sdr_rdma_note note = { };
	bool ok = true;

	if (wc->status != IB_WC_SUCCESS) {
		failed(qp, wc);
		return;
	}
	atomic64_inc(&qp->counts->completions);
	if (wc->opcode == IB_WC_RECV_RDMA_WITH_IMM) {
		qp->user->arrived(qp->owner, be32_to_cpu(wc->ex.imm_data),
				  wc->byte_len);
	} else {
		ok = read_note(recv, wc, &note);
		if (ok)
			got_note(qp, &note);
	}
	if (!ok || (!READ_ONCE(qp->draining) && post_recv(recv)))
		qp->user->failed(qp->owner);
	else if (qp->iwarp)
		count_got(qp, &note);
}

/* May one more SEND be under way?  One in many that says no more always may. */
static bool room_there(const struct sdr_rdma_qp *qp, bool bare)
{
	return !qp->iwarp || bare || qp->posted - qp->taken < SDR_RDMA_UNTOLD;
}

/* Under the lock, which is kept until it is posted: they complete in turn. */
static struct sdr_rdma_send *next_send(struct sdr_rdma_qp *qp, bool bare)
{
	struct sdr_rdma_send *send = &qp->sends[qp->posted % SDR_RDMA_SENDS];

	lockdep_assert_held(&qp->lock);
	/* A later one may have been told by another processor, and freed both. */
	if (room_there(qp, bare) && qp->posted - qp->freed < SDR_RDMA_SENDS && !send->awaited)
		return send;
	qp->missed = true;
	atomic64_inc(&qp->counts->full);
	return NULL;
}

/* @first: what is posted, of which @last is told of. */
static int post_send(struct sdr_rdma_qp *qp, struct sdr_rdma_send *send,
		     struct ib_send_wr *first, struct ib_send_wr *last,
		     bool signal)
{
	signal |= qp->silent + 1 >= SDR_RDMA_QUIET;
	if (signal)
		last->send_flags |= IB_SEND_SIGNALED;
	last->wr_cqe = &send->cqe;
	send->serial = qp->posted;
	if (ib_post_send(qp->id->qp, first, NULL))
		return -ENOTCONN;
	send->awaited = signal;
	qp->posted++;
	qp->silent = signal ? 0 : qp->silent + 1;
	return 0;
}

/* All before @serial are over, and if @ok their bytes are there. */
static void free_up_to(struct sdr_rdma_qp *qp, u32 serial, bool ok)
{
	struct sdr_rdma_send *send;
	bool missed;

	spin_lock_bh(&qp->release);
	for (; (s32)(serial - qp->done) > 0; qp->done++) {
		send = &qp->sends[qp->done % SDR_RDMA_SENDS];
		if (send->ctx)
			qp->user->written(send->ctx, send->pos, ok);
	}
	spin_lock(&qp->lock);
	qp->freed = qp->done;
	missed = qp->missed;
	qp->missed = false;
	spin_unlock(&qp->lock);
	spin_unlock_bh(&qp->release);
	if (missed)
		qp->user->room(qp->owner);
}

/*
 * Those before it that were not signalled have ended as well as it has, or, where
 * it has failed, maybe better: what says so then is the other host.
 */
static void send_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct sdr_rdma_send *send = container_of(wc->wr_cqe,
						  struct sdr_rdma_send, cqe);
	struct sdr_rdma_qp *qp = send->qp;
	bool ok = wc->status == IB_WC_SUCCESS;
	u32 serial;

	atomic64_inc(&qp->counts->completions);
	if (!ok)
		failed(qp, wc);
	spin_lock_bh(&qp->lock);
	serial = send->serial;
	send->awaited = false;
	spin_unlock_bh(&qp->lock);
	free_up_to(qp, serial + 1, ok);
	if (qp->iwarp)
		say_taken(qp, false);
}

/* Where there is no immediate data: nobody asks for its success. */
static void write_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct sdr_rdma_send *send = container_of(wc->wr_cqe,
						  struct sdr_rdma_send,
						  write_cqe);

	if (wc->status != IB_WC_SUCCESS)
		failed(send->qp, wc);
}

void sdr_rdma_wr_drained(struct sdr_rdma_qp *qp)
{
	free_up_to(qp, qp->posted, false);
}

/* The bytes of a write; returns how many of @sge, and in @done of the bytes. */
static u32 gather(const struct sdr_rdma_qp *qp,
		  const struct sdr_rdma_write *write, struct ib_sge *sge,
		  u32 *done)
{
	u32 n = 0;

	for (*done = 0; *done < write->len && n < qp->sges; n++) {
		u32 at = write->off + *done, in_page = offset_in_page(at);

		sge[n] = (struct ib_sge) {
			.addr	= write->dma[at >> PAGE_SHIFT] + in_page,
			.length	= min_t(u32, write->len - *done,
					PAGE_SIZE - in_page),
			.lkey	= qp->pd->local_dma_lkey,
		};
		*done += sge[n].length;
	}
	return n;
}

/* A few bytes go along with the request, by the kernel's own address. */
static void inline_them(struct ib_rdma_wr *wr,
			const struct sdr_rdma_write *write)
{
	size_t len = write->len;

	wr->wr.sg_list->addr = (uintptr_t)sdr_ring_at(write->ring, write->pos,
						      &len);
	wr->wr.send_flags |= IB_SEND_INLINE;
}

/* What @send says, as @sge has it. */
static void set_note(struct sdr_rdma_qp *qp, struct sdr_rdma_send *send,
		     const struct sdr_rdma_note *note, struct ib_sge *sge)
{
	lockdep_assert_held(&qp->lock);
	send->note = *note;
	if (qp->iwarp) {
		send->note.taken = cpu_to_be32(qp->got);
		qp->said = qp->got;
	}
	ib_dma_sync_single_for_device(device(qp), send->dma, sizeof(*note),
				      DMA_TO_DEVICE);
	*sge = (struct ib_sge) {
		.addr	= send->dma,
		.length	= sizeof(*note),
		.lkey	= qp->pd->local_dma_lkey,
	};
}

/* With a SEND behind it that says what the immediate data would. */
static int post_pair(struct sdr_rdma_qp *qp, struct sdr_rdma_send *send,
		     struct ib_send_wr *write, u32 conn, u32 bytes, bool signal)
{
	const struct sdr_rdma_note note = {
		.conn	= cpu_to_be32(conn),
		.bytes	= cpu_to_be32(bytes),
	};
	struct ib_sge sge;
	struct ib_send_wr told = {
		.opcode		= IB_WR_SEND,
		.sg_list	= &sge,
		.num_sge	= 1,
	};

	set_note(qp, send, &note, &sge);
	write->opcode = IB_WR_RDMA_WRITE;
	write->wr_cqe = &send->write_cqe;
	write->next = &told;
	return post_send(qp, send, write, &told, signal);
}

static int write_next(struct sdr_rdma_qp *qp,
		      const struct sdr_rdma_write *write, u32 *done)
{
	struct ib_sge sge[SDR_RDMA_SGES];
	struct sdr_rdma_send *send = next_send(qp, false);
	struct ib_rdma_wr wr = {
		.wr.opcode	= IB_WR_RDMA_WRITE_WITH_IMM,
		.wr.ex.imm_data	= cpu_to_be32(write->conn),
		.wr.sg_list	= sge,
		.remote_addr	= write->raddr + write->off,
		.rkey		= write->rkey,
	};
	int err;

	if (!send)
		return -EAGAIN;
	wr.wr.num_sge = gather(qp, write, sge, done);
	if (wr.wr.num_sge == 1 && *done <= qp->inline_max)
		inline_them(&wr, write);
	send->pos = write->pos + *done;
	send->ctx = write->ctx;
	if (qp->iwarp)
		err = post_pair(qp, send, &wr.wr, write->conn, *done,
				write->signal);
	else
		err = post_send(qp, send, &wr.wr, &wr.wr, write->signal);
	if (err)
		return err;
	if (wr.wr.send_flags & IB_SEND_INLINE)
		atomic64_inc(&qp->counts->inlined);
	return 0;
}

int sdr_rdma_qp_write(struct sdr_rdma_qp *qp, const struct sdr_rdma_write *write)
{
	u32 done;
	int err;

	spin_lock_bh(&qp->lock);
	err = write_next(qp, write, &done);
	spin_unlock_bh(&qp->lock);
	if (err)
		return err;
	atomic64_inc(&qp->counts->writes);
	atomic64_add(done, &qp->counts->bytes);
	return done;
}

static int note_next(struct sdr_rdma_qp *qp, const struct sdr_rdma_note *note,
		     bool signal, bool bare)
{
	struct sdr_rdma_send *send = next_send(qp, bare);
	struct ib_sge sge;
	struct ib_send_wr wr = {
		.opcode		= IB_WR_SEND,
		.sg_list	= &sge,
		.num_sge	= 1,
	};

	if (!send)
		return -EAGAIN;
	send->ctx = NULL;
	set_note(qp, send, note, &sge);
	return post_send(qp, send, &wr, &wr, signal);
}

static int send_note(struct sdr_rdma_qp *qp, const struct sdr_rdma_note *note,
		     bool signal, bool bare)
{
	int err;

	spin_lock_bh(&qp->lock);
	err = note_next(qp, note, signal, bare);
	spin_unlock_bh(&qp->lock);
	if (!err)
		atomic64_inc(&qp->counts->credits);
	return err;
}

int sdr_rdma_qp_credit(struct sdr_rdma_qp *qp, u32 conn, u32 gen, u64 pos)
{
	const struct sdr_rdma_note note = {
		.conn	= cpu_to_be32(conn),
		.gen	= cpu_to_be32(gen),
		.pos	= cpu_to_be64(pos),
	};

	return send_note(qp, &note, false, false);
}

int sdr_rdma_qp_flush(struct sdr_rdma_qp *qp)
{
	/* Of no connection. */
	const struct sdr_rdma_note note = { };

	return send_note(qp, &note, true, false);
}

/* With iWARP a send has ended when the own host has it: the other is asked. */
static void ask_it(struct sdr_rdma_qp *qp)
{
	const struct sdr_rdma_note note = {
		.gen = qp->iwarp ? cpu_to_be32(SDR_RDMA_ASKS) : 0,
	};

	send_note(qp, &note, true, true);
}

bool sdr_rdma_qp_probe(struct sdr_rdma_qp *qp)
{
	bool ask = false, works = true;
	u32 ended;

	spin_lock_bh(&qp->lock);
	ended = qp->iwarp ? qp->taken : qp->freed;
	if (ended != qp->heard) {
		qp->heard = ended;
		qp->unheard = 0;
	} else {
		/* Where the queue is full, what is in it will do as well. */
		ask = !qp->unheard;
		works = qp->unheard++ < SDR_RDMA_UNHEARD;
	}
	spin_unlock_bh(&qp->lock);
	if (ask)
		ask_it(qp);
	return works;
}

static int map_send(struct sdr_rdma_qp *qp, struct sdr_rdma_send *send)
{
	u64 dma = ib_dma_map_single(device(qp), &send->note,
				    sizeof(send->note), DMA_TO_DEVICE);

	if (ib_dma_mapping_error(device(qp), dma))
		return -EIO;
	send->qp = qp;
	send->dma = dma;
	send->cqe.done = send_done;
	send->write_cqe.done = write_done;
	return 0;
}

static int map_recv(struct sdr_rdma_qp *qp, struct sdr_rdma_recv *recv)
{
	u64 dma = ib_dma_map_single(device(qp), &recv->note,
				    sizeof(recv->note), DMA_FROM_DEVICE);

	if (ib_dma_mapping_error(device(qp), dma))
		return -EIO;
	recv->qp = qp;
	recv->dma = dma;
	recv->cqe.done = recv_done;
	return post_recv(recv);
}

int sdr_rdma_wr_start(struct sdr_rdma_qp *qp)
{
	int i, err = 0;

	qp->sends = kcalloc(SDR_RDMA_SENDS, sizeof(*qp->sends), GFP_KERNEL);
	qp->recvs = kcalloc(SDR_RDMA_RECVS, sizeof(*qp->recvs), GFP_KERNEL);
	if (!qp->sends || !qp->recvs)
		return -ENOMEM;
	for (i = 0; !err && i < SDR_RDMA_SENDS; i++)
		err = map_send(qp, &qp->sends[i]);
	for (i = 0; !err && i < SDR_RDMA_RECVS; i++)
		err = map_recv(qp, &qp->recvs[i]);
	return err;
}

void sdr_rdma_wr_stop(struct sdr_rdma_qp *qp)
{
	int i;

	for (i = 0; qp->sends && i < SDR_RDMA_SENDS; i++)
		if (qp->sends[i].qp)
			ib_dma_unmap_single(qp->pd->device, qp->sends[i].dma,
					    sizeof(qp->sends[i].note),
					    DMA_TO_DEVICE);
	for (i = 0; qp->recvs && i < SDR_RDMA_RECVS; i++)
		if (qp->recvs[i].qp)
			ib_dma_unmap_single(qp->pd->device, qp->recvs[i].dma,
					    sizeof(qp->recvs[i].note),
					    DMA_FROM_DEVICE);
	kfree(qp->sends);
	kfree(qp->recvs);
}
