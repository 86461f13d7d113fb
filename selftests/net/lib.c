// SPDX-License-Identifier: GPL-2.0-only
/* Sockets, processes and signals of the socket tests; see lib.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib.h"

#define WARM_ROUNDS	4000

volatile int net_signals;

int net_socket(const struct net_family *nf, int flags)
{
	return socket(nf->family, SOCK_STREAM | flags, nf->protocol);
}

bool net_supported(const struct net_family *nf)
{
	int fd = net_socket(nf, SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

socklen_t net_addr_len(const struct net_family *nf)
{
	return nf->ip == AF_INET ? sizeof(struct sockaddr_in) :
				   sizeof(struct sockaddr_in6);
}

void net_loopback(const struct net_family *nf, union net_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->sa.sa_family = nf->ip;
	if (nf->ip == AF_INET)
		addr->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		addr->in6.sin6_addr = in6addr_loopback;
}

int net_listen(const struct net_family *nf, int backlog, union net_addr *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = net_socket(nf, SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	net_loopback(nf, addr);
	if (bind(fd, &addr->sa, net_addr_len(nf)) || listen(fd, backlog) ||
	    getsockname(fd, &addr->sa, &len)) {
		net_close(&fd);
		return -1;
	}
	return fd;
}

int net_connect(const struct net_family *nf, const union net_addr *addr)
{
	int fd = net_socket(nf, SOCK_CLOEXEC);

	if (fd >= 0 && connect(fd, &addr->sa, net_addr_len(nf)))
		net_close(&fd);
	return fd;
}

int net_pair_open(const struct net_family *nf, struct net_pair *p)
{
	const int one = 1;

	p->client = p->server = -1;
	p->listener = net_listen(nf, 64, &p->addr);
	if (p->listener < 0)
		return -1;
	p->client = net_connect(nf, &p->addr);
	if (p->client < 0)
		return -1;
	p->server = accept(p->listener, NULL, NULL);
	if (p->server < 0)
		return -1;
	/* Or TCP waits 40 ms for acknowledgements between small messages. */
	return setsockopt(p->client, IPPROTO_TCP, TCP_NODELAY, &one,
			  sizeof(one)) ||
	       setsockopt(p->server, IPPROTO_TCP, TCP_NODELAY, &one,
			  sizeof(one)) ? -1 : 0;
}

int net_pair_join(const struct net_family *nf, const struct net_pair *by,
		  struct net_pair *p)
{
	p->listener = -1;
	p->server = -1;
	p->client = net_connect(nf, &by->addr);
	if (p->client >= 0)
		p->server = accept(by->listener, NULL, NULL);
	return p->server < 0 ? -1 : 0;
}

int net_close(int *fd)
{
	int saved = errno, ret = 0;

	if (*fd >= 0)
		ret = close(*fd);
	*fd = -1;
	if (!ret)
		errno = saved;
	return ret;
}

void net_pair_close(struct net_pair *p)
{
	net_close(&p->client);
	net_close(&p->server);
	net_close(&p->listener);
}

int net_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int net_queued(int fd, unsigned long request)
{
	int n = -1;

	return ioctl(fd, request, &n) ? -1 : n;
}

bool net_direct(const struct net_family *nf)
{
	return nf->direct || getenv("SDIRECT_SHIM");
}

int net_info(int fd, struct sdirect_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return getsockopt(fd, SOL_SDIRECT, SDIRECT_INFO, info, &len);
}

static bool on_rings(int fd)
{
	struct sdirect_info info;

	return !net_info(fd, &info) &&
	       info.tx_carrier == SDIRECT_CARRIER_LOCAL &&
	       info.rx_carrier == SDIRECT_CARRIER_LOCAL;
}

int net_warm(const struct net_family *nf, const struct net_pair *p)
{
	int i;

	if (!net_direct(nf))
		return net_pingpong(p, 100, 50);
	for (i = 0; i < WARM_ROUNDS / 10; i++) {
		if (net_pingpong(p, 100, 10))
			return -1;
		if (on_rings(p->client) && on_rings(p->server))
			return 0;
	}
	errno = ETIMEDOUT;
	return -1;
}

int net_used_rings(const struct net_family *nf, int fd)
{
	struct sdirect_info info;

	if (!net_direct(nf))
		return 0;
	if (net_info(fd, &info))
		return -1;
	if (info.tx_ring_bytes && info.rx_ring_bytes)
		return 0;
	fprintf(stderr, "# rings not used: tx %llu of %llu, rx %llu of %llu, reason %u\n",
		(unsigned long long)info.tx_ring_bytes,
		(unsigned long long)info.tx_bytes,
		(unsigned long long)info.rx_ring_bytes,
		(unsigned long long)info.rx_bytes, info.reason);
	errno = ENOLINK;
	return -1;
}

pid_t net_fork(void)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	return 0;
}

int net_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

pid_t net_tid(void)
{
	return syscall(SYS_gettid);
}

uint64_t net_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The state follows the name, which is in brackets and may hold anything. */
static char task_state(pid_t tid)
{
	char path[64], line[512], *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	at = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return at && at[1] ? at[2] : 0;
}

int net_wait_sleeping(pid_t tid)
{
	if (net_until(task_state(tid) == 'S'))
		return 0;
	errno = ETIMEDOUT;
	return -1;
}

void *net_call_recv(void *call)
{
	struct net_call *c = call;

	c->tid = net_tid();
	c->ret = recv(c->fd, c->buf, c->len, 0);
	c->err = errno;
	return NULL;
}

void *net_call_send(void *call)
{
	struct net_call *c = call;

	c->tid = net_tid();
	do {
		c->ret = send(c->fd, c->buf, c->len, MSG_NOSIGNAL);
		c->err = errno;
	} while (c->ret > 0);
	return NULL;
}

int net_call_start(pthread_t *t, void *(*fn)(void *), struct net_call *call)
{
	call->tid = 0;
	if (pthread_create(t, NULL, fn, call))
		return -1;
	while (!call->tid)
		sched_yield();
	return net_wait_sleeping(call->tid);
}

static void count_signal(int sig)
{
	(void)sig;
	net_signals++;
}

int net_count_signal(int sig)
{
	struct sigaction act = { .sa_handler = count_signal };

	net_signals = 0;
	return sigaction(sig, &act, NULL);
}

static unsigned int percent(void)
{
	const char *env = getenv("SDIRECT_SCALE");
	int value = env ? atoi(env) : 100;

	return value > 0 ? value : 100;
}

uint64_t net_bytes(unsigned int megabytes)
{
	return ((uint64_t)megabytes << 20) * percent() / 100;
}

int net_rounds(int rounds)
{
	return rounds * percent() / 100 + 1;
}

void net_child_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "# %s:%d: child: %s: %s\n", file, line, what,
		strerror(errno));
	_exit(1);
}

int net_send_fd(int via, int fd, int flags)
{
	char byte = 'f', control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(via, &m, flags) == 1 ? 0 : -1;
}

int net_recv_fd(int via, int flags)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int fd;

	if (recvmsg(via, &m, flags) != 1)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}
