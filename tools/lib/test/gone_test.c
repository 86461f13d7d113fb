// SPDX-License-Identifier: GPL-2.0-only
/* Holders of a set that do not come back, and children in the middle of one. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "attach.h"
#include "entry.h"
#include "fake.h"
#include "look.h"
#include "served.h"
#include "set.h"
#include "sys.h"

static struct sdi_set *set(void)
{
	return sdi_set_find(served_ep);
}

static sigjmp_buf back;

static void jump(int sig)
{
	siglongjmp(back, sig);
}

/* A handler that jumps out of whatever has the lock. */
static void gone__left_by_a_jump(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	signal(SIGUSR1, jump);
	if (!sigsetjmp(back, 1)) {
		assert_true(sdi_set_lock(set()));
		set()->inside = 1;
		pthread_kill(pthread_self(), SIGUSR1);
	}
	served_put("x");
	fake_wake(1);
	assert_int_equal(served_look(), EPOLLIN);
	served_kernel_has(EPOLLIN);
	assert_int_equal(fake.ctl[1]->rx_served, 0);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN | EPOLLRDHUP), 0);
	served_kernel_has(EPOLLIN | EPOLLRDHUP);
	/* He was only interrupted for long: nobody has taken it from him. */
	sdi_set_unlock(set());
	assert_null(sdi_entry_find(B)->member.set);
	assert_int_equal(set()->served, 0);
	served_kernel_has(EPOLLIN | EPOLLRDHUP);
}

static void change_and_look(int sig)
{
	(void)sig;
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN | EPOLLRDHUP), 0);
	fake_wake(1);
	assert_int_equal(served_look(), EPOLLIN);
}

/* One that uses the set on top of a call that has its lock. */
static void gone__used_by_a_handler(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	signal(SIGUSR1, change_and_look);
	assert_true(sdi_set_lock(set()));
	pthread_kill(pthread_self(), SIGUSR1);
	/* Who was interrupted goes on, and sees that it was given up. */
	assert_ptr_equal(sdi_entry_find(B)->member.set, set());
	assert_int_equal(sdi_look(sdi_entry_find(B), &(uint64_t){ 0 }),
			 SDI_LOOK_LEAVE);
	sdi_set_unlock(set());
	assert_int_equal(set()->served, 0);
	assert_null(sdi_entry_find(B)->member.set);
	served_kernel_has(EPOLLIN | EPOLLRDHUP);
	assert_int_equal(served_tell(EPOLL_CTL_DEL, B, 0), 0);
}

static void close_it(int sig)
{
	(void)sig;
	sdi_fd_drop(B);
	/* Its pages stay: somebody may look at them. */
	assert_int_equal(fake.mapped, 4);
}

static void gone__member_closed_by_a_handler(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	signal(SIGUSR1, close_it);
	assert_true(sdi_set_lock(set()));
	pthread_kill(pthread_self(), SIGUSR1);
	served_kernel_has(EPOLLIN);
	assert_int_equal(fake.ctl[1]->rx_served, 0);
	sdi_set_unlock(set());
	assert_int_equal(fake.mapped, 2);
}

static void close_set(int sig)
{
	(void)sig;
	sdi_fd_drop(served_ep);
	close(served_ep);
	/* Another has its number before the one who waited for it goes on. */
	assert_int_equal(epoll_create1(0), served_ep);
	sdi_set_note(served_ep);
	assert_int_equal(served_tell(EPOLL_CTL_ADD, B, EPOLLIN | EPOLLRDHUP), 0);
}

static void gone__closed_by_a_handler(void **state)
{
	struct sdi_set *s = set();

	(void)state;
	served_add(EPOLLIN);
	signal(SIGUSR1, close_set);
	assert_true(sdi_set_lock(s));
	pthread_kill(pthread_self(), SIGUSR1);
	assert_ptr_not_equal(set(), s);
	sdi_set_unlock(s);
	assert_int_equal(s->used, 0);
	served_kernel_has(EPOLLIN | EPOLLRDHUP);
}

/* ---- children ---- */

static int (*kernels_ctl)(int ep, int op, int fd, struct epoll_event *ev);
static pid_t child;

static void make_child(int sig)
{
	(void)sig;
	child = fork();
}

