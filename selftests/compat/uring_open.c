// SPDX-License-Identifier: GPL-2.0-only
/* io_uring: how connections begin and end. */
#include "uring.h"

static int listener;
static union net_addr addr;

static void begin(struct compat *c)
{
	uring_open(0);
	listener = net_listen(c->nf, 16, &addr);
	COMPAT_MUST(listener >= 0);
}

/* As uring_done(1), where the number of a descriptor is left open. */
static int opened(const char *what)
{
	struct io_uring_cqe *cqe;
	unsigned int flags;
	int res;

	uring_begin();
	COMPAT_MUST(!io_uring_wait_cqe(&uring, &cqe));
	res = cqe->res;
	flags = cqe->flags;
	io_uring_cqe_seen(&uring, cqe);
	rec_fd(what, res < 0 ? -1 : res, res < 0 ? -res : 0);
	if (flags)
		rec_say("  flags %x", flags);
	return res;
}

static void talk(int cl, int sv)
{
	char buf[64];
	int i;

	for (i = 0; i < 10; i++) {
		REC(write(cl, "there", 5));
		REC_RECV(recv(sv, buf, 5, MSG_WAITALL), buf);
		REC(write(sv, "back", 4));
		REC_RECV(recv(cl, buf, 4, MSG_WAITALL), buf);
	}
}

void uring_accept(struct compat *c)
{
	int i, cl, sv;

	begin(c);
	for (i = 0; i < 4; i++) {
		union net_addr from = { };
		socklen_t len = sizeof(from);

		if (i & 1) {
			cl = net_connect(c->nf, &addr);
			compat_until(listener, POLLIN);
		}
		io_uring_prep_accept(uring_next("accept"), listener,
				     &from.sa, &len, 0);
		uring_begin();
		if (!(i & 1)) {
			uring_quiet();
			cl = net_connect(c->nf, &addr);
		}
		sv = opened("accept");
		COMPAT_MUST(cl >= 0 && sv >= 0);
		REC(len);
		REC(from.sa.sa_family);
		talk(cl, sv);
		REC(close(cl));
		REC(read(sv, &from, 1));
		REC(close(sv));
	}
	io_uring_prep_accept(uring_next("accept"), -1, NULL, NULL, 0);
	uring_done(1);
	cl = net_socket(c->nf, 0);
	io_uring_prep_accept(uring_next("accept"), cl, NULL, NULL, 0);
	uring_done(1);
}

void uring_accept_multi(struct compat *c)
{
	int i, cl, sv;

	begin(c);
	io_uring_prep_multishot_accept(uring_next("accept"), listener, NULL,
				       NULL, SOCK_CLOEXEC);
	uring_begin();
	for (i = 0; i < 5; i++) {
		uring_quiet();
		cl = net_connect(c->nf, &addr);
		sv = opened("accept");
		COMPAT_MUST(cl >= 0 && sv >= 0);
		REC(fcntl(sv, F_GETFD));
		talk(cl, sv);
		close(cl);
		close(sv);
	}
	io_uring_prep_cancel_fd(uring_next("cancel"), listener, 0);
	uring_done(2);
}

void uring_accept_flags(struct compat *c)
{
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC,
				     SOCK_NONBLOCK | SOCK_CLOEXEC, 1 };
	char buf[8];
	size_t i;
	int cl, sv;

	begin(c);
	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		cl = net_connect(c->nf, &addr);
		compat_until(listener, POLLIN);
		io_uring_prep_accept(uring_next("accept"), listener, NULL,
				     NULL, flags[i]);
		sv = opened("accept");
		if (sv < 0)
			continue;
		REC(fcntl(sv, F_GETFL));
		REC(fcntl(sv, F_GETFD));
		REC(recv(sv, buf, 1, MSG_DONTWAIT));
		close(sv);
		close(cl);
	}
	compat_until(listener, POLLIN);
	sv = REC_FD(accept(listener, NULL, NULL));
	COMPAT_MUST(sv >= 0);
	REC(net_nonblock(listener));
	/* Some kernels say EAGAIN, some wait: so somebody comes. */
	io_uring_prep_accept(uring_next("accept"), listener, NULL, NULL, 0);
	uring_begin();
	COMPAT_MUST(net_connect(c->nf, &addr) >= 0);
	opened("accept");
}

void uring_connect(struct compat *c)
{
	const socklen_t len = net_addr_len(c->nf);
	struct io_uring_sqe *sqe;
	char buf[64];
	int i, cl, sv;

	begin(c);
	for (i = 0; i < 4; i++) {
		cl = net_socket(c->nf, i & 1 ? SOCK_NONBLOCK : 0);
		sqe = uring_next("connect");
		io_uring_prep_connect(sqe, cl, &addr.sa, len);
		if (i & 2) {
			/* What comes first is sent as soon as may be. */
			sqe->flags |= IOSQE_IO_LINK;
			io_uring_prep_send(uring_next("send"), cl, "early", 5,
					   0);
			uring_done(2);
		} else {
			uring_done(1);
		}
		sv = accept(listener, NULL, NULL);
		COMPAT_MUST(sv >= 0);
		if (i & 2)
			REC_RECV(recv(sv, buf, 5, MSG_WAITALL), buf);
		io_uring_prep_connect(uring_next("connect"), cl, &addr.sa, len);
		uring_done(1);
		if (!(i & 1))
			talk(cl, sv);
		close(cl);
		close(sv);
	}
}

