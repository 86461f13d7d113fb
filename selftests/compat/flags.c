// SPDX-License-Identifier: GPL-2.0-only
/* Flags of calls that move bytes: peeking, throwing away, SIGPIPE, MSG_MORE. */
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/wait.h>

#include "flags.h"

static void peek(struct compat *c)
{
	char buf[64];
	int i;

	REC(recv(c->sv, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT));
	for (i = 0; i < 8; i++) {
		REC(write(c->cl, "abcdefghij", 10));
		compat_arrived(c->sv, 10);
		REC_RECV(recv(c->sv, buf, 3, MSG_PEEK), buf);
		REC_RECV(recv(c->sv, buf, 64, MSG_PEEK), buf);
		REC_RECV(read(c->sv, buf, 4), buf);
		REC_RECV(recv(c->sv, buf, 64, MSG_PEEK | MSG_DONTWAIT), buf);
		REC_RECV(recv(c->sv, buf, 0, MSG_PEEK), buf);
		REC_RECV(read(c->sv, buf, 64), buf);
		REC(recv(c->sv, buf, 64, MSG_PEEK | MSG_DONTWAIT));
		REC(write(c->sv, "x", 1));
		REC_RECV(read(c->cl, buf, 64), buf);
	}
	REC(shutdown(c->cl, SHUT_WR));
	REC(recv(c->sv, buf, 64, MSG_PEEK));
	REC(recv(c->sv, buf, 64, MSG_PEEK));
	REC(read(c->sv, buf, 64));
}

/* What is peeked at may be longer than any buffer in between. */
static void peek_long(struct compat *c)
{
	static char out[50000], in[50000];
	int i;

	net_fill(out, sizeof(out), 1, 0);
	for (i = 0; i < 50; i++)
		compat_send(c->cl, out + 1000 * i, 1000);
	compat_arrived(c->sv, sizeof(out));
	for (i = 1; i <= 50000; i *= 7)
		REC_RECV(recv(c->sv, in, i, MSG_PEEK), in);
	REC_RECV(recv(c->sv, in, 50000, MSG_PEEK), in);
	REC_RECV(recv(c->sv, in, 50000, MSG_PEEK | MSG_WAITALL), in);
	REC_RECV(read(c->sv, in, 20000), in);
	REC_RECV(recv(c->sv, in, 50000, MSG_PEEK), in);
	compat_send(c->cl, out, 1000);
	compat_arrived(c->sv, 31000);
	REC_RECV(recv(c->sv, in, 50000, MSG_PEEK), in);
	REC_RECV(read(c->sv, in, 50000), in);
}

/* Sent on all carriers there are, and never read meanwhile. */
static void peek_across(struct compat *c)
{
	char out[200], in[8000];
	int i;

	for (i = 0; i < 20; i++) {
		net_fill(out, sizeof(out), 1, 200 * i);
		compat_send(c->cl, out, sizeof(out));
		compat_arrived(c->sv, 200 * (i + 1));
		REC_RECV(recv(c->sv, in, sizeof(in), MSG_PEEK), in);
		REC(write(c->sv, "x", 1));
		REC(read(c->cl, out, sizeof(out)));
	}
	REC_RECV(read(c->sv, in, sizeof(in)), in);
}

static void peek_offset(struct compat *c)
{
	int value = 0;
	socklen_t len = sizeof(value);
	char buf[8];

	REC(setsockopt(c->sv, SOL_SOCKET, SO_PEEK_OFF, &value, sizeof(value)));
	REC(getsockopt(c->sv, SOL_SOCKET, SO_PEEK_OFF, &value, &len));
	REC(value);
	REC(write(c->cl, "abcdef", 6));
	compat_arrived(c->sv, 6);
	REC_RECV(recv(c->sv, buf, 2, MSG_PEEK), buf);
	REC_RECV(recv(c->sv, buf, 2, MSG_PEEK), buf);
	REC_RECV(recv(c->sv, buf, 2, 0), buf);
	REC_RECV(recv(c->sv, buf, 2, MSG_PEEK), buf);
	value = -1;
	REC(setsockopt(c->sv, SOL_SOCKET, SO_PEEK_OFF, &value, sizeof(value)));
}

