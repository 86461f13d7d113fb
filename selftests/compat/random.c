// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of calls by two processes, one at each end of a connection,
 * which take turns.  The same seed gives the same sequence, so what two
 * transports write down can be compared; tests without a seed cannot think of
 * everything.
 *
 * No call waits, and what one has sent has arrived before the next is made: so
 * on TCP, too, each result follows from the calls before.
 */
#include <getopt.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "compat.h"

#define OPS_MAX		40
#define BUFFER		2048
#define WARM_ROUNDS	8
#define SKIPS		((OPS_MAX + 63) / 64)
#define LIMIT_S		20	/* for one sequence */

struct rnd {
	uint64_t state;
};

/* splitmix64 */
static uint32_t rnd_below(struct rnd *r, uint32_t n)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % n;
}

/* One of an operation's arguments, by a seeded choice. */
#define RND_PICK(r, ...) ({ \
	static const int __from[] = { __VA_ARGS__ }; \
	__from[rnd_below(r, sizeof(__from) / sizeof(*__from))]; \
})

/**
 * struct end - one process's end of the connection
 * @side:	0 for the one that connects
 * @turn:	to the other end's process
 * @fd:		its socket
 * @sent:	bytes so far, which are the next one's place in the stream
 * @urgent:	has sent an urgent byte
 * @buf:	for what is received
 */
struct end {
	int side;
	int turn;
	int fd;
	uint64_t sent;
	bool urgent;
	char buf[BUFFER];
};

struct op {
	const char *name;
	unsigned int weight;
	void (*run)(struct end *e, struct rnd *r);
};

static size_t some_bytes(struct rnd *r)
{
	return 1 + rnd_below(r, RND_PICK(r, 1, 10, 100, 1000));
}

/* --- sending --- */

static void sent(struct end *e, const char *what, long ret, int err)
{
	rec_result(what, ret, err);
	if (ret > 0)
		e->sent += ret;
}

#define SEND(e, call) ({ \
	long __sent; \
	errno = 0; \
	__sent = call; \
	sent(e, #call, __sent, errno); \
})

static void op_write(struct end *e, struct rnd *r)
{
	size_t n = some_bytes(r);

	net_fill(e->buf, n, e->side, e->sent);
	SEND(e, write(e->fd, e->buf, n));
}

static void op_send(struct end *e, struct rnd *r)
{
	int flags = RND_PICK(r, 0, MSG_DONTWAIT, MSG_NOSIGNAL, MSG_EOR);
	size_t n = some_bytes(r);

	net_fill(e->buf, n, e->side, e->sent);
	SEND(e, send(e->fd, e->buf, n, flags));
}

static void op_sendmsg(struct end *e, struct rnd *r)
{
	size_t a = some_bytes(r), b = some_bytes(r);
	struct iovec iov[3] = {
		{ e->buf, a }, { NULL, 0 }, { e->buf + a, b },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	net_fill(e->buf, a + b, e->side, e->sent);
	if (rnd_below(r, 2))
		SEND(e, sendmsg(e->fd, &msg, 0));
	else
		SEND(e, writev(e->fd, iov, 3));
}

static void op_sendmmsg(struct end *e, struct rnd *r)
{
	size_t n = some_bytes(r);
	struct iovec iov[2] = { { e->buf, n }, { e->buf + n, 1 } };
	struct mmsghdr m[2] = {
		{ .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } },
	};

	net_fill(e->buf, n + 1, e->side, e->sent);
	if (REC(sendmmsg(e->fd, m, 2, 0)) == 2)
		e->sent += n + 1;
	rec_say("  %u %u", m[0].msg_len, m[1].msg_len);
}

/* Once: a second one makes a byte of the first, if that is still unread. */
static void op_urgent(struct end *e, struct rnd *r)
{
	(void)r;
	if (e->urgent)
		return;
	e->urgent = true;
	net_fill(e->buf, 1, e->side, e->sent);
	SEND(e, send(e->fd, e->buf, 1, MSG_OOB));
}

/* --- receiving --- */

static void op_read(struct end *e, struct rnd *r)
{
	size_t n = some_bytes(r);

	REC_RECV(read(e->fd, e->buf, n), e->buf);
}

