// SPDX-License-Identifier: GPL-2.0
/* What the unit tests share: connections, bytes, memory, failures. */
#include "compat.h"

#include <kunit/resource.h>
#include <linux/file.h>
#include <linux/in6.h>
#include <linux/kthread.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sdirect.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "fixture_test.h"
#include "lease.h"
#include "rendezvous.h"
#include "stream.h"

/* --- connections --- */

static int loopback(int family, struct sockaddr_storage *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;

	memset(addr, 0, sizeof(*addr));
	if (family == PF_INET6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = in6addr_loopback;
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

static void limit(struct socket *sock)
{
	sock->sk->sk_rcvtimeo = TEST_LIMIT;
	sock->sk->sk_sndtimeo = TEST_LIMIT;
}

int test_name(struct socket *sock, struct sockaddr_storage *addr)
{
	return kernel_getsockname(sock, (struct sockaddr *)addr);
}

int test_bound(int family, struct socket **sock)
{
	struct sockaddr_storage addr;
	int len = loopback(family, &addr);
	int err = sock_create_kern(&init_net, family, SOCK_STREAM,
				   family == PF_SDIRECT ? 0 : IPPROTO_TCP,
				   sock);

	if (err) {
		*sock = NULL;
		return err;
	}
	limit(*sock);
	return kernel_bind(*sock, (struct sockaddr *)&addr, len);
}

int test_listen(struct test_conn *conn, int family)
{
	int err = test_bound(family, &conn->listener);

	return err ? err : kernel_listen(conn->listener, 4);
}

int test_connect(struct test_conn *conn, int family)
{
	struct sockaddr_storage addr;
	int err, len;

	err = test_listen(conn, family);
	if (!err)
		err = test_bound(family, &conn->end[0]);
	if (err)
		return err;
	len = test_name(conn->listener, &addr);
	if (len < 0)
		return len;
	err = kernel_connect(conn->end[0], (struct sockaddr *)&addr, len, 0);
	if (!err)
		err = kernel_accept(conn->listener, &conn->end[1], 0);
	if (!err)
		limit(conn->end[1]);
	return err;
}

static void close_one(struct socket *sock)
{
	if (!sock)
		return;
	if (!sock->file) {
		sock_release(sock);
		return;
	}
	/* Now, not when this thread is next idle. */
	fput(sock->file);
	flush_delayed_fput();
}

void test_close(struct test_conn *conn)
{
	close_one(conn->end[0]);
	close_one(conn->end[1]);
	close_one(conn->listener);
	memset(conn, 0, sizeof(*conn));
}

static int conn_init(struct kunit_resource *res, void *family)
{
	struct test_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);
	int err;

	if (!conn)
		return -ENOMEM;
	err = test_connect(conn, *(int *)family);
	if (err) {
		test_close(conn);
		kfree(conn);
		return err;
	}
	res->data = conn;
	return 0;
}

static void conn_free(struct kunit_resource *res)
{
	test_close(res->data);
	kfree(res->data);
}

struct test_conn *test_connected(struct kunit *test, int family)
{
	struct test_conn *conn = kunit_alloc_resource(test, conn_init,
						      conn_free, GFP_KERNEL,
						      &family);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, conn);
	return conn;
}

struct end_of {
	struct sock *sk;
	bool active;
};

/* As if its first number had been chosen by us. */
static void know_secret(struct sdr_sock *ss)
{
	struct sdr_key key;

	lock_sock(ss->sk);
	sdr_key_read(ss->sk, true, &key);
	ss->secret = key.mine;
	release_sock(ss->sk);
}

static int end_init(struct kunit_resource *res, void *context)
{
	struct end_of *of = context;

	if (sdr_sk(of->sk)) {
		/* The state beside that of the socket. */
		res->data = sdr_sock_alloc(of->sk, of->active);
	} else {
		sdr_sock_create(of->sk, of->active);
		res->data = sdr_sk(of->sk);
	}
	if (!res->data)
		return -ENOMEM;
	lock_sock(of->sk);
	sdr_sock_take_over(res->data);
	release_sock(of->sk);
	if (of->active)
		know_secret(res->data);
	return 0;
}

