// SPDX-License-Identifier: GPL-2.0-only
/* Calls that move bytes. */
#include <limits.h>
#include <sys/mman.h>

#include "data.h"

static void read_write(struct compat *c)
{
	char buf[64];

	REC(write(c->cl, "hello", 5));
	compat_arrived(c->sv, 5);
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
	REC(write(c->sv, "", 0));
	REC(send(c->sv, "", 0, 0));
	REC_RECV(recv(c->cl, buf, sizeof(buf), MSG_DONTWAIT), buf);
	REC_RECV(read(c->cl, buf, 0), buf);
	REC(write(c->sv, NULL, 0));
	REC(write(c->sv, NULL, 3));
	REC(write(c->cl, "world", 5));
	compat_arrived(c->sv, 5);
	REC(read(c->sv, NULL, 5));
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
}

static void read_write_short(struct compat *c)
{
	char buf[64];

	REC(write(c->cl, "abcdefghij", 10));
	compat_arrived(c->sv, 10);
	REC_RECV(read(c->sv, buf, 3), buf);
	REC_RECV(recv(c->sv, buf, 4, 0), buf);
	REC_RECV(recvfrom(c->sv, buf, 64, 0, NULL, NULL), buf);
	REC_RECV(recv(c->sv, buf, 4, MSG_DONTWAIT), buf);
}

static void positioned(struct compat *c)
{
	struct iovec iov = { (char []){ "x" }, 1 };
	char buf[8];

	REC(pwrite(c->cl, "x", 1, 0));
	REC(pread(c->sv, buf, 1, 0));
	REC(pwritev(c->cl, &iov, 1, 0));
	REC(preadv(c->sv, &iov, 1, 0));
	REC(pwritev2(c->cl, &iov, 1, -1, 0));
	compat_arrived(c->sv, 1);
	REC(preadv2(c->sv, &iov, 1, -1, 0));
	REC(preadv2(c->sv, &iov, 1, -1, RWF_NOWAIT));
	REC(lseek(c->cl, 0, SEEK_SET));
	REC(lseek(c->cl, 0, SEEK_CUR));
	REC(ftruncate(c->cl, 0));
	REC(fsync(c->cl));
	REC(fdatasync(c->cl));
	REC(fallocate(c->cl, 0, 0, 1));
	REC(posix_fadvise(c->cl, 0, 0, POSIX_FADV_NORMAL));
}

static void positioned_flags(struct compat *c)
{
	struct iovec iov = { (char []){ "x" }, 1 };

	REC(preadv2(c->sv, &iov, 1, 0, 0));
	REC(pwritev2(c->cl, &iov, 1, 0, 0));
	/* Not every kernel can. */
	if (REC(pwritev2(c->cl, &iov, 1, -1, RWF_NOWAIT)) == 1)
		compat_arrived(c->sv, 1);
	REC(preadv2(c->sv, &iov, 1, -1, RWF_NOWAIT));
	REC(pwritev2(c->cl, &iov, 1, -1, RWF_DSYNC));
	compat_arrived(c->sv, 1);
	REC(preadv2(c->sv, &iov, 1, -1, RWF_HIPRI));
	REC(pwritev2(c->cl, &iov, 1, -1, RWF_APPEND));
	REC(pwritev2(c->cl, &iov, 1, -1, 1 << 30));
	REC(preadv2(c->sv, &iov, 1, -1, 1 << 30));
}

/* Nothing to move: each call has its own idea of that. */
static void zero_lengths(struct compat *c)
{
	struct iovec none[2] = { { NULL, 0 }, { (void *)1, 0 } };
	struct msghdr empty = { 0 };
	struct msghdr msg = { .msg_iov = none, .msg_iovlen = 2 };
	char buf[8];

	REC(read(c->sv, NULL, 0));
	REC(readv(c->sv, none, 2));
	REC(readv(c->sv, none, 0));
	REC(writev(c->cl, none, 2));
	REC(writev(c->cl, none, 0));
	REC(sendmsg(c->cl, &empty, 0));
	REC(sendmsg(c->cl, &msg, 0));
	REC(recv(c->sv, buf, 0, MSG_DONTWAIT));
	REC(recvmsg(c->sv, &empty, MSG_DONTWAIT));
	REC(recvmsg(c->sv, &msg, MSG_DONTWAIT));
	REC(write(c->cl, "abc", 3));
	compat_arrived(c->sv, 3);
	REC(read(c->sv, buf, 0));
	REC(readv(c->sv, none, 2));
	REC(recv(c->sv, buf, 0, 0));
	REC(recv(c->sv, NULL, 0, MSG_PEEK));
	REC(recvmsg(c->sv, &empty, 0));
	REC(recvmsg(c->sv, &msg, 0));
	REC_RECV(read(c->sv, buf, sizeof(buf)), buf);
}