static void op_recv(struct end *e, struct rnd *r)
{
	int flags = RND_PICK(r, 0, MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT,
			     MSG_PEEK | MSG_WAITALL);
	size_t n = some_bytes(r);

	REC_RECV(recv(e->fd, e->buf, n, flags), e->buf);
}

static void op_throw_away(struct end *e, struct rnd *r)
{
	int flags = RND_PICK(r, MSG_TRUNC, MSG_TRUNC | MSG_PEEK);
	size_t n = some_bytes(r);

	REC(recv(e->fd, e->buf, n, flags));
}

static void op_recvmsg(struct end *e, struct rnd *r)
{
	size_t a = some_bytes(r), b = some_bytes(r);
	struct iovec iov[2] = { { e->buf, a }, { e->buf + a, b } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	REC_RECV(recvmsg(e->fd, &msg, 0), e->buf);
	rec_say("  flags %x, name %u, control %zu", msg.msg_flags,
		msg.msg_namelen, msg.msg_controllen);
}

static void op_recv_urgent(struct end *e, struct rnd *r)
{
	(void)r;
	REC_RECV(recv(e->fd, e->buf, 1, MSG_OOB), e->buf);
}

static void op_drain(struct end *e, struct rnd *r)
{
	int i;

	(void)r;
	for (i = 0; i < 100; i++)
		if (REC_RECV(read(e->fd, e->buf, BUFFER), e->buf) <= 0)
			return;
}

/* --- looking --- */

static void op_poll(struct end *e, struct rnd *r)
{
	short events = RND_PICK(r, POLLIN, POLLOUT, POLLIN | POLLOUT,
				POLLIN | POLLRDHUP, POLLPRI | POLLRDNORM, 0);

	if (e->fd >= 0)
		rec_poll("revents", compat_poll(e->fd, events, 0));
}

static void op_queued(struct end *e, struct rnd *r)
{
	int n = 0;

	(void)r;
	REC(ioctl(e->fd, SIOCINQ, &n));
	rec_say("  %d", n);
	REC(ioctl(e->fd, SIOCOUTQNSD, &n));
	rec_say("  %d", n);
	n = 0;
	REC(ioctl(e->fd, SIOCATMARK, &n));
	rec_say("  %d", n);
}

static void op_error(struct end *e, struct rnd *r)
{
	socklen_t len = sizeof(int);
	int error = 0;

	(void)r;
	REC(getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &error, &len));
	rec_say("  %d", error);
}

static void op_names(struct end *e, struct rnd *r)
{
	union net_addr addr;
	socklen_t len = sizeof(addr);

	(void)r;
	REC(getpeername(e->fd, &addr.sa, &len));
	len = sizeof(addr);
	REC(getsockname(e->fd, &addr.sa, &len));
}

/* --- changing --- */

static void op_option(struct end *e, struct rnd *r)
{
	static const int option[][2] = {
		{ SOL_SOCKET, SO_RCVLOWAT }, { SOL_SOCKET, SO_OOBINLINE },
		{ SOL_SOCKET, SO_KEEPALIVE }, { SOL_SOCKET, SO_MARK },
		{ IPPROTO_TCP, TCP_NODELAY }, { IPPROTO_TCP, TCP_QUICKACK },
		{ IPPROTO_TCP, TCP_INQ }, { SOL_SOCKET, SO_PRIORITY },
	};
	const int *o = option[rnd_below(r, 8)];
	int value = RND_PICK(r, 0, 1, 1, 20);

	rec_say("level %d option %d value %d", o[0], o[1], value);
	REC(setsockopt(e->fd, o[0], o[1], &value, sizeof(value)));
}

