/* SPDX-License-Identifier: GPL-2.0-only */
/* One socket and several users of it; and numbers that are used again. */
#ifndef COMPAT_SHARING_H
#define COMPAT_SHARING_H

#include <spawn.h>

#include "compat.h"

#define SHARE_COUNT(array)	(sizeof(array) / sizeof(*(array)))

/**
 * struct share_talk - a conversation that can be gone on with anywhere
 * @cl:		one end
 * @sv:		the other
 * @up:		bytes from @cl to @sv so far
 * @down:	the other way
 */
struct share_talk {
	int cl;
	int sv;
	uint64_t up;
	uint64_t down;
};

/* Messages each way, as many as take a cold connection to its rings. */
void share_exchange(struct share_talk *t, const char *when);
/* One message from @from to @to. */
void share_message(int from, int to, uint64_t *pos, size_t len);
/* One more connection, used already, in c->cl and c->sv. */
struct share_talk share_open(struct compat *c);
/* Both ends, without TIME_WAIT. */
void share_close(struct share_talk *t);

/* The path of a file that was built beside this program. */
const char *share_beside(const char *name);
/* Starts a program with these words, in this environment or our own. */
pid_t share_start_words(char **env, const char *program,
			const char *const *words);
#define share_start(env, program, ...) \
	share_start_words(env, program, \
			  (const char *const []){ __VA_ARGS__, NULL })
/* The end of a process, as a line. */
void share_wait(const char *what, pid_t pid);
/* The same environment, without what matters here. */
char **share_env(const char *preload);
/* What names this family of sockets to the child program. */
const char *share_family(const struct compat *c);
const char *share_ip(const struct compat *c);
/* In a child of fork(): the rest of it is not the test's. */
__attribute__((noreturn))
void share_leave(void);

/* sharing_number.c: second numbers for one socket */
void dup_both(struct compat *c);
void dup_over(struct compat *c);
void dup_errors(struct compat *c);
void dup_by_number(struct compat *c);
void by_syscall(struct compat *c);
void two_of_each(struct compat *c);

/* sharing_reuse.c: no byte to the wrong file */
void reused(struct compat *c);
void reused_held(struct compat *c);
void reused_by_dup(struct compat *c);
void reused_above(struct compat *c);
void reused_by_stdio(struct compat *c);
void reused_by_daemon(struct compat *c);
void reused_unshared(struct compat *c);

/* sharing_process.c: fork and its kind */
void fork_before_connect(struct compat *c);
void fork_after_connect(struct compat *c);
void fork_before_accept(struct compat *c);
void fork_takes_turns(struct compat *c);
void fork_closes(struct compat *c);
void fork_of_fork(struct compat *c);
void pre_forked(struct compat *c);
void vfork_closes(struct compat *c);
void passed_to_itself(struct compat *c);
void child_by_clone(struct compat *c);

/* sharing_exec.c: other programs */
void exec_keeps(struct compat *c);
void exec_closes(struct compat *c);
void exec_in_place(struct compat *c);
void spawned(struct compat *c);
void spawned_as_stdio(struct compat *c);
void spawned_without(struct compat *c);
void passed_to_program(struct compat *c);
void passed_without(struct compat *c);
void vforked(struct compat *c);

/* sharing_threads.c: at the same time */
void writes_whole(struct compat *c);
void vectors_whole(struct compat *c);
void readers_many(struct compat *c);
void both_ways_at_once(struct compat *c);
void many_of_each(struct compat *c);
void forked_writers(struct compat *c);

#endif /* COMPAT_SHARING_H */