/* More than can be: SIZE_MAX is hidden from the compiler, which would warn. */
static void huge_lengths(struct compat *c)
{
	volatile size_t huge = SIZE_MAX, half = SSIZE_MAX;
	/* A stack may be so near the end that 2 GB more are no address. */
	static char buf[64];

	REC(write(c->cl, "abc", huge));
	REC(write(c->cl, "abc", half));
	REC(read(c->cl, buf, huge));
	REC(read(c->cl, buf, half));
	REC(recv(c->cl, buf, huge, MSG_DONTWAIT));
	REC(write(c->sv, "abcde", 5));
	compat_arrived(c->cl, 5);
	REC(read(c->cl, buf, huge));
	REC_RECV(recv(c->cl, buf, huge, MSG_PEEK), buf);
	REC_RECV(recv(c->cl, buf, half, 0), buf);
}

/* One call moves no more than 2 GB, less a page; nothing is ever written. */
static void huge_buffers(struct compat *c)
{
	const size_t size = 3ul << 30;
	char *big = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	COMPAT_MUST(big != MAP_FAILED);
	COMPAT_MUST(!net_nonblock(c->cl));
	REC_SOME(write(c->cl, big, size));
	REC_SOME(recv(c->sv, big, size, 0));
	REC(write(c->sv, "abcde", 5));
	compat_arrived(c->cl, 5);
	REC_RECV(read(c->cl, big, size), big);
	REC(write(c->sv, "abcde", 5));
	compat_arrived(c->cl, 5);
	REC_RECV(recv(c->cl, big, size, 0), big);
}

static long send_somehow(int fd, void *buf, size_t len, int how)
{
	struct iovec iov[2] = { { buf, len / 3 },
				{ (char *)buf + len / 3, len - len / 3 } };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = iov, .msg_iovlen = 2 } };

	switch (how % 6) {
	case 0:
		return REC(write(fd, buf, len));
	case 1:
		return REC(send(fd, buf, len, 0));
	case 2:
		return REC(sendto(fd, buf, len, 0, NULL, 0));
	case 3:
		return REC(writev(fd, iov, 2));
	case 4:
		return REC(sendmsg(fd, &m.msg_hdr, 0));
	}
	REC(sendmmsg(fd, &m, 1, 0));
	return m.msg_len;
}

static void receive_somehow(int fd, void *buf, size_t len, int how)
{
	struct iovec iov[2] = { { buf, len / 3 },
				{ (char *)buf + len / 3, len - len / 3 } };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = iov, .msg_iovlen = 2 } };

	switch (how % 6) {
	case 0:
		REC_RECV(read(fd, buf, len), (char *)buf);
		return;
	case 1:
		REC_RECV(recv(fd, buf, len, 0), (char *)buf);
		return;
	case 2:
		REC_RECV(recvfrom(fd, buf, len, 0, NULL, NULL), (char *)buf);
		return;
	case 3:
		REC_RECV(readv(fd, iov, 2), (char *)buf);
		return;
	case 4:
		REC_RECV(recvmsg(fd, &m.msg_hdr, 0), (char *)buf);
		return;
	}
	REC(recvmmsg(fd, &m, 1, 0, NULL));
	rec_bytes("recvmmsg", buf, m.msg_len);
}

/* Every call in turn, each way, until long after the rings have come. */
static void every_call(struct compat *c)
{
	static char out[2000], in[2000];
	int i, way;

	for (i = 0; i < 36; i++) {
		for (way = 0; way < 2; way++) {
			const int from = way ? c->sv : c->cl;
			const int to = way ? c->cl : c->sv;
			const size_t len = 1 + i * 53;

			net_fill(out, len, i, way);
			compat_arrived(to, send_somehow(from, out, len, i));
			receive_somehow(to, in, sizeof(in), i / 6 + i);
		}
	}
}