static void op_linger(struct end *e, struct rnd *r)
{
	struct linger l = { .l_onoff = rnd_below(r, 2), .l_linger = 0 };

	REC(setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
}

static void op_shutdown(struct end *e, struct rnd *r)
{
	int how = RND_PICK(r, SHUT_RD, SHUT_WR, SHUT_WR, SHUT_RDWR);

	rec_say("how %d", how);
	REC(shutdown(e->fd, how));
}

static void op_close(struct end *e, struct rnd *r)
{
	(void)r;
	REC(close(e->fd));
	e->fd = -1;
}

/* Not written down: TCP knows nothing of it, and nothing else may change. */
static void op_switch(struct end *e, struct rnd *r)
{
	ioctl(e->fd, rnd_below(r, 2) ? SDIRECT_IOC_DEMOTE :
				       SDIRECT_IOC_PROMOTE);
}

/* Another descriptor, and so another number, for the same socket. */
static void op_dup(struct end *e, struct rnd *r)
{
	int fd = REC_FD(fcntl(e->fd, F_DUPFD_CLOEXEC, 20));

	(void)r;
	if (fd < 0)
		return;
	REC(close(e->fd));
	e->fd = fd;
}

/* A child does one call while this process waits. */
static void op_child(struct end *e, struct rnd *r)
{
	bool reads = rnd_below(r, 2);
	size_t n = some_bytes(r);
	int status;
	pid_t pid;

	net_fill(e->buf, n, e->side, e->sent);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (reads)
			REC_RECV(read(e->fd, e->buf, n), e->buf);
		else
			REC(write(e->fd, e->buf, n));
		fflush(stdout);
		_exit(0);
	}
	COMPAT_MUST(waitpid(pid, &status, 0) == pid);
	rec_say("child's status %x", status);
	if (!reads)
		e->sent += n;
}

static const struct op ops[] = {
	{ "write", 12, op_write },
	{ "send", 12, op_send },
	{ "sendmsg", 8, op_sendmsg },
	{ "sendmmsg", 4, op_sendmmsg },
	{ "urgent", 1, op_urgent },
	{ "read", 10, op_read },
	{ "recv", 14, op_recv },
	{ "throw_away", 4, op_throw_away },
	{ "recvmsg", 8, op_recvmsg },
	{ "recv_urgent", 1, op_recv_urgent },
	{ "drain", 4, op_drain },
	{ "poll", 10, op_poll },
	{ "queued", 6, op_queued },
	{ "error", 2, op_error },
	{ "names", 1, op_names },
	{ "option", 4, op_option },
	{ "linger", 1, op_linger },
	{ "shutdown", 2, op_shutdown },
	{ "close", 1, op_close },
	{ "switch", 6, op_switch },
	{ "dup", 1, op_dup },
	{ "child", 1, op_child },
};

static const struct op *choose(struct rnd *r)
{
	const struct op *op;
	uint32_t sum = 0, at;

	for (op = ops; op < ops + sizeof(ops) / sizeof(*ops); op++)
		sum += op->weight;
	at = rnd_below(r, sum);
	for (op = ops; at >= op->weight; op++)
		at -= op->weight;
	return op;
}

/* --- two processes --- */

/* What is to be done, in the order of the seeds. */
static struct {
	uint64_t first, count;
	bool direct;
	uint64_t skip[SKIPS];	/* bits of operations that are left out */
} sequences;

static bool skipped(unsigned int i)
{
	return sequences.skip[i / 64] >> i % 64 & 1;
}

/* What has been sent arrives before the other end's turn, if it can. */
static void settle(struct end *e)
{
	if (e->fd >= 0 && !(compat_poll(e->fd, 0, 0) & (POLLERR | POLLHUP)))
		compat_left(e->fd);
}

static void hand_over(struct end *e)
{
	char token = 0;

	fflush(stdout);
	COMPAT_MUST(write(e->turn, &token, 1) == 1);
}

static void wait_turn(struct end *e)
{
	char token;

	COMPAT_MUST(read(e->turn, &token, 1) == 1);
}

/* Each end makes its operations when the other has handed the turn over. */
static void take_turns(struct end *e, uint64_t seed)
{
	struct rnd r = { .state = seed };
	unsigned int i, n = 4 + rnd_below(&r, OPS_MAX - 4);
	bool mine = !e->side;

	for (i = 0; i < n; i++) {
		const int side = rnd_below(&r, 2);
		const struct op *op = choose(&r);
		struct rnd args = { .state = seed ^ (i + 1ull) << 32 };

		if (side != e->side && mine) {
			hand_over(e);
			mine = false;
		} else if (side == e->side && !mine) {
			wait_turn(e);
			mine = true;
		}
		if (!mine || skipped(i))
			continue;
		rec_say("%u %s: %s", i, e->side ? "server" : "client",
			op->name);
		op->run(e, &args);
		settle(e);
	}
}