void uring_connect_refused(struct compat *c)
{
	const socklen_t len = net_addr_len(c->nf);
	int i, cl, error;

	begin(c);
	close(listener);
	for (i = 0; i < 2; i++) {
		socklen_t size = sizeof(error);

		cl = net_socket(c->nf, i ? SOCK_NONBLOCK : 0);
		io_uring_prep_connect(uring_next("connect"), cl, &addr.sa, len);
		uring_done(1);
		REC(getsockopt(cl, SOL_SOCKET, SO_ERROR, &error, &size));
		REC(error);
		io_uring_prep_connect(uring_next("connect"), cl, &addr.sa, 2);
		uring_done(1);
		io_uring_prep_connect(uring_next("connect"), cl, NULL, len);
		uring_done(1);
		close(cl);
	}
}

void uring_shutdown(struct compat *c)
{
	char buf[64];

	uring_open(0);
	io_uring_prep_recv(uring_next("recv"), c->sv, buf, 64, 0);
	uring_begin();
	io_uring_prep_shutdown(uring_next("shutdown"), c->cl, SHUT_WR);
	uring_done(2);
	REC(recv(c->sv, buf, 64, 0));
	REC(send(c->cl, "x", 1, MSG_NOSIGNAL));
	REC(write(c->sv, "half", 4));
	compat_arrived(c->cl, 4);
	REC_RECV(recv(c->cl, buf, 64, 0), buf);
	io_uring_prep_recv(uring_next("recv"), c->cl, buf, 64, 0);
	uring_begin();
	io_uring_prep_shutdown(uring_next("shutdown"), c->cl, SHUT_RD);
	uring_done(2);
	io_uring_prep_shutdown(uring_next("shutdown"), c->cl, 17);
	uring_done(1);
	io_uring_prep_shutdown(uring_next("shutdown"), c->sv, SHUT_RDWR);
	uring_done(1);
	io_uring_prep_shutdown(uring_next("shutdown"), c->sv, SHUT_RDWR);
	uring_done(1);
}

/* What waits keeps the socket; who asks for it by number finds nothing. */
void uring_close(struct compat *c)
{
	char buf[64];
	int i;

	uring_open(0);
	REC(write(c->cl, "last", 4));
	io_uring_prep_close(uring_next("close"), c->cl);
	uring_done(1);
	REC(send(c->cl, "x", 1, 0));
	REC_RECV(recv(c->sv, buf, 64, MSG_WAITALL), buf);
	REC(recv(c->sv, buf, 64, 0));
	io_uring_prep_close(uring_next("close"), c->cl);
	uring_done(1);
	for (i = 0; i < 3; i++) {
		struct net_pair p;

		compat_pair(c, &p);
		io_uring_prep_recv(uring_next("recv"), p.server, buf, 64, 0);
		uring_begin();
		io_uring_prep_close(uring_next("close"), p.server);
		uring_done(1);
		uring_quiet();
		REC(send(p.server, "x", 1, 0));
		compat_send(p.client, "still", 5);
		URING_DONE_IN(buf);
		/* Now nobody has it any more. */
		compat_until(p.client, POLLRDHUP);
		REC(recv(p.client, buf, 64, 0));
		close(p.client);
		close(p.listener);
	}
}

void uring_socket(struct compat *c)
{
	const socklen_t len = net_addr_len(c->nf);
	int i, cl, sv;

	begin(c);
	for (i = 0; i < 3; i++) {
		io_uring_prep_socket(uring_next("socket"), c->nf->family,
				     SOCK_STREAM | (i ? SOCK_CLOEXEC : 0),
				     c->nf->protocol, 0);
		cl = opened("socket");
		COMPAT_MUST(cl >= 0);
		REC(fcntl(cl, F_GETFD));
		io_uring_prep_connect(uring_next("connect"), cl, &addr.sa, len);
		uring_done(1);
		io_uring_prep_accept(uring_next("accept"), listener, NULL,
				     NULL, 0);
		sv = opened("accept");
		talk(cl, sv);
		io_uring_prep_close(uring_next("close"), cl);
		uring_done(1);
		io_uring_prep_close(uring_next("close"), sv);
		uring_done(1);
	}
	io_uring_prep_socket(uring_next("socket"), c->nf->family, 77, 0, 0);
	uring_done(1);
}
