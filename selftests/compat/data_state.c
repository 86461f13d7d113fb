// SPDX-License-Identifier: GPL-2.0-only
/* Every call that moves bytes, in every state a connection can be in. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "data.h"

static const struct linger hard = { 1, 0 };
static int file, pipes[2];	/* with bytes, and an empty pipe */

struct call {
	const char *name;
	long (*make)(int fd);
};

static long do_write(int fd)
{
	return write(fd, "abc", 3);
}

static long do_send(int fd)
{
	return send(fd, "abc", 3, 0);
}

static long do_send_nothing(int fd)
{
	return send(fd, "", 0, 0);
}

static long do_write_nothing(int fd)
{
	return write(fd, "", 0);
}

static long do_send_nosignal(int fd)
{
	return send(fd, "abc", 3, MSG_NOSIGNAL);
}

static long do_writev(int fd)
{
	struct iovec iov[2] = { { "ab", 2 }, { "c", 1 } };

	return writev(fd, iov, 2);
}

static long do_sendmsg(int fd)
{
	struct iovec iov = { "abc", 3 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return sendmsg(fd, &msg, 0);
}

static long do_sendmmsg(int fd)
{
	struct iovec iov = { "abc", 3 };
	struct mmsghdr msgs[2] = {
		{ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } },
	};

	return sendmmsg(fd, msgs, 2, 0);
}

static long do_sendfile(int fd)
{
	off_t at = 0;

	return sendfile(fd, file, &at, 10);
}

static long do_splice_to(int fd)
{
	char buf[8];
	long ret;

	COMPAT_MUST(write(pipes[1], "abc", 3) == 3);
	ret = splice(pipes[0], NULL, fd, NULL, 3, 0);
	if (ret < 3) {
		const int err = errno;

		COMPAT_MUST(read(pipes[0], buf, sizeof(buf)) > 0);
		errno = err;
	}
	return ret;
}

static long do_urgent(int fd)
{
	return send(fd, "u", 1, MSG_OOB);
}

static const struct call senders[] = {
	{ "write", do_write },
	{ "write of nothing", do_write_nothing },
	{ "send", do_send },
	{ "send of nothing", do_send_nothing },
	{ "send without signal", do_send_nosignal },
	{ "writev", do_writev },
	{ "sendmsg", do_sendmsg },
	{ "sendmmsg", do_sendmmsg },
	{ "sendfile", do_sendfile },
	{ "splice to it", do_splice_to },
	{ "urgent", do_urgent },
	{ }
};

static char in[64];

static long do_read(int fd)
{
	return read(fd, in, sizeof(in));
}

static long do_read_nothing(int fd)
{
	return read(fd, in, 0);
}

static long do_recv(int fd)
{
	return recv(fd, in, sizeof(in), 0);
}

static long do_recv_nothing(int fd)
{
	return recv(fd, in, 0, 0);
}

static long do_peek(int fd)
{
	return recv(fd, in, sizeof(in), MSG_PEEK);
}

static long do_waitall(int fd)
{
	return recv(fd, in, sizeof(in), MSG_WAITALL);
}

static long do_throw_away(int fd)
{
	return recv(fd, NULL, sizeof(in), MSG_TRUNC);
}

static long do_readv(int fd)
{
	struct iovec iov[2] = { { in, 2 }, { in + 2, 60 } };

	return readv(fd, iov, 2);
}

