/* SPDX-License-Identifier: LGPL-2.1-only OR MIT */
/*
 * The functions behind ours, each named once.  Before the constructor has run
 * (another library's constructor may be quicker) a stand-in makes the system
 * call.
 */
#ifndef NEXT_H
#define NEXT_H

#include <pthread.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Calls that newer systems have in another form alone. */
#ifndef SYS_poll
#define SYS_poll	-1
#define SYS_select	-1
#endif

/* As pselect6(2) has it. */
struct next_mask {
	const sigset_t *mask;
	size_t size;
};

/* X(result, name, parameters, arguments, system call or -1) */
#define NEXT_FUNCTIONS(X) \
	X(int, socket, (int a, int b, int c), (a, b, c), SYS_socket) \
	X(int, accept, (int a, struct sockaddr *b, socklen_t *c), \
	  (a, b, c), SYS_accept) \
	X(int, accept4, (int a, struct sockaddr *b, socklen_t *c, int d), \
	  (a, b, c, d), SYS_accept4) \
	X(int, bind, (int a, const struct sockaddr *b, socklen_t c), \
	  (a, b, c), SYS_bind) \
	X(int, listen, (int a, int b), (a, b), SYS_listen) \
	X(ssize_t, read, (int a, void *b, size_t c), (a, b, c), SYS_read) \
	X(ssize_t, readv, (int a, const struct iovec *b, int c), \
	  (a, b, c), SYS_readv) \
	X(ssize_t, write, (int a, const void *b, size_t c), \
	  (a, b, c), SYS_write) \
	X(ssize_t, writev, (int a, const struct iovec *b, int c), \
	  (a, b, c), SYS_writev) \
	X(ssize_t, recvfrom, (int a, void *b, size_t c, int d, \
			      struct sockaddr *e, socklen_t *f), \
	  (a, b, c, d, e, f), SYS_recvfrom) \
	X(ssize_t, sendto, (int a, const void *b, size_t c, int d, \
			    const struct sockaddr *e, socklen_t f), \
	  (a, b, c, d, e, f), SYS_sendto) \
	X(ssize_t, recvmsg, (int a, struct msghdr *b, int c), \
	  (a, b, c), SYS_recvmsg) \
	X(ssize_t, sendmsg, (int a, const struct msghdr *b, int c), \
	  (a, b, c), SYS_sendmsg) \
	X(int, sendmmsg, (int a, struct mmsghdr *b, unsigned int c, int d), \
	  (a, b, c, d), SYS_sendmmsg) \
	X(ssize_t, sendfile, (int a, int b, off_t *c, size_t d), \
	  (a, b, c, d), SYS_sendfile) \
	X(int, epoll_create1, (int a), (a), SYS_epoll_create1) \
	X(int, epoll_ctl, (int a, int b, int c, struct epoll_event *d), \
	  (a, b, c, d), SYS_epoll_ctl) \
	X(int, epoll_wait, (int a, struct epoll_event *b, int c, int d), \
	  (a, b, c, d), SYS_epoll_wait) \
	X(int, epoll_pwait, (int a, struct epoll_event *b, int c, int d, \
			     const sigset_t *e), \
	  (a, b, c, d, e, _NSIG / 8), SYS_epoll_pwait) \
	X(int, epoll_pwait2, (int a, struct epoll_event *b, int c, \
			      const struct timespec *d, const sigset_t *e), \
	  (a, b, c, d, e, _NSIG / 8), SYS_epoll_pwait2) \
	X(int, ppoll, (struct pollfd *a, nfds_t b, const struct timespec *c, \
		       const sigset_t *d), \
	  (a, b, c, d, _NSIG / 8), SYS_ppoll) \
	X(int, poll, (struct pollfd *a, nfds_t b, int c), (a, b, c), \
	  SYS_poll) \
	X(int, select, (int a, void *b, void *c, void *d, struct timeval *e), \
	  (a, b, c, d, e), SYS_select) \
	X(int, pselect, (int a, void *b, void *c, void *d, \
			 const struct timespec *e, const sigset_t *f), \
	  (a, b, c, d, e, (&(struct next_mask){ f, _NSIG / 8 })), \
	  SYS_pselect6) \
	X(int, setsockopt, (int a, int b, int c, const void *d, socklen_t e), \
	  (a, b, c, d, e), SYS_setsockopt) \
	X(int, close, (int a), (a), SYS_close) \
	X(int, close_range, (unsigned int a, unsigned int b, int c), \
	  (a, b, c), SYS_close_range) \
	X(int, dup, (int a), (a), SYS_dup) \
	X(int, dup3, (int a, int b, int c), (a, b, c), SYS_dup3)

/* Those with a variable number of arguments, or that are no system calls */
struct next_odd {
	int (*fcntl)(int fd, int cmd, ...);
	int (*ioctl)(int fd, unsigned long request, ...);
	long (*syscall)(long number, ...);
	FILE *(*fdopen)(int fd, const char *mode);
	int (*daemon)(int nochdir, int noclose);
	void (*closefrom)(int first);
	int (*pthread_cancel)(pthread_t thread);
	pid_t (*_Fork)(void);
	int (*clone)(int (*fn)(void *), void *stack, int flags, void *arg, ...);
};

#define NEXT_MEMBER(result, name, parameters, arguments, number) \
	result (*name) parameters;

struct next {
	NEXT_FUNCTIONS(NEXT_MEMBER)
	struct next_odd odd;
};

extern struct next next;

/* 0 with SDIRECT_DISABLE: everything goes straight to what is behind us. */
extern int shim_active;
/* 0 with SDIRECT_EPOLL=0 too: sets and poll() are the kernel's. */
extern int shim_serves;

/* Visible, unlike everything else here. */
#define HOOK	__attribute__((visibility("default")))

#endif /* NEXT_H */
