// SPDX-License-Identifier: GPL-2.0-only
/* Vectors of buffers, and addresses that are wrong. */
#include <limits.h>
#include <sys/mman.h>

#include "data.h"

#ifndef UIO_MAXIOV
#define UIO_MAXIOV	1024
#endif

/* Addresses of nothing, which the compiler does not know to be that. */
static char *volatile low = (char *)8, *volatile high = (char *)-5;

/* Two pages: the first as @prot says, the second cannot be touched. */
static char *map_pages(int prot)
{
	char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	COMPAT_MUST(at != MAP_FAILED);
	memset(at, 'p', 8192);
	COMPAT_MUST(!mprotect(at + 4096, 4096, PROT_NONE));
	COMPAT_MUST(!mprotect(at, 4096, prot));
	return at;
}

void vectors(struct compat *c)
{
	char a[8], b[8], d[64];
	struct iovec out[] = { { "abc", 3 }, { "", 0 }, { "defg", 4 },
			       { NULL, 0 }, { "h", 1 } };
	struct iovec in[] = { { a, 2 }, { NULL, 0 }, { b, 3 }, { d, 64 } };
	int i;

	for (i = 0; i < 8; i++) {
		REC(writev(c->cl, out, 5));
		compat_arrived(c->sv, 8);
		memset(d, '.', sizeof(d));
		REC(readv(c->sv, in, 4));
		rec_bytes("a", a, 2);
		rec_bytes("b", b, 3);
		rec_bytes("d", d, 5);
		REC(writev(c->sv, out + 2, 1));
		compat_arrived(c->cl, 4);
		REC_RECV(readv(c->cl, in, 1), a);
		REC_RECV(readv(c->cl, in + 3, 1), d);
	}
	REC(writev(c->cl, out, 5));
	compat_arrived(c->sv, 8);
	REC(readv(c->sv, in, 3));
	rec_bytes("a", a, 2);
	rec_bytes("b", b, 3);
	REC(net_nonblock(c->sv));
	REC(readv(c->sv, in, 4));
	rec_bytes("a", a, 2);
	rec_bytes("b", b, 1);
	REC(readv(c->sv, in, 4));
}

void vector_counts(struct compat *c)
{
	static const int counts[] = { 0, -1, INT_MIN, 1, 63, 64, 65, UIO_MAXIOV,
				      UIO_MAXIOV + 1, INT_MAX };
	static char bytes[2 * UIO_MAXIOV], in[2 * UIO_MAXIOV];
	static struct iovec iov[UIO_MAXIOV + 1];
	int i;

	for (i = 0; i <= UIO_MAXIOV; i++)
		iov[i] = (struct iovec){ bytes + i, 1 };
	net_fill(bytes, sizeof(bytes), 1, 0);
	REC(net_nonblock(c->sv));
	for (i = 0; i < (int)(sizeof(counts) / sizeof(*counts)); i++) {
		struct msghdr msg = { .msg_iov = iov };
		ssize_t n;

		msg.msg_iovlen = counts[i];
		n = REC(writev(c->cl, iov, counts[i]));
		compat_arrived(c->sv, n > 0 ? n : 0);
		REC_RECV(readv(c->sv, iov, counts[i]), bytes);
		n = REC(sendmsg(c->cl, &msg, 0));
		compat_arrived(c->sv, n > 0 ? n : 0);
		REC_RECV(recvmsg(c->sv, &msg, 0), bytes);
		REC_RECV(recv(c->sv, in, sizeof(in), 0), in);
	}
}