/* On a stream MSG_TRUNC throws bytes away, and gives none. */
static void throw_away(struct compat *c)
{
	/* A stack may be so near the end that 1 GB more is no address. */
	static char buf[64];
	int i;

	for (i = 0; i < 8; i++) {
		memset(buf, '.', sizeof(buf));
		REC(write(c->cl, "abcdefghij", 10));
		compat_arrived(c->sv, 10);
		REC(recv(c->sv, NULL, 2, MSG_TRUNC));
		REC_RECV(recv(c->sv, buf, 2, MSG_TRUNC), buf);
		REC_RECV(recv(c->sv, buf, 2, MSG_TRUNC | MSG_PEEK), buf);
		REC_RECV(recv(c->sv, buf, 2, MSG_PEEK), buf);
		REC_RECV(recv(c->sv, buf, 2, MSG_TRUNC | MSG_WAITALL), buf);
		REC_RECV(recv(c->sv, buf, 2, 0), buf);
		REC(recv(c->sv, buf, 1 << 30, MSG_TRUNC));
		REC(recv(c->sv, buf, 64, MSG_TRUNC | MSG_DONTWAIT));
		REC(write(c->sv, "x", 1));
		REC(read(c->cl, buf, 64));
	}
	REC(shutdown(c->cl, SHUT_WR));
	REC(recv(c->sv, NULL, 100, MSG_TRUNC));
}

static void throw_away_long(struct compat *c)
{
	static char out[60000], in[60000];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	net_fill(out, sizeof(out), 1, 0);
	compat_send(c->cl, out, sizeof(out));
	compat_arrived(c->sv, sizeof(out));
	REC(recv(c->sv, NULL, 100000, MSG_TRUNC | MSG_PEEK));
	REC(recv(c->sv, NULL, 20000, MSG_TRUNC | MSG_WAITALL));
	REC_RECV(recv(c->sv, in, 100, 0), in);
	REC(recvmsg(c->sv, &msg, MSG_TRUNC));
	REC(msg.msg_flags);
	compat_send(c->cl, out, 100);
	compat_arrived(c->sv, 100);
	REC_RECV(recv(c->sv, in, 100, 0), in);
}