static void end_free(struct kunit_resource *res)
{
	sdr_sock_destroy(res->data);
}

struct sdr_sock *test_end(struct kunit *test, struct sock *sk, bool active)
{
	struct end_of of = { .sk = sk, .active = active };
	struct sdr_sock *ss = kunit_alloc_resource(test, end_init, end_free,
						   GFP_KERNEL, &of);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ss);
	return ss;
}

void test_preset(struct sock *sk, u32 *secret)
{
	lock_sock(sk);
	sdr_key_preset(sk, secret);
	release_sock(sk);
}

void test_meet(struct sdr_sock *ss)
{
	lock_sock(ss->sk);
	sdr_rendezvous_try(ss);
	release_sock(ss->sk);
}

bool test_leave(struct sdr_sock *ss)
{
	bool alone;

	lock_sock(ss->sk);
	alone = sdr_rendezvous_leave(ss);
	release_sock(ss->sk);
	return alone;
}

bool test_seal(struct sdr_sock *ss)
{
	bool sealed;

	lock_sock(ss->sk);
	sealed = sdr_stream_seal_now(ss);
	release_sock(ss->sk);
	return sealed;
}

/* --- bytes --- */

u8 test_byte(u64 pos)
{
	return (pos * 0x9e3779b97f4a7c15ull) >> 56;
}

void test_fill(void *to, u64 pos, size_t n)
{
	u8 *at = to;

	while (n--)
		*at++ = test_byte(pos++);
}

bool test_same(const void *from, u64 pos, size_t n)
{
	const u8 *at = from;

	while (n--)
		if (*at++ != test_byte(pos++))
			return false;
	return true;
}

int test_tcp_send(struct sock *sk, u64 pos, size_t n, int flags)
{
	struct msghdr msg = { .msg_flags = flags | MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = kmalloc(n, GFP_KERNEL), .iov_len = n };
	int ret;

	if (!vec.iov_base)
		return -ENOMEM;
	test_fill(vec.iov_base, pos, n);
	iov_iter_kvec(&msg.msg_iter, WRITE, &vec, 1, n);
	ret = tcp_sendmsg(sk, &msg, n);
	kfree(vec.iov_base);
	return ret;
}

int test_tcp_recv(struct sock *sk, u64 pos, size_t n, int flags)
{
	struct msghdr msg = { };
	struct kvec vec = { .iov_base = kmalloc(n, GFP_KERNEL), .iov_len = n };
	int ret, addr_len = 0;

	if (!vec.iov_base)
		return -ENOMEM;
	iov_iter_kvec(&msg.msg_iter, READ, &vec, 1, n);
	ret = tcp_recvmsg(sk, &msg, n, flags | MSG_WAITALL, &addr_len);
	if (ret > 0 && !test_same(vec.iov_base, pos, ret))
		ret = -EILSEQ;
	kfree(vec.iov_base);
	return ret;
}

int test_send(struct socket *sock, u64 pos, size_t n, int flags)
{
	struct msghdr msg = { .msg_flags = flags | MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = kvmalloc(n, GFP_KERNEL), .iov_len = n };
	int ret;

	if (!vec.iov_base)
		return -ENOMEM;
	test_fill(vec.iov_base, pos, n);
	ret = kernel_sendmsg(sock, &msg, &vec, 1, n);
	kvfree(vec.iov_base);
	return ret;
}

int test_recv(struct socket *sock, u64 pos, size_t n, int flags)
{
	struct kvec vec = { .iov_base = kvzalloc(n, GFP_KERNEL), .iov_len = n };
	struct msghdr msg = { };
	int ret;

	if (!vec.iov_base)
		return -ENOMEM;
	ret = kernel_recvmsg(sock, &msg, &vec, 1, n, flags);
	if (ret > 0 && !(flags & MSG_TRUNC) &&
	    !test_same(vec.iov_base, pos, ret))
		ret = -EILSEQ;
	kvfree(vec.iov_base);
	return ret;
}