static void warm(struct end *e)
{
	int i;

	for (i = 0; i < WARM_ROUNDS; i++) {
		memset(e->buf, 'w', 100);
		if (e->side)
			COMPAT_MUST(net_recv_all(e->fd, e->buf, 100) == 100);
		compat_send(e->fd, e->buf, 100);
		if (!e->side)
			COMPAT_MUST(net_recv_all(e->fd, e->buf, 100) == 100);
	}
}

static int accepted(struct end *e, const struct net_family *nf)
{
	union net_addr addr;
	int fd, listener = net_listen(nf, 1, &addr);

	COMPAT_MUST(listener >= 0);
	COMPAT_MUST(write(e->turn, &addr, sizeof(addr)) == sizeof(addr));
	fd = accept(listener, NULL, NULL);
	close(listener);
	return fd;
}

static int connected(struct end *e, const struct net_family *nf)
{
	union net_addr addr;

	COMPAT_MUST(read(e->turn, &addr, sizeof(addr)) == sizeof(addr));
	return net_connect(nf, &addr);
}

static void one_sequence(struct end *e, uint64_t seed)
{
	const bool ipv6 = seed / 2 % 4 == 3;
	struct net_family nf = *compat_family(sequences.direct, ipv6);
	const int one = 1;

	e->sent = 0;
	e->urgent = false;
	nf.hot = seed & 1;
	e->fd = e->side ? accepted(e, &nf) : connected(e, &nf);
	COMPAT_MUST(e->fd >= 0);
	COMPAT_MUST(!setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &one,
				sizeof(one)));
	if (nf.hot)
		warm(e);
	COMPAT_MUST(!net_nonblock(e->fd));
	take_turns(e, seed);
	/* Neither ends before the other: closing is an operation. */
	hand_over(e);
	wait_turn(e);
	if (e->fd >= 0)
		close(e->fd);
}

static void one_end(struct end *e)
{
	uint64_t i, seed;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sequences.count; i++) {
		seed = sequences.first + i;
		if (!e->side) {
			alarm(compat_stretch(LIMIT_S));
			if (i)	/* the first has a name */
				rec_say("= %" PRIu64, seed);
		}
		one_sequence(e, seed);
	}
	fflush(stdout);
}

/* The same two processes for all: to make them takes longer than the calls. */
static void run_sequences(struct compat *c)
{
	static struct end e;
	int turn[2], status;
	pid_t pid;

	(void)c;
	COMPAT_MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, turn));
	pid = net_fork();
	COMPAT_MUST(pid >= 0);
	e.side = !pid;
	e.turn = turn[e.side];
	close(turn[!e.side]);
	one_end(&e);
	if (!pid)
		_exit(0);
	COMPAT_MUST(waitpid(pid, &status, 0) == pid);
	COMPAT_MUST(!status);
}

/* --- the command --- */

static const char usage[] =
	"Usage: %s [--direct] [--seed N] [--count N] [--skip I,...]\n"
	"Makes random calls and writes down what they do, to be compared.\n\n"
	"  --direct     AF_SDIRECT sockets, not AF_INET ones\n"
	"  --seed N     the first sequence (default: 1); odd ones begin on\n"
	"               rings, every fourth goes over IPv6\n"
	"  --count N    how many sequences (default: 1)\n"
	"  --skip I,... leave these operations of each sequence out\n";

static void read_skips(char *text)
{
	char *word;

	for (word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		unsigned long i = strtoul(word, NULL, 10);

		if (i < OPS_MAX)
			sequences.skip[i / 64] |= 1ull << i % 64;
	}
}

static void run(void)
{
	char name[32];
	const struct compat_test test = { name, run_sequences, COMPAT_ALONE };

	snprintf(name, sizeof(name), "%" PRIu64, sequences.first);
	compat_run(&test, compat_family(sequences.direct, false));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "direct", no_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "skip", required_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int opt;

	sequences.first = sequences.count = 1;
	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == '?' || opt == 'h') {
			fprintf(opt == 'h' ? stdout : stderr, usage, argv[0]);
			return opt == 'h' ? 0 : 2;
		}
		sequences.direct |= opt == 'd';
		if (opt == 's')
			sequences.first = strtoull(optarg, NULL, 10);
		if (opt == 'n')
			sequences.count = strtoull(optarg, NULL, 10);
		if (opt == 'x')
			read_skips(optarg);
	}
	run();
	return 0;
}
