// SPDX-License-Identifier: GPL-2.0-only
/* The fuzzer's calls that move bytes, wait for them, or hand sockets on. */
#include "fuzz.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

static int any_flags(struct fuzzer *z)
{
	static const int flags[] = {
		MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL, MSG_OOB, MSG_TRUNC,
		MSG_MORE, MSG_ZEROCOPY, MSG_ERRQUEUE, MSG_DONTROUTE,
		MSG_FASTOPEN, MSG_CMSG_CLOEXEC, MSG_EOR, MSG_CONFIRM,
	};
	int some = MSG_NOSIGNAL, i;

	if (!fuzz_one_in(z, 4))
		some |= MSG_DONTWAIT;
	for (i = fuzz_below(z, 6); i > 2; i--)
		some |= flags[fuzz_below(z, 13)];
	return fuzz_one_in(z, 50) ? (int)rng_next(&z->rng) : some;
}

static void do_send(struct fuzzer *z)
{
	send(fuzz_fd(z), fuzz_pointer(z), fuzz_length(z), any_flags(z));
}

static void do_recv(struct fuzzer *z)
{
	recv(fuzz_fd(z), fuzz_pointer(z), fuzz_length(z), any_flags(z));
}

static void do_read_write(struct fuzzer *z)
{
	if (fuzz_one_in(z, 2))
		(void)!read(fuzz_fd(z), fuzz_pointer(z), fuzz_length(z));
	else
		(void)!write(fuzz_fd(z), fuzz_pointer(z), fuzz_length(z));
}

static int any_iov(struct fuzzer *z, struct iovec *v)
{
	int i, n = fuzz_below(z, 9);

	for (i = 0; i < n; i++) {
		v[i].iov_base = fuzz_pointer(z);
		v[i].iov_len = fuzz_length(z);
	}
	return n;
}

static void do_vector(struct fuzzer *z)
{
	struct iovec v[8];
	int n = any_iov(z, v);

	if (fuzz_one_in(z, 2))
		(void)!readv(fuzz_fd(z), v, n);
	else
		(void)!writev(fuzz_fd(z), v, n);
}

/* Control messages that look right, half right and wrong. */
static size_t any_control(struct fuzzer *z, char *control, size_t room)
{
	static const int types[] = { SCM_RIGHTS, SCM_CREDENTIALS, SO_TIMESTAMPING,
				     SO_TXTIME, SO_MARK, 0, 77 };
	struct cmsghdr c = { .cmsg_len = CMSG_LEN(sizeof(int)) };
	const int fd = fuzz_fd(z);

	if (!fuzz_one_in(z, 4))
		return 0;
	c.cmsg_level = fuzz_one_in(z, 5) ? IPPROTO_TCP : SOL_SOCKET;
	c.cmsg_type = types[fuzz_below(z, 7)];
	if (fuzz_one_in(z, 6))
		c.cmsg_len = rng_next(&z->rng);
	memset(control, 0, room);
	memcpy(control, &c, sizeof(c));
	memcpy(control + sizeof(c), &fd, sizeof(fd));
	return fuzz_one_in(z, 8) ? fuzz_below(z, room) :
				   CMSG_SPACE(sizeof(int));
}

static void do_message(struct fuzzer *z)
{
	char control[128] __attribute__((aligned(8)));
	union net_addr a = z->f->addr;
	struct iovec v[8];
	struct msghdr m = { .msg_iov = v };

	m.msg_iovlen = any_iov(z, v);
	if (fuzz_one_in(z, 8)) {
		m.msg_name = &a;
		m.msg_namelen = fuzz_below(z, sizeof(a));
	}
	m.msg_control = control;
	m.msg_controllen = any_control(z, control, sizeof(control));
	if (fuzz_one_in(z, 2)) {
		sendmsg(fuzz_fd(z), &m, any_flags(z));
		return;
	}
	m.msg_controllen = fuzz_one_in(z, 2) ? sizeof(control) : 0;
	recvmsg(fuzz_fd(z), &m, any_flags(z));
}