/* Bytes that nobody has read yet when the rings come. */
static void unread_behind(struct compat *c)
{
	static char out[5000], in[5000];
	int i, sum = 0;

	for (i = 0; i < 30; i++) {
		net_fill(out, 100 + i, 1, i);
		REC(write(c->cl, out, 100 + i));
		REC(write(c->sv, out, 10));
		compat_arrived(c->cl, 10);
		REC_RECV(read(c->cl, in, sizeof(in)), in);
		sum += 100 + i;
		compat_arrived(c->sv, sum);
	}
	REC_RECV(recv(c->sv, in, sizeof(in), MSG_PEEK | MSG_DONTWAIT), in);
	REC_RECV(read(c->sv, in, sizeof(in)), in);
	REC_RECV(recv(c->sv, in, sizeof(in), MSG_DONTWAIT), in);
}

/* One byte at a time, and reads of all sizes. */
static void single_bytes(struct compat *c)
{
	char buf[200];
	int i;

	for (i = 0; i < 200; i++) {
		const char byte = i;

		compat_send(c->cl, &byte, 1);
	}
	compat_arrived(c->sv, 200);
	for (i = 0; i < 18; i++)
		REC_RECV(read(c->sv, buf, i + 1), buf);
	net_fill(buf, sizeof(buf), 1, 0);
	compat_send(c->sv, buf, sizeof(buf));
	REC_RECV(recv(c->cl, buf, 200, MSG_WAITALL), buf);
	REC_RECV(recv(c->sv, buf, 29, MSG_DONTWAIT), buf);
	REC_RECV(recv(c->sv, buf, 29, MSG_DONTWAIT), buf);
}

const struct compat_test compat_tests[] = {
	COMPAT(read_write),
	COMPAT(read_write_short),
	COMPAT(positioned),
	COMPAT(positioned_flags),
	COMPAT(zero_lengths),
	COMPAT(huge_lengths),
	COMPAT(huge_buffers),
	COMPAT(every_call),
	COMPAT(unread_behind),
	COMPAT(single_bytes),

	COMPAT(one_big_write),
	COMPAT(full_then_drained),
	COMPAT(both_ways),
	COMPAT(blocked_writer),
	COMPAT(big_vectors),
	COMPAT(send_timeout),
	COMPAT(receive_timeout),

	COMPAT(fortified),
	COMPAT(fortified_poll),
	COMPAT(fortified_overflow),
	COMPAT(other_names),
	COMPAT(by_number),

	COMPAT(vectors),
	COMPAT(vector_counts),
	COMPAT(vector_lengths),
	COMPAT(long_vectors),
	COMPAT(bad_vectors),
	COMPAT(bad_addresses),
	COMPAT(unmapped_vectors),
	COMPAT(unmapped_buffers),
	COMPAT(unmapped_rest),
	COMPAT(unmapped_to_write),

	COMPAT(send_to),
	COMPAT(send_to_bad),
	COMPAT(receive_from),
	COMPAT(send_msg),
	COMPAT(send_control),
	COMPAT(send_bad_control),
	COMPAT(receive_msg),
	COMPAT(bad_messages),

	COMPAT(send_mmsg),
	COMPAT(send_mmsg_fails),
	COMPAT(receive_mmsg),
	COMPAT(receive_mmsg_waits),
	COMPAT(receive_mmsg_timeout),
	COMPAT(receive_mmsg_ends),

	COMPAT(when_idle),
	COMPAT_WITH(when_unconnected, COMPAT_ALONE),
	COMPAT_WITH(when_listening, COMPAT_ALONE),
	COMPAT_WITH(when_peer_shut, COMPAT_ALONE),
	COMPAT_WITH(when_peer_closed, COMPAT_ALONE),
	COMPAT_WITH(when_reset, COMPAT_ALONE),
	COMPAT_WITH(when_reset_unread, COMPAT_ALONE),
	COMPAT_WITH(when_shut_wr, COMPAT_ALONE),
	COMPAT_WITH(when_shut_rd, COMPAT_ALONE),
	COMPAT_WITH(when_shut_both, COMPAT_ALONE),
	COMPAT_WITH(when_closed, COMPAT_ALONE),
	{ }
};
