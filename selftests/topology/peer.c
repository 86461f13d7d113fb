// SPDX-License-Identifier: GPL-2.0-only
/*
 * One end of a connection, or a relay between two.
 *
 * Moves bytes both ways at once, checks each of them, and says by lines of JSON
 * what has happened: "listening", "connected", "moved" (with what the module
 * says of the connection), "filled" and "done"; or "error", and exits with 1.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

#define SUM_START	0xcbf29ce484222325ull
#define FASTOPEN_BYTES	500u
#define QUEUE		16

static const char usage[] =
	"Usage: peer --listen ADDRESS | --connect ADDRESS [OPTION...]\n"
	"One end of a connection; with both, a relay between two.\n"
	"\n"
	"  --port N         of the server (default: any free one, which it says)\n"
	"  --from ADDRESS, --from-port N\n"
	"                   where to connect from\n"
	"  --direct         AF_SDIRECT, not AF_INET; for a relay, to its client\n"
	"  --onward         the same for a relay, to its server\n"
	"  --bytes N        to move each way (default: 1 MiB)\n"
	"  --seed N, --expect N\n"
	"                   which bytes to send, and to expect (0 to 7)\n"
	"  --connections N  one after the other; what is said is of the last\n"
	"  --line TEXT      first exchange a line (may be repeated)\n"
	"  --fastopen       send the first bytes in the SYN; a server accepts it\n"
	"  --gate           wait for a line from standard input when connected,\n"
	"                   and when the bytes have been moved\n"
	"  --quiet          let each of the first messages arrive\n"
	"  --whole          send all bytes in one call\n"
	"  --fill           then send what fits while the peer does not read\n"
	"  --corrupt N      send byte N wrong\n"
	"  --limit S        end after S seconds (default: 60)\n";

static const char *const carriers[] = { "tcp", "local", "rdma" };
static const char *const reasons[] = {
	"none", "idle", "waiting", "cold", "no_peer", "policy", "key",
	"counts", "memory", "oob", "option", "shutdown", "peer_gone",
	"demoted",
};

static const char *reason_name(unsigned int reason)
{
	return reason < sizeof(reasons) / sizeof(*reasons) ? reasons[reason] :
	       "another";
}

void peer_fail(const char *what, int64_t pos)
{
	printf("{\"event\": \"error\", \"what\": \"%s\", \"error\": \"%s\", "
	       "\"pos\": %lld}\n", what, strerrorname_np(errno),
	       (long long)pos);
	fflush(stdout);
	_exit(1);
}

static void say(const char *event)
{
	printf("{\"event\": \"%s\"}\n", event);
	fflush(stdout);
}

/* The other end of the pipe says when to go on. */
static void wait_at_gate(const struct peer_ask *ask)
{
	char c = 0;

	while (ask->gate && c != '\n')
		if (read(STDIN_FILENO, &c, 1) != 1)
			peer_fail("gate", 0);
}

static struct net_family to_family(const char *text, bool direct,
				   union net_addr *addr, uint16_t port)
{
	struct net_family nf = { .direct = direct };

	memset(addr, 0, sizeof(*addr));
	nf.ip = strchr(text, ':') ? AF_INET6 : AF_INET;
	nf.family = direct ? AF_SDIRECT : nf.ip;
	nf.protocol = direct && nf.ip == AF_INET6 ? IPPROTO_IPV6 : 0;
	addr->sa.sa_family = nf.ip;
	if (inet_pton(nf.ip, text, nf.ip == AF_INET ?
		      (void *)&addr->in.sin_addr :
		      (void *)&addr->in6.sin6_addr) != 1) {
		errno = EINVAL;
		peer_fail(text, 0);
	}
	/* The port is in the same place in both. */
	addr->in.sin_port = htons(port);
	return nf;
}