/* Each call with a socket that can send no more. */
static void broken_pipe(struct compat *c)
{
	struct iovec iov = { "abc", 3 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int pipes[2];

	REC(net_count_signal(SIGPIPE));
	REC(shutdown(c->cl, SHUT_WR));
	REC(write(c->cl, "abc", 3));
	REC(net_signals);
	REC(writev(c->cl, &iov, 1));
	REC(send(c->cl, "abc", 3, 0));
	REC(sendto(c->cl, "abc", 3, 0, NULL, 0));
	REC(sendmsg(c->cl, &msg, 0));
	REC(net_signals);
	REC(send(c->cl, "abc", 3, MSG_NOSIGNAL));
	REC(sendmsg(c->cl, &msg, MSG_NOSIGNAL));
	REC(send(c->cl, "abc", 3, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE));
	REC(send(c->cl, "a", 1, MSG_OOB | MSG_NOSIGNAL));
	REC(net_signals);
	REC(send(c->cl, "abc", 3, MSG_DONTWAIT));
	REC(send(c->cl, "a", 1, MSG_OOB));
	REC(send(c->cl, "", 0, 0));
	REC(net_signals);
	COMPAT_MUST(!pipe(pipes) && write(pipes[1], "abc", 3) == 3);
	REC(splice(pipes[0], NULL, c->cl, NULL, 3, 0));
	REC(net_signals);
}

static void broken_pipe_peer(struct compat *c)
{
	REC(net_count_signal(SIGPIPE));
	compat_close(c, &c->sv);
	compat_until(c->cl, POLLRDHUP);
	REC(write(c->cl, "abc", 3));
	compat_until(c->cl, POLLERR);
	REC(net_signals);
	REC(write(c->cl, "abc", 3));
	REC(net_signals);
	REC(send(c->cl, "abc", 3, MSG_NOSIGNAL));
	REC(net_signals);
	REC(write(c->cl, "abc", 3));
	REC(net_signals);
}

/* Without a handler the signal ends the program. */
static void broken_pipe_kills(struct compat *c)
{
	int how, status;
	pid_t pid;

	REC(shutdown(c->cl, SHUT_WR));
	for (how = 0; how < 3; how++) {
		pid = net_fork();
		COMPAT_MUST(pid >= 0);
		if (!pid) {
			signal(SIGPIPE, how == 2 ? SIG_IGN : SIG_DFL);
			send(c->cl, "x", 1, how ? 0 : MSG_NOSIGNAL);
			_exit(errno == EPIPE ? 3 : 4);
		}
		COMPAT_MUST(waitpid(pid, &status, 0) == pid);
		rec_say("status %x", status & ~0x80);
	}
}

struct sender {
	int fd;
	volatile pid_t tid;
	long ret;
	int err;
};

static void *send_much(void *arg)
{
	struct sender *s = arg;
	char *out = malloc(32 << 20);

	COMPAT_MUST(out);
	memset(out, 'm', 32 << 20);
	__atomic_store_n(&s->tid, net_tid(), __ATOMIC_RELEASE);
	s->ret = write(s->fd, out, 32 << 20);
	s->err = errno;
	free(out);
	return NULL;
}

/* Some of it was sent before: that counts, and there is no signal yet. */
static void broken_in_the_middle(struct compat *c)
{
	struct sender s = { .fd = c->cl };
	pthread_t thread;

	REC(net_count_signal(SIGPIPE));
	COMPAT_MUST(!pthread_create(&thread, NULL, send_much, &s));
	while (!__atomic_load_n(&s.tid, __ATOMIC_ACQUIRE))
		sched_yield();
	COMPAT_MUST(!net_wait_sleeping(s.tid));
	compat_close(c, &c->sv);
	pthread_join(thread, NULL);
	rec_in("send_much", s.ret, s.err, 1, (32 << 20) - 1);
	REC(net_signals);
	REC(write(c->cl, "x", 1));
	REC(net_signals);
	REC(write(c->cl, "x", 1));
	REC(net_signals);
}

/* It may be kept back, but what follows sends it too. */
static void more(struct compat *c)
{
	char buf[64];
	int i;

	for (i = 0; i < 8; i++) {
		REC(send(c->cl, "abc", 3, MSG_MORE));
		REC(send(c->cl, "de", 2, MSG_MORE | MSG_DONTWAIT));
		REC(send(c->cl, "fg", 2, 0));
		compat_arrived(c->sv, 7);
		REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
		REC(write(c->sv, "x", 1));
		REC(read(c->cl, buf, sizeof(buf)));
	}
	/* Nothing follows: it comes all the same. */
	REC(send(c->cl, "last", 4, MSG_MORE));
	REC_RECV(recv(c->sv, buf, 4, MSG_WAITALL), buf);
	REC(send(c->cl, "end", 3, MSG_MORE));
	REC(shutdown(c->cl, SHUT_WR));
	REC_RECV(recv(c->sv, buf, sizeof(buf), MSG_WAITALL), buf);
}

const struct compat_test compat_tests[] = {
	COMPAT(peek),
	COMPAT(peek_long),
	COMPAT(peek_across),
	COMPAT(peek_offset),
	COMPAT(peek_waits),
	COMPAT(throw_away),
	COMPAT(throw_away_long),
	COMPAT(broken_pipe),
	COMPAT(broken_pipe_peer),
	COMPAT(broken_pipe_kills),
	COMPAT(broken_in_the_middle),
	COMPAT(more),

	COMPAT(waitall),
	COMPAT(waitall_pieces),
	COMPAT(waitall_end),
	COMPAT(waitall_reset),
	COMPAT(waitall_signal),
	COMPAT(waitall_dontwait),
	COMPAT(waitall_peek),
	COMPAT(waitall_long),
	COMPAT(waitall_lowat),
	COMPAT(dontwait),

	COMPAT(urgent),
	COMPAT(urgent_inline),
	COMPAT(urgent_twice),
	COMPAT(urgent_alone),
	COMPAT(urgent_peeked),
	COMPAT(urgent_not_read),
	COMPAT(urgent_unread_before),
	COMPAT(urgent_signal),
	COMPAT(urgent_option_late),
	COMPAT(urgent_waitall),
	COMPAT(urgent_again),
	COMPAT(urgent_at_end),
	COMPAT(urgent_long),
	COMPAT(urgent_splice),

	COMPAT(error_queue),
	COMPAT(zerocopy),
	COMPAT(zerocopy_not_asked),
	COMPAT(zerocopy_many),
	COMPAT(zerocopy_option),
	COMPAT(timestamps_asked),
	COMPAT(control_truncated),
	COMPAT_WITH(fastopen_client, COMPAT_ALONE),
	COMPAT_WITH(fastopen_server, COMPAT_ALONE),
	COMPAT_WITH(fastopen_refused, COMPAT_ALONE),
	COMPAT_WITH(fastopen_connect, COMPAT_ALONE),
	COMPAT(fastopen_late),

	COMPAT_WITH(send_bits, COMPAT_ALONE),
	COMPAT_WITH(receive_bits, COMPAT_ALONE),
	COMPAT(receive_bits_nothing),
	COMPAT(receive_msg_bits),
	COMPAT_WITH(send_pairs, COMPAT_ALONE),
	COMPAT_WITH(receive_pairs, COMPAT_ALONE),
	{ }
};
