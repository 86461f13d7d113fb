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
	return fuzz_one_in(z, 50) ? (int)fuzz_any(z) : some;
}

/* As much as there is room for, or a little less. */
static void do_fill(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);
	const int wait = fuzz_one_in(z, 4) ? 0 : MSG_DONTWAIT;
	int i = 1 + fuzz_below(z, 200);

	while (i-- && send(fd, z->buf, FUZZ_BUFFER / 2,
			   wait | MSG_NOSIGNAL) > 0)
		;
}

static void do_drain(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);
	int i = 1 + fuzz_below(z, 200);

	while (i-- && recv(fd, z->buf, FUZZ_BUFFER, MSG_DONTWAIT) > 0)
		;
}

/* One piece of memory, good or bad, for one descriptor. */
struct bytes {
	int fd;
	void *at;
	size_t length;
};

static struct bytes any_bytes(struct fuzzer *z)
{
	struct bytes b;

	b.fd = fuzz_fd(z);
	b.at = fuzz_pointer(z);
	b.length = fuzz_length(z);
	return b;
}

static void do_send(struct fuzzer *z)
{
	const struct bytes b = any_bytes(z);

	send(b.fd, b.at, b.length, any_flags(z));
}

static void do_recv(struct fuzzer *z)
{
	const struct bytes b = any_bytes(z);

	recv(b.fd, b.at, b.length, any_flags(z));
}

static void do_read(struct fuzzer *z)
{
	const struct bytes b = any_bytes(z);

	(void)!read(b.fd, b.at, b.length);
}

static void do_write(struct fuzzer *z)
{
	const struct bytes b = any_bytes(z);

	(void)!write(b.fd, b.at, b.length);
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
	const bool in = fuzz_one_in(z, 2);
	const int fd = fuzz_fd(z);
	struct iovec v[8];
	const int n = any_iov(z, v);

	if (in)
		(void)!readv(fd, v, n);
	else
		(void)!writev(fd, v, n);
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
		c.cmsg_len = fuzz_any(z);
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
	const bool in = fuzz_one_in(z, 2);
	const int fd = fuzz_fd(z), flags = any_flags(z);
	struct iovec v[8];
	struct msghdr m = { .msg_iov = v, .msg_control = control };

	m.msg_iovlen = any_iov(z, v);
	if (fuzz_one_in(z, 8)) {
		m.msg_name = &a;
		m.msg_namelen = fuzz_below(z, sizeof(a));
	}
	if (!in) {
		m.msg_controllen = any_control(z, control, sizeof(control));
		sendmsg(fd, &m, flags);
		return;
	}
	m.msg_controllen = fuzz_one_in(z, 2) ? sizeof(control) : 0;
	recvmsg(fd, &m, flags);
}