static int make_socket(const struct net_family *nf)
{
	const int one = 1;
	int fd = net_socket(nf, SOCK_CLOEXEC);

	if (fd < 0)
		peer_fail("socket", 0);
	/* Or TCP waits 40 ms for acknowledgements between small messages. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		peer_fail("setsockopt", 0);
	return fd;
}

static int start_listening(const struct peer_ask *ask)
{
	const int queue = QUEUE;
	union net_addr addr;
	const struct net_family nf = to_family(ask->listen, ask->direct, &addr,
					       ask->port);
	socklen_t len = net_addr_len(&nf);
	int fd = make_socket(&nf);

	if (ask->fastopen && setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue,
					sizeof(queue)))
		peer_fail("TCP_FASTOPEN", 0);
	if (bind(fd, &addr.sa, len) || listen(fd, QUEUE) ||
	    getsockname(fd, &addr.sa, &len))
		peer_fail("listen", 0);
	printf("{\"event\": \"listening\", \"port\": %u}\n",
	       ntohs(addr.in.sin_port));
	fflush(stdout);
	return fd;
}

static int start_connecting(const struct peer_ask *ask, bool direct,
			    struct peer_flow *out)
{
	union net_addr addr, own;
	const struct net_family nf = to_family(ask->connect, direct, &addr,
					       ask->port);
	const size_t n = ask->bytes < FASTOPEN_BYTES ? ask->bytes :
			 FASTOPEN_BYTES;
	unsigned char buf[FASTOPEN_BYTES];
	int fd = make_socket(&nf);

	if (ask->from) {
		to_family(ask->from, direct, &own, ask->from_port);
		if (bind(fd, &own.sa, net_addr_len(&nf)))
			peer_fail("bind", 0);
	}
	if (!ask->fastopen) {
		if (connect(fd, &addr.sa, net_addr_len(&nf)))
			peer_fail("connect", 0);
		return fd;
	}
	peer_prepare(out, buf, n);
	if (sendto(fd, buf, n, MSG_FASTOPEN | MSG_NOSIGNAL, &addr.sa,
		   net_addr_len(&nf)) != (ssize_t)n)
		peer_fail("MSG_FASTOPEN", 0);
	return fd;
}

static void print_name(const char *key, int fd,
		       int (*get)(int, struct sockaddr *, socklen_t *))
{
	char text[INET6_ADDRSTRLEN] = "";
	union net_addr addr;
	socklen_t len = sizeof(addr);

	if (get(fd, &addr.sa, &len))
		peer_fail(key, 0);
	inet_ntop(addr.sa.sa_family, addr.sa.sa_family == AF_INET ?
		  (void *)&addr.in.sin_addr : (void *)&addr.in6.sin6_addr,
		  text, sizeof(text));
	printf(", \"%s\": [\"%s\", %u]", key, text, ntohs(addr.in.sin_port));
}

/* While both ends are open: else the reason would be that one is not. */
static void print_state(int fd)
{
	struct sdirect_info info;
	struct tcp_info tcp;
	socklen_t len = sizeof(tcp);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &len))
		peer_fail("TCP_INFO", 0);
	printf(", \"options\": %u", tcp.tcpi_options);
	print_name("local", fd, getsockname);
	print_name("peer", fd, getpeername);
	if (net_info(fd, &info))
		return;
	printf(", \"tx\": \"%s\", \"rx\": \"%s\", \"reason\": \"%s\", "
	       "\"tx_ring\": %llu, \"rx_ring\": %llu",
	       carriers[info.tx_carrier], carriers[info.rx_carrier],
	       reason_name(info.reason), info.tx_ring_bytes, info.rx_ring_bytes);
}

static void print_sums(const struct peer_flow *out, const struct peer_flow *in)
{
	printf(", \"sent\": %llu, \"sent_sum\": \"%016llx\", \"got\": %llu, "
	       "\"got_sum\": \"%016llx\"}\n", (unsigned long long)out->pos,
	       (unsigned long long)out->sum, (unsigned long long)in->pos,
	       (unsigned long long)in->sum);
	fflush(stdout);
}

/* In few calls: a hot socket goes to a ring, where nobody would edit a line. */
static void read_line(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		errno = ENODATA;
		n = recv(fd, buf + len, size - 1 - len, 0);
		if (n <= 0)
			peer_fail("line", len);
		len += n;
	} while (buf[len - 1] != '\n');
	buf[len] = '\0';
}

/* The client says a line and waits; the server answers and shows it. */
static void exchange_line(const struct peer_ask *ask, int fd, const char *text)
{
	static const char answer[] = "200 well\r\n";
	char buf[128];

	if (ask->connect) {
		snprintf(buf, sizeof(buf), "%s\r\n", text);
		if (net_send_all(fd, buf, strlen(buf)) < 0 ||
		    net_recv_all(fd, buf, strlen(answer)) !=
		    (ssize_t)strlen(answer))
			peer_fail("line", 0);
		return;
	}
	read_line(fd, buf, sizeof(buf));
	if (net_send_all(fd, answer, strlen(answer)) < 0)
		peer_fail("answer", 0);
	buf[strcspn(buf, "\r\n")] = '\0';
	printf("{\"event\": \"line\", \"text\": \"%s\"}\n", buf);
}

/* A byte each way: neither end goes on before the other has come here. */
static void meet(int fd)
{
	char c = 'm';

	if (net_send_all(fd, &c, 1) < 0 || net_recv_all(fd, &c, 1) != 1 ||
	    c != 'm')
		peer_fail("meet", 0);
}