ssize_t test_put(struct sdr_sock *ss, u64 pos, size_t n)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	struct kvec vec = { .iov_base = kmalloc(n, GFP_KERNEL), .iov_len = n };
	ssize_t ret = -ENOMEM;

	if (!vec.iov_base)
		return ret;
	test_fill(vec.iov_base, pos, n);
	iov_iter_kvec(&msg.msg_iter, WRITE, &vec, 1, n);
	lock_sock(ss->sk);
	ret = sdr_stream_send(ss, &msg, n);
	release_sock(ss->sk);
	kfree(vec.iov_base);
	return ret;
}

ssize_t test_take(struct sdr_sock *ss, u64 pos, size_t n, int flags)
{
	struct kvec vec = { .iov_base = kzalloc(n, GFP_KERNEL), .iov_len = n };
	struct msghdr msg = { };
	ssize_t ret = -ENOMEM;

	if (!vec.iov_base)
		return ret;
	iov_iter_kvec(&msg.msg_iter, READ, &vec, 1, n);
	ret = sdr_stream_recv(ss, &msg, n, flags);
	if (ret > 0 && !test_same(vec.iov_base, pos, ret))
		ret = -EILSEQ;
	kfree(vec.iov_base);
	return ret;
}

/* --- memory of a process --- */

/* That of the loader, and of whoever has started it. */
static struct mm_struct *test_mm[2];

int test_mm_init(struct kunit_suite *suite)
{
	struct task_struct *parent;

	/* The loader waits until all suites have run; its parent need not. */
	if (!current->mm)
		return 0;
	mmget(current->mm);
	test_mm[0] = current->mm;
	rcu_read_lock();
	parent = rcu_dereference(current->real_parent);
	get_task_struct(parent);
	rcu_read_unlock();
	test_mm[1] = get_task_mm(parent);
	put_task_struct(parent);
	return 0;
}

void test_mm_exit(struct kunit_suite *suite)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (test_mm[i])
			mmput(test_mm[i]);
		test_mm[i] = NULL;
	}
}

bool test_mm_use(struct kunit *test)
{
	if (!test_mm[0] || !test_mm[1] || test_mm[0] == test_mm[1] ||
	    !(current->flags & PF_KTHREAD)) {
		kunit_mark_skipped(test, "no two processes to borrow from");
		return false;
	}
	kthread_use_mm(test_mm[0]);
	return true;
}

void test_mm_unuse(void)
{
	kthread_unuse_mm(current->mm);
}

void test_mm_switch(int other)
{
	test_mm_unuse();
	kthread_use_mm(test_mm[other]);
}

/* --- who pays --- */

static struct sdr_payer root;

const struct sdr_payer *test_payer(void)
{
	return &root;
}

int test_payer_init(void)
{
	root.quota = sdr_quota_find(GLOBAL_ROOT_UID);
	return root.quota ? 0 : -ENOMEM;
}

void test_payer_exit(void)
{
	sdr_quota_put(root.quota);
	sdr_payer_exit();
}

/* --- failures --- */

bool test_can_fail(struct kunit *test)
{
	struct page *page;
	void *mem;

	test_fail_nth(1);
	mem = kmalloc(8, GFP_KERNEL_ACCOUNT);
	test_fail_nth(1);
	page = sdr_payer_page(test_payer());
	test_fail_nth(0);
	kfree(mem);
	if (page)
		__free_page(page);
	if (!mem && !page)
		return true;
	kunit_mark_skipped(test, "no failslab and fail_page_alloc for GFP_KERNEL");
	return false;
}

u64 test_counted(enum sdr_stat id)
{
	struct sdr_stats stats;

	sdr_stats_sum(&init_net, &stats);
	return stats.v[id];
}