void vector_lengths(struct compat *c)
{
	char buf[16];
	struct iovec iov[] = { { buf, 1 }, { buf, SSIZE_MAX }, { buf, 1 },
			       { buf, (size_t)-1 }, { buf, 2 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 5 };
	int first, len;

	memset(buf, 'v', sizeof(buf));
	REC(net_nonblock(c->sv));
	REC(write(c->cl, "abcdefgh", 8));
	compat_arrived(c->sv, 8);
	for (first = 2; first < 5; first++) {
		for (len = 1; len <= 5 - first; len++) {
			msg.msg_iov = iov + first;
			msg.msg_iovlen = len;
			rec_say("from %d, %d of them", first, len);
			REC(writev(c->cl, iov + first, len));
			REC(sendmsg(c->cl, &msg, 0));
			compat_sent(c->cl);
			REC(readv(c->sv, iov + first, len));
			REC(recvmsg(c->sv, &msg, 0));
		}
	}
	/* The one that is too long is where reading would never come to. */
	msg.msg_iov = iov;
	msg.msg_iovlen = 2;
	REC_RECV(readv(c->sv, iov, 2), buf);
	REC(recvmsg(c->sv, &msg, 0));
}

/* More pieces than anybody keeps room for, again and again. */
void long_vectors(struct compat *c)
{
	static char out[UIO_MAXIOV * 7], in[UIO_MAXIOV * 7];
	static struct iovec iov[UIO_MAXIOV], to[UIO_MAXIOV];
	int i, n;

	net_fill(out, sizeof(out), 3, 0);
	for (i = 0; i < UIO_MAXIOV; i++) {
		iov[i] = (struct iovec){ out + 7 * i, 7 };
		to[i] = (struct iovec){ in + 5 * i, 5 };
	}
	for (n = 32; n <= UIO_MAXIOV; n *= 2) {
		REC(writev(c->cl, iov, n));
		compat_arrived(c->sv, 7 * n);
		REC_RECV(readv(c->sv, to, n), in);
		REC_RECV(recv(c->sv, in, sizeof(in), 0), in);
		REC(writev(c->sv, iov, n + 1 > UIO_MAXIOV ? n : n + 1));
		compat_arrived(c->cl, 7 * n);
		REC_RECV(recv(c->cl, in, 7 * n, MSG_WAITALL), in);
		REC(ioctl(c->cl, FIONREAD, &i));
		if (i)
			REC_RECV(read(c->cl, in, sizeof(in)), in);
	}
}

void bad_vectors(struct compat *c)
{
	struct msghdr msg = { .msg_iov = NULL, .msg_iovlen = 1 };

	REC(writev(c->cl, NULL, 1));
	REC(readv(c->sv, NULL, 1));
	REC(writev(c->cl, NULL, 0));
	REC(readv(c->sv, NULL, 0));
	REC(sendmsg(c->cl, &msg, 0));
	REC(recvmsg(c->sv, &msg, MSG_DONTWAIT));
	REC(sendmsg(c->cl, NULL, 0));
	REC(recvmsg(c->sv, NULL, 0));
}

/* Nothing may be lost, nothing half of it sent. */
void bad_addresses(struct compat *c)
{
	char buf[64];

	REC(net_nonblock(c->sv));
	REC(write(c->cl, high, 5));
	REC(write(c->cl, low, 5));
	REC(send(c->cl, low, 5, MSG_DONTWAIT));
	REC(recv(c->sv, buf, sizeof(buf), 0));
	REC(read(c->sv, low, 5));
	REC(write(c->cl, "abcde", 5));
	compat_arrived(c->sv, 5);
	REC(read(c->sv, high, 5));
	REC(read(c->sv, low, 5));
	REC(recv(c->sv, low, 5, 0));
	REC(recv(c->sv, high, 5, MSG_PEEK));
	REC_RECV(recv(c->sv, buf, sizeof(buf), 0), buf);
	REC(recv(c->sv, buf, sizeof(buf), 0));
}

/*
 * The four below use addresses that only the kernel can find out to be bad:
 * what is done without a system call ends in SIGSEGV there, see
 * Documentation/compatibility.rst.
 */
void unmapped_vectors(struct compat *c)
{
	char *end = map_pages(PROT_READ | PROT_WRITE) + 4096;
	struct iovec *cut = (struct iovec *)(void *)end - 1;

	*cut = (struct iovec){ "abc", 3 };
	REC(writev(c->cl, cut, 2));
	REC(writev(c->cl, cut, 1));
	compat_arrived(c->sv, 3);
	cut->iov_base = cut - 1;
	REC(readv(c->sv, cut, 2));
	REC_RECV(readv(c->sv, cut, 1), (char *)(cut - 1));
	REC(sendmsg(c->cl, (void *)end, 0));
	REC(recvmsg(c->sv, (void *)end, 0));
}

void unmapped_buffers(struct compat *c)
{
	char *end = map_pages(PROT_READ | PROT_WRITE) + 4096;
	char buf[64];

	REC(net_nonblock(c->sv));
	REC(write(c->cl, end, 5));
	REC(send(c->cl, end, 5, MSG_DONTWAIT));
	REC(read(c->sv, end, 5));
	REC(write(c->cl, "abcde", 5));
	compat_arrived(c->sv, 5);
	REC(read(c->sv, end, 5));
	REC(recv(c->sv, end, 5, 0));
	REC(recv(c->sv, end, 5, MSG_PEEK));
	REC_RECV(recv(c->sv, buf, sizeof(buf), 0), buf);
	REC(recv(c->sv, buf, sizeof(buf), 0));
}

/* A message that ends where memory does: so short, it is sent whole or not. */
void unmapped_rest(struct compat *c)
{
	char *page = map_pages(PROT_READ | PROT_WRITE);
	struct iovec iov[2] = { { page, 3 }, { page + 4096, 4 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	char buf[64];

	REC(net_nonblock(c->sv));
	REC(write(c->cl, page + 4090, 20));
	REC(writev(c->cl, iov, 2));
	REC(sendmsg(c->cl, &msg, 0));
	REC(recv(c->sv, buf, sizeof(buf), 0));
	REC(write(c->cl, "abcdefghij", 10));
	compat_arrived(c->sv, 10);
	REC(read(c->sv, page + 4090, 20));
	REC(recv(c->sv, page + 4090, 20, MSG_PEEK));
	REC(readv(c->sv, iov, 2));
	REC(recvmsg(c->sv, &msg, 0));
	REC_RECV(recv(c->sv, buf, sizeof(buf), 0), buf);
	REC(recv(c->sv, buf, sizeof(buf), 0));
}

/* It can be sent from, but not received to; the same applies. */
void unmapped_to_write(struct compat *c)
{
	char *page = map_pages(PROT_READ);
	struct iovec iov = { page, 5 };
	char buf[64];

	REC(write(c->cl, page, 5));
	compat_arrived(c->sv, 5);
	REC(read(c->sv, page, 5));
	REC(recv(c->sv, page, 5, 0));
	REC(readv(c->sv, &iov, 1));
	REC(recv(c->sv, page, 5, MSG_TRUNC | MSG_PEEK));
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
}