static void serve(const struct peer_ask *ask, int fd, struct peer_flow *out,
		  bool last)
{
	struct peer_flow in = { ask, fd, ask->expect, 0, SUM_START };
	pthread_t t;
	int i;

	out->fd = fd;
	for (i = 0; i < ask->lines; i++)
		exchange_line(ask, fd, ask->line[i]);
	if (last) {
		say("connected");
		wait_at_gate(ask);
	}
	if (pthread_create(&t, NULL, peer_send, out))
		peer_fail("thread", 0);
	peer_recv(&in);
	pthread_join(t, NULL);
	/* Both directions are quiet now, and have changed if they do. */
	meet(fd);
	if (last) {
		printf("{\"event\": \"moved\"");
		print_state(fd);
		print_sums(out, &in);
	}
	meet(fd);
	if (last)
		wait_at_gate(ask);
	if (ask->fill) {
		peer_fill(out);
		printf("{\"event\": \"filled\"");
		print_sums(out, &in);
	}
	if (shutdown(fd, SHUT_WR))
		peer_fail("shutdown", 0);
	peer_rest(&in);
	if (last) {
		printf("{\"event\": \"done\"");
		print_sums(out, &in);
	}
}

static void run(const struct peer_ask *ask)
{
	int listener = ask->listen ? start_listening(ask) : -1, fd, next;
	unsigned int i;

	for (i = 0; i < ask->connections; i++) {
		struct peer_flow out = { ask, -1, ask->seed, 0, SUM_START };

		fd = listener < 0 ? start_connecting(ask, ask->direct, &out) :
		     accept(listener, NULL, NULL);
		if (fd < 0)
			peer_fail("accept", 0);
		if (listener >= 0 && ask->connect) {
			next = start_connecting(ask, ask->onward, &out);
			peer_relay(fd, next);
			net_close(&next);
		} else {
			serve(ask, fd, &out, i + 1 == ask->connections);
		}
		net_close(&fd);
	}
	net_close(&listener);
}

enum option_key {
	LISTEN, CONNECT, PORT, FROM, FROM_PORT, DIRECT, ONWARD, BYTES, SEED,
	EXPECT, CONNECTIONS, LINE, FASTOPEN, GATE, QUIET, WHOLE, FILL, CORRUPT,
	LIMIT, HELP,
};

static const struct option options[] = {
	{ "listen", required_argument, NULL, LISTEN },
	{ "connect", required_argument, NULL, CONNECT },
	{ "port", required_argument, NULL, PORT },
	{ "from", required_argument, NULL, FROM },
	{ "from-port", required_argument, NULL, FROM_PORT },
	{ "direct", no_argument, NULL, DIRECT },
	{ "onward", no_argument, NULL, ONWARD },
	{ "bytes", required_argument, NULL, BYTES },
	{ "seed", required_argument, NULL, SEED },
	{ "expect", required_argument, NULL, EXPECT },
	{ "connections", required_argument, NULL, CONNECTIONS },
	{ "line", required_argument, NULL, LINE },
	{ "fastopen", no_argument, NULL, FASTOPEN },
	{ "gate", no_argument, NULL, GATE },
	{ "quiet", no_argument, NULL, QUIET },
	{ "whole", no_argument, NULL, WHOLE },
	{ "fill", no_argument, NULL, FILL },
	{ "corrupt", required_argument, NULL, CORRUPT },
	{ "limit", required_argument, NULL, LIMIT },
	{ "help", no_argument, NULL, HELP },
	{ },
};

static int misused(void)
{
	fputs(usage, stderr);
	return 2;
}

static void take_flag(struct peer_ask *ask, int key)
{
	ask->direct |= key == DIRECT;
	ask->onward |= key == ONWARD;
	ask->fastopen |= key == FASTOPEN;
	ask->gate |= key == GATE;
	ask->quiet |= key == QUIET;
	ask->whole |= key == WHOLE;
	ask->fill |= key == FILL;
}

static void take_number(struct peer_ask *ask, int key, long long n)
{
	if (key == PORT)
		ask->port = n;
	else if (key == FROM_PORT)
		ask->from_port = n;
	else if (key == BYTES)
		ask->bytes = n;
	else if (key == SEED)
		ask->seed = n;
	else if (key == EXPECT)
		ask->expect = n;
	else if (key == CONNECTIONS)
		ask->connections = n;
	else if (key == CORRUPT)
		ask->corrupt = n;
	else
		alarm(n);
}

int main(int argc, char **argv)
{
	struct peer_ask ask = {
		.bytes = 1 << 20, .seed = 1, .expect = 2, .connections = 1,
		.corrupt = -1,
	};
	int key;

	alarm(60);
	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (key == HELP)
			return fputs(usage, stdout) < 0;
		else if (key == LISTEN)
			ask.listen = optarg;
		else if (key == CONNECT)
			ask.connect = optarg;
		else if (key == FROM)
			ask.from = optarg;
		else if (key == LINE && ask.lines < PEER_LINES)
			ask.line[ask.lines++] = optarg;
		else if (key == '?' || key == LINE)
			return misused();
		else if (optarg)
			take_number(&ask, key, strtoll(optarg, NULL, 0));
		else
			take_flag(&ask, key);
	}
	if (optind < argc || (!ask.listen && !ask.connect))
		return misused();
	run(&ask);
	return 0;
}