static void do_many(struct fuzzer *z)
{
	struct mmsghdr m[3] = {};
	struct iovec v[3];
	int i;

	for (i = 0; i < 3; i++) {
		v[i].iov_base = fuzz_pointer(z);
		v[i].iov_len = fuzz_length(z);
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	if (fuzz_one_in(z, 2))
		sendmmsg(fuzz_fd(z), m, 3, any_flags(z));
	else
		recvmmsg(fuzz_fd(z), m, 3, any_flags(z), NULL);
}

/* The same bytes through the kernel without a copy: pipes and files. */
static void do_splice(struct fuzzer *z)
{
	const int flags = fuzz_below(z, 16), from = fuzz_fd(z), to = fuzz_fd(z);
	size_t len = fuzz_length(z);
	int p[2];

	if (pipe2(p, O_NONBLOCK))
		return;
	switch (fuzz_below(z, 5)) {
	case 0:
		splice(from, NULL, p[1], NULL, len, flags | SPLICE_F_NONBLOCK);
		splice(p[0], NULL, to, NULL, len, flags | SPLICE_F_NONBLOCK);
		break;
	case 1:
		(void)!write(p[1], z->buf, 3000);
		splice(p[0], NULL, to, NULL, len, flags);
		break;
	case 2:
		tee(from, to, len, flags);
		break;
	case 3:
		sendfile(to, from, NULL, len);
		break;
	default:
		splice(from, NULL, to, NULL, len, flags);
	}
	close(p[0]);
	close(p[1]);
}

static void do_sendfile(struct fuzzer *z)
{
	const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	off_t offset = fuzz_below(z, 100000);

	sendfile(fuzz_fd(z), file, &offset, fuzz_below(z, 100000));
	close(file);
}

static void do_vmsplice(struct fuzzer *z)
{
	struct iovec v = { fuzz_pointer(z), fuzz_length(z) };
	int p[2];

	if (pipe2(p, O_NONBLOCK))
		return;
	vmsplice(p[1], &v, 1, SPLICE_F_NONBLOCK | fuzz_below(z, 16));
	splice(p[0], NULL, fuzz_fd(z), NULL, 5000, SPLICE_F_NONBLOCK);
	close(p[0]);
	close(p[1]);
}

static void do_poll(struct fuzzer *z)
{
	struct pollfd p[4];
	int i;

	for (i = 0; i < 4; i++) {
		p[i].fd = fuzz_fd(z);
		p[i].events = rng_next(&z->rng);
	}
	poll(p, 1 + fuzz_below(z, 4), fuzz_below(z, 3));
}

static void do_select(struct fuzzer *z)
{
	struct timeval tv = { .tv_usec = fuzz_below(z, 1000) };
	const int fd = fuzz_fd(z);
	fd_set in, out, except;

	if (fd < 0 || fd >= FD_SETSIZE)
		return;
	FD_ZERO(&in);
	FD_SET(fd, &in);
	out = except = in;
	select(fd + 1, fuzz_one_in(z, 2) ? &in : NULL, &out, &except, &tv);
}

static void do_epoll(struct fuzzer *z)
{
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD,
				   EPOLL_CTL_DEL };
	struct epoll_event ev = { .events = rng_next(&z->rng) }, got[4];

	switch (fuzz_below(z, 6)) {
	case 0:
		fuzz_keep(z, epoll_create1(0));
		break;
	case 1:
		epoll_wait(fuzz_fd(z), got, 4, fuzz_below(z, 3));
		break;
	default:
		epoll_ctl(fuzz_fd(z), ops[fuzz_below(z, 4)], fuzz_fd(z), &ev);
	}
}

/* A socket travels inside a message, and may be lost on the way. */
static void do_rights(struct fuzzer *z)
{
	char byte = 'f', control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	const int fd = fuzz_fd(z);
	int via[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, via))
		return;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(via[0], &m, MSG_DONTWAIT) == 1 && fuzz_one_in(z, 2)) {
		memset(control, 0, sizeof(control));
		m.msg_controllen = sizeof(control);
		if (recvmsg(via[1], &m, MSG_DONTWAIT) == 1 &&
		    m.msg_controllen >= CMSG_LEN(sizeof(int)))
			fuzz_keep(z, *(int *)CMSG_DATA(CMSG_FIRSTHDR(&m)));
	}
	close(via[0]);
	close(via[1]);
}

static void do_ioctl(struct fuzzer *z)
{
	static const unsigned long requests[] = {
		FIONREAD, SIOCOUTQ, SIOCATMARK, SIOCOUTQNSD, FIONBIO, FIOASYNC,
		SIOCGSTAMP_NEW, FIOSETOWN, SIOCSPGRP,
		SDIRECT_IOC_SETTLE, SDIRECT_IOC_DOORBELL,
	};
	const bool wild = fuzz_one_in(z, 20);
	unsigned long request = requests[fuzz_below(z, 11)];

	if (wild)
		request = fuzz_one_in(z, 2) ? rng_next(&z->rng) :
			_IOWR(SDIRECT_IOC_MAGIC, fuzz_below(z, 8), int);
	*(int *)z->buf = fuzz_below(z, 2);
	ioctl(fuzz_fd(z), request,
	      fuzz_one_in(z, 10) ? fuzz_pointer(z) : z->buf);
}

const struct fuzz_op fuzz_data_ops[] = {
	{ do_send, 12 }, { do_recv, 12 }, { do_read_write, 6 },
	{ do_vector, 3 }, { do_message, 5 }, { do_many, 2 }, { do_splice, 4 },
	{ do_sendfile, 2 }, { do_vmsplice, 1 }, { do_poll, 4 },
	{ do_select, 2 }, { do_epoll, 6 }, { do_rights, 2 }, { do_ioctl, 6 }, {}
};