static long do_recvmsg(int fd)
{
	struct iovec iov = { in, sizeof(in) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return recvmsg(fd, &msg, 0);
}

static long do_recvmmsg(int fd)
{
	struct iovec iov[2] = { { in, 2 }, { in + 2, 60 } };
	struct mmsghdr msgs[2] = {
		{ .msg_hdr = { .msg_iov = iov, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = iov + 1, .msg_iovlen = 1 } },
	};

	return recvmmsg(fd, msgs, 2, 0, NULL);
}

static long do_splice_from(int fd)
{
	long ret = splice(fd, NULL, pipes[1], NULL, 64, 0);

	if (ret > 0)
		COMPAT_MUST(read(pipes[0], in, sizeof(in)) == ret);
	return ret;
}

static long do_recv_urgent(int fd)
{
	return recv(fd, in, 1, MSG_OOB);
}

static long do_recv_error(int fd)
{
	return recv(fd, in, sizeof(in), MSG_ERRQUEUE);
}

static const struct call receivers[] = {
	{ "read", do_read },
	{ "read of nothing", do_read_nothing },
	{ "recv", do_recv },
	{ "recv of nothing", do_recv_nothing },
	{ "recv to peek", do_peek },
	{ "recv of all", do_waitall },
	{ "recv to throw away", do_throw_away },
	{ "readv", do_readv },
	{ "recvmsg", do_recvmsg },
	{ "recvmmsg", do_recvmmsg },
	{ "splice from it", do_splice_from },
	{ "recv of the urgent byte", do_recv_urgent },
	{ "recv of an error", do_recv_error },
	{ }
};

/* Three times: errors are told once, and what is said then matters too. */
static void make_call(const struct call *call, int fd, bool receives)
{
	int i;

	for (i = 0; i < 3; i++) {
		const int signals = net_signals;
		long ret;

		memset(in, 0, sizeof(in));
		errno = 0;
		ret = call->make(fd);
		rec_result(call->name, ret, errno);
		if (ret > 0 && receives)
			rec_bytes("in", in, sizeof(in));
		if (net_signals != signals)
			rec_say("  SIGPIPE");
	}
}

static void set_up(void)
{
	COMPAT_MUST(!pipe2(pipes, O_NONBLOCK));
	file = memfd_create("file", 0);
	COMPAT_MUST(file >= 0 && write(file, "0123456789", 10) == 10);
	COMPAT_MUST(!net_count_signal(SIGPIPE));
}

/* Each call on a connection of its own: an error that one takes is gone. */
static void in_state(struct compat *c, void (*enter)(struct net_pair *p))
{
	const struct call *both[] = { senders, receivers }, *call;
	struct net_pair p;
	int i, error;

	set_up();
	for (i = 0; i < 2; i++) {
		for (call = both[i]; call->name; call++) {
			socklen_t len = sizeof(error);

			compat_pair(c, &p);
			COMPAT_MUST(!net_nonblock(p.client));
			enter(&p);
			make_call(call, p.client, i);
			COMPAT_MUST(!getsockopt(p.client, SOL_SOCKET, SO_ERROR,
						&error, &len));
			rec_say("  SO_ERROR %s", strerrorname_np(error));
			net_pair_close(&p);
		}
	}
}

static void idle(struct net_pair *p)
{
	(void)p;
}

void when_idle(struct compat *c)
{
	in_state(c, idle);
}

static void on_socket(struct compat *c, bool listening)
{
	const struct call *both[] = { senders, receivers }, *call;
	int i;

	set_up();
	for (i = 0; i < 2; i++) {
		for (call = both[i]; call->name; call++) {
			union net_addr addr;
			int fd = listening ? net_listen(c->nf, 1, &addr) :
					     net_socket(c->nf, 0);

			COMPAT_MUST(fd >= 0);
			make_call(call, fd, i);
			net_close(&fd);
		}
	}
}

void when_unconnected(struct compat *c)
{
	on_socket(c, false);
}

void when_listening(struct compat *c)
{
	on_socket(c, true);
}

static void peer_shuts(struct net_pair *p)
{
	compat_send(p->server, "last", 4);
	COMPAT_MUST(!shutdown(p->server, SHUT_WR));
	compat_until(p->client, POLLRDHUP);
}

void when_peer_shut(struct compat *c)
{
	in_state(c, peer_shuts);
}

/* The peer has gone, and has said so to what was sent after it. */
static void peer_closes(struct net_pair *p)
{
	compat_send(p->server, "last", 4);
	net_close(&p->server);
	compat_until(p->client, POLLRDHUP);
	compat_send(p->client, "x", 1);
	compat_until(p->client, POLLERR);
}

void when_peer_closed(struct compat *c)
{
	in_state(c, peer_closes);
}

static void peer_resets(struct net_pair *p)
{
	COMPAT_MUST(!setsockopt(p->server, SOL_SOCKET, SO_LINGER, &hard,
				sizeof(hard)));
	net_close(&p->server);
	compat_until(p->client, POLLERR);
}

void when_reset(struct compat *c)
{
	in_state(c, peer_resets);
}

static void peer_resets_unread(struct net_pair *p)
{
	compat_send(p->server, "last", 4);
	compat_arrived(p->client, 4);
	compat_send(p->client, "unread", 6);
	compat_arrived(p->server, 6);
	net_close(&p->server);
	compat_until(p->client, POLLERR);
}

void when_reset_unread(struct compat *c)
{
	in_state(c, peer_resets_unread);
}

static void shuts_wr(struct net_pair *p)
{
	COMPAT_MUST(!shutdown(p->client, SHUT_WR));
	compat_send(p->server, "last", 4);
	compat_arrived(p->client, 4);
}

void when_shut_wr(struct compat *c)
{
	in_state(c, shuts_wr);
}

static void shuts_rd(struct net_pair *p)
{
	compat_send(p->server, "last", 4);
	compat_arrived(p->client, 4);
	COMPAT_MUST(!shutdown(p->client, SHUT_RD));
}

void when_shut_rd(struct compat *c)
{
	in_state(c, shuts_rd);
}

static void shuts_both(struct net_pair *p)
{
	compat_send(p->server, "last", 4);
	compat_arrived(p->client, 4);
	COMPAT_MUST(!shutdown(p->client, SHUT_RDWR));
}

void when_shut_both(struct compat *c)
{
	in_state(c, shuts_both);
}

void when_closed(struct compat *c)
{
	const struct call *both[] = { senders, receivers }, *call;
	struct net_pair p;
	int i, fd;

	set_up();
	compat_pair(c, &p);
	fd = p.client;
	net_close(&p.client);
	for (i = 0; i < 2; i++)
		for (call = both[i]; call->name; call++)
			make_call(call, fd, i);
}