/* In the middle of something that a look at the set has to do. */
static int interrupted_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	sdi_sys.epoll_ctl = kernels_ctl;
	raise(SIGUSR1);
	return kernels_ctl(ep, op, fd, ev);
}

static int ended_well(void)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	return !status;
}

/* It goes on where its parent was. */
static void gone__child_of_a_handler(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	assert_int_equal(served_tell(EPOLL_CTL_ADD, A, EPOLLIN), 0);
	served_look();
	__atomic_store_n(&fake.kern->end[0].rx_closed, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&fake.kern->end[1].rx_closed, 1, __ATOMIC_SEQ_CST);
	kernels_ctl = sdi_sys.epoll_ctl;
	sdi_sys.epoll_ctl = interrupted_ctl;
	signal(SIGUSR1, make_child);
	served_look();
	if (!child)
		_exit(0);
	assert_true(ended_well());
}

/* One of vfork()'s finds another process's number where it looks for its own. */
static void gone__closed_by_a_guest(void **state)
{
	uint32_t pid = sdi_process->pid;

	(void)state;
	served_add(EPOLLIN);
	sdi_process->pid = pid + 1;
	sdi_fd_drop(served_ep);
	sdi_process->pid = pid;
	assert_int_equal(sdi_fd_known(served_ep), SDI_SET_FD);
	assert_int_equal(set()->served, 1);
}

static sem_t locked, done;

static void *lock_and_end(void *arg)
{
	assert_true(sdi_set_lock(arg));
	sem_post(&locked);
	return NULL;
}

static void *lock_and_stay(void *arg)
{
	lock_and_end(arg);
	while (sem_wait(&done))
		;
	sdi_set_unlock(arg);
	return NULL;
}

static pthread_t let_another(void *(*lock_it)(void *arg))
{
	pthread_t thread;

	sem_init(&locked, 0, 0);
	sem_init(&done, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, lock_it, set()), 0);
	while (sem_wait(&locked))
		;
	return thread;
}

static void gone__its_holder_has_ended(void **state)
{
	(void)state;
	served_add(EPOLLIN);
	pthread_join(let_another(lock_and_end), NULL);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN), 0);
	served_kernel_has(EPOLLIN);
	assert_int_equal(set()->served, 0);
	assert_int_equal(set()->owner.lock, 0);
}

/* It jumped away, and does something else. */
static void gone__its_holder_does_not_move(void **state)
{
	pthread_t thread;

	(void)state;
	served_add(EPOLLIN);
	thread = let_another(lock_and_stay);
	assert_int_equal(served_tell(EPOLL_CTL_MOD, B, EPOLLIN | EPOLLRDHUP), 0);
	served_kernel_has(EPOLLIN | EPOLLRDHUP);
	fake_wake(1);
	assert_int_equal(served_look(), EPOLLIN);
	sem_post(&done);
	pthread_join(thread, NULL);
	assert_int_equal(set()->served, 0);
	served_kernel_has(EPOLLIN | EPOLLRDHUP);
}

static void jump_out_of_poll(struct sdi_entry *e)
{
	signal(SIGUSR1, jump);
	if (sigsetjmp(back, 1))
		return;
	/* As in polled.c. */
	sdi_thread.held.frame = (uintptr_t)__builtin_frame_address(0);
	sdi_entry_hold(e);
	sdi_thread.held.entry[sdi_thread.held.count++] = e;
	pthread_kill(pthread_self(), SIGUSR1);
}

static void gone__poll_left_by_a_jump(void **state)
{
	(void)state;
	jump_out_of_poll(sdi_entry_find(B));
	sdi_fd_drop(B);
	assert_int_equal(fake.mapped, 2);
}

int run_gone_tests(void)
{
	const struct CMUnitTest tests[] = {
		SERVED_TEST(gone__left_by_a_jump),
		SERVED_TEST(gone__used_by_a_handler),
		SERVED_TEST(gone__member_closed_by_a_handler),
		SERVED_TEST(gone__closed_by_a_handler),
		SERVED_TEST(gone__child_of_a_handler),
		SERVED_TEST(gone__closed_by_a_guest),
		SERVED_TEST(gone__its_holder_has_ended),
		SERVED_TEST(gone__its_holder_does_not_move),
		SERVED_TEST(gone__poll_left_by_a_jump),
	};

	return cmocka_run_group_tests_name("gone", tests, NULL, NULL);
}