static void do_many(struct fuzzer *z)
{
	const bool in = fuzz_one_in(z, 2);
	const int fd = fuzz_fd(z), flags = any_flags(z);
	struct mmsghdr m[3] = {};
	struct iovec v[3];
	int i;

	for (i = 0; i < 3; i++) {
		v[i].iov_base = fuzz_pointer(z);
		v[i].iov_len = fuzz_length(z);
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	if (in)
		recvmmsg(fd, m, 3, flags, NULL);
	else
		sendmmsg(fd, m, 3, flags);
}

/* The same bytes through the kernel without a copy: pipes and files. */
static void do_splice(struct fuzzer *z)
{
	const unsigned int what = fuzz_below(z, 5);
	const int flags = fuzz_below(z, 16);
	const int from = fuzz_fd(z);
	const int to = fuzz_fd(z);
	const size_t len = fuzz_length(z);
	int p[2];

	if (pipe2(p, O_NONBLOCK))
		return;
	switch (what) {
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
	const int fd = fuzz_fd(z);
	off_t offset = fuzz_below(z, 100000);

	sendfile(fd, file, &offset, fuzz_below(z, 100000));
	close(file);
}

static void do_vmsplice(struct fuzzer *z)
{
	const struct bytes b = any_bytes(z);
	const struct iovec v = { b.at, b.length };
	int p[2];

	if (pipe2(p, O_NONBLOCK))
		return;
	vmsplice(p[1], &v, 1, SPLICE_F_NONBLOCK | fuzz_below(z, 16));
	splice(p[0], NULL, b.fd, NULL, 5000, SPLICE_F_NONBLOCK);
	close(p[0]);
	close(p[1]);
}

static void do_poll(struct fuzzer *z)
{
	const int n = 1 + fuzz_below(z, 4), ms = fuzz_below(z, 3);
	struct pollfd p[4];
	int i;

	for (i = 0; i < n; i++) {
		p[i].fd = fuzz_fd(z);
		p[i].events = fuzz_below(z, 1 << 16);
	}
	poll(p, n, ms);
}

static void do_select(struct fuzzer *z)
{
	struct timeval tv = { .tv_usec = fuzz_below(z, 1000) };
	const int fd = fuzz_fd(z);
	const bool all = fuzz_one_in(z, 2);
	fd_set in, out, except;

	if (fd < 0 || fd >= FD_SETSIZE)
		return;
	FD_ZERO(&in);
	FD_SET(fd, &in);
	out = except = in;
	select(fd + 1, all ? &in : NULL, &out, &except, &tv);
}

static void do_epoll(struct fuzzer *z)
{
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD,
				   EPOLL_CTL_DEL };
	const unsigned int what = fuzz_below(z, 6);
	const int set = fuzz_fd(z);
	const int fd = fuzz_fd(z);
	struct epoll_event ev = {}, got[4];

	switch (what) {
	case 0:
		fuzz_keep(z, epoll_create1(0));
		break;
	case 1:
		epoll_wait(set, got, 4, fuzz_below(z, 3));
		break;
	default:
		ev.events = fuzz_below(z, ~0u);
		epoll_ctl(set, ops[fuzz_below(z, 4)], fd, &ev);
	}
}

/* A socket travels inside a message, and may be lost on the way. */
static void do_rights(struct fuzzer *z)
{
	const int fd = fuzz_fd(z);
	int via[2], got;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, via))
		return;
	if (!net_send_fd(via[0], fd, MSG_DONTWAIT) && fuzz_one_in(z, 2)) {
		got = net_recv_fd(via[1], MSG_DONTWAIT);
		if (got >= 0)
			fuzz_keep(z, got);
	}
	close(via[0]);
	close(via[1]);
}

static void do_ioctl(struct fuzzer *z)
{
	static const unsigned long requests[] = {
		FIONREAD, SIOCOUTQ, SIOCATMARK, SDIRECT_IOC_DEMOTE, FIONBIO,
		FIOASYNC, SIOCGSTAMP_NEW, FIOSETOWN, SDIRECT_IOC_PROMOTE,
		SDIRECT_IOC_SETTLE, SDIRECT_IOC_DOORBELL,
	};
	const int fd = fuzz_fd(z);
	unsigned long request = requests[fuzz_below(z, 11)];

	*(int *)z->buf = fuzz_below(z, 2);
	if (fuzz_one_in(z, 20))
		request = fuzz_one_in(z, 2) ? fuzz_any(z) :
			_IOWR(SDIRECT_IOC_MAGIC, fuzz_below(z, 8), int);
	ioctl(fd, request, fuzz_one_in(z, 10) ? fuzz_pointer(z) : z->buf);
}

const struct fuzz_op fuzz_data_ops[] = {
	FUZZ_OP(send, 12), FUZZ_OP(recv, 12), FUZZ_OP(fill, 3),
	FUZZ_OP(drain, 3), FUZZ_OP(read, 3),
	FUZZ_OP(write, 3), FUZZ_OP(vector, 3), FUZZ_OP(message, 5),
	FUZZ_OP(many, 2), FUZZ_OP(splice, 4), FUZZ_OP(sendfile, 2),
	FUZZ_OP(vmsplice, 1), FUZZ_OP(poll, 4), FUZZ_OP(select, 2),
	FUZZ_OP(epoll, 6), FUZZ_OP(rights, 2), FUZZ_OP(ioctl, 10), {}
};
