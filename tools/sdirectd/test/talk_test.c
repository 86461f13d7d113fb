// SPDX-License-Identifier: GPL-2.0-only
/* Tests of what the module is told and says, and of the control socket. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>

#include "../control.h"
#include "../exe.h"
#include "../nets.h"
#include "../parse.h"
#include "../query.h"
#include "../wire.h"
#include "fake.h"
#include "suite.h"

#define ROUNDS	20000

static wide_t net_address(const struct sdirect_policy_net *net)
{
	wide_t addr = 0;
	size_t i;

	for (i = 0; i < sizeof(net->addr); i++)
		addr = addr << 8 | net->addr[i];
	return addr;
}

/* One behind the other, and together just the range. */
static void expect_nets(wide_t first, wide_t last)
{
	struct sdirect_policy_net nets[256];
	struct ranges set = { 0 };
	wide_t next = first, rest;
	size_t i, n;

	assert_int_equal(ranges_add(&set, first, last), 0);
	n = nets_of(&set, NULL);
	assert_in_range(n, 1, 254);
	assert_int_equal(nets_of(&set, nets), n);
	for (i = 0; i < n; i++) {
		rest = nets[i].len == 128 ? 0 : WIDE_MAX >> nets[i].len;
		assert_true(net_address(&nets[i]) == next);
		assert_false(next & rest);
		assert_int_equal(nets[i].zero, 0);
		next += rest + 1;
	}
	assert_true(next == last + 1);
	ranges_free(&set);
}

void test_nets(void **state)
{
	wide_t a, b;
	int i;

	(void)state;
	expect_nets(0, WIDE_MAX);
	expect_nets(0, 0);
	expect_nets(WIDE_MAX, WIDE_MAX);
	expect_nets(1, WIDE_MAX - 1);
	expect_nets(1, WIDE_MAX);
	srand(1);
	for (i = 0; i < ROUNDS; i++) {
		a = (wide_t)rand() << (rand() % 98);
		b = a + ((wide_t)rand() << (rand() % 97));
		expect_nets(a < b ? a : b, a < b ? b : a);
	}
}

/* What a message says of a rule. */
struct told {
	uint32_t verdict;
	uint32_t number;
	uint32_t same;
	uint32_t fields;
	size_t entries;
};

static void read_condition(const struct nlattr *nest, struct told *told)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == SDIRECT_A_COND_FIELD)
			told->fields |= 1u << mnl_attr_get_u8(attr);
		if (mnl_attr_get_type(attr) == SDIRECT_A_COND_RANGES)
			told->entries += mnl_attr_get_payload_len(attr) /
				sizeof(struct sdirect_policy_range);
		if (mnl_attr_get_type(attr) == SDIRECT_A_COND_NETS)
			told->entries += mnl_attr_get_payload_len(attr) /
				sizeof(struct sdirect_policy_net);
	}
}

static struct told tell(const char *text, size_t set_max)
{
	static char buf[2 * WIRE_ROOM] __attribute__((aligned(8)));
	struct complaints complaints = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	const struct nlattr *rule, *attr;
	struct told told = { 0 };
	struct policy policy;

	fake_text = text;
	fake_len = strlen(text);
	assert_int_equal(policy_init(&policy), 0);
	assert_int_equal(policy_parse(&policy, "p", &fake_world, &complaints),
			 0);
	assert_true(wire_rule(nlh, policy.rule, 7, set_max));
	assert_in_range(nlh->nlmsg_len, 1, WIRE_ROOM);
	rule = mnl_nlmsg_get_payload(nlh);
	mnl_attr_for_each_nested(attr, rule) {
		if (mnl_attr_get_type(attr) == SDIRECT_A_RULE_VERDICT)
			told.verdict = mnl_attr_get_u8(attr);
		if (mnl_attr_get_type(attr) == SDIRECT_A_RULE_NUMBER)
			told.number = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == SDIRECT_A_RULE_SAME)
			told.same = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == SDIRECT_A_RULE_COND)
			read_condition(attr, &told);
	}
	assert_int_equal(told.entries, wire_entries(policy.rule, set_max));
	assert_int_equal(told.verdict == SDIRECT_VERDICT_ASK,
			 wire_asks(policy.rule, set_max));
	complaints_free(&complaints);
	policy_free(&policy);
	return told;
}

static void test_small_rules(void)
{
	struct told told;

	told = tell("deny to port { 80, 443 } from user != 5", 2048);
	assert_int_equal(told.verdict, SDIRECT_VERDICT_DENY);
	assert_int_equal(told.number, 7);
	assert_int_equal(told.fields, 1 << SDIRECT_FIELD_TO_PORT |
			 1 << SDIRECT_FIELD_FROM_UID);
	assert_int_equal(told.entries, 4);
	told = tell("deny to port { 80, 443 } from user != 5", 1);
	assert_int_equal(told.verdict, SDIRECT_VERDICT_ASK);
	assert_int_equal(told.fields, 0);
	told = tell("direct both exe a to addr 10.0.0.1-10.0.0.2 same netns",
		    2048);
	assert_int_equal(told.verdict, SDIRECT_VERDICT_ASK);
	assert_int_equal(told.fields, 1 << SDIRECT_FIELD_TO_ADDR);
	assert_int_equal(told.entries, 2);
	assert_int_equal(told.same, SDIRECT_SAME_NETNS);
	told = tell("tcp carrier { local, rdma }", 2048);
	assert_int_equal(told.verdict, SDIRECT_VERDICT_TCP);
	assert_int_equal(told.fields, 1 << SDIRECT_FIELD_CARRIER);
}

/* More than fits into a message is left out, and asked for. */
void test_wire(void **state)
{
	char *text = malloc(100000);
	struct told told;
	int i;

	(void)state;
	test_small_rules();
	assert_non_null(text);
	strcpy(text, "define a = { 0");
	for (i = 1; i < 1500; i++)
		sprintf(text + strlen(text), ", %d", 2 * i);
	strcat(text, " }\ndeny both port $a user 5\n");
	told = tell(text, 2048);
	assert_int_equal(told.verdict, SDIRECT_VERDICT_ASK);
	assert_int_equal(told.fields, 1 << SDIRECT_FIELD_TO_UID |
			 1 << SDIRECT_FIELD_FROM_UID);
	free(text);
}

static struct nlmsghdr *question(char *buf, uint32_t uid, bool whole)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	static const uint8_t addr[] = { 10, 1, 2, 3, 4 };
	struct nlattr *nest;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	mnl_attr_put_u64(nlh, SDIRECT_A_POLICY_ID, 1ull << 40);
	mnl_attr_put_u32(nlh, SDIRECT_A_POLICY_NUMBER, 3);
	nest = mnl_attr_nest_start(nlh, SDIRECT_A_POLICY_FROM);
	mnl_attr_put(nlh, SDIRECT_A_END_ADDR, whole ? 4 : 5, addr);
	mnl_attr_put_u16(nlh, SDIRECT_A_END_PORT, 0x5000);
	mnl_attr_put_u32(nlh, SDIRECT_A_END_UID, uid);
	mnl_attr_put_strz(nlh, SDIRECT_A_END_CGROUP_PATH, "/a/b");
	mnl_attr_put_strz(nlh, SDIRECT_A_END_EXE, "/bin/sh");
	mnl_attr_put_u64(nlh, SDIRECT_A_END_EXE_DEV, 1ull << 41);
	mnl_attr_put_u64(nlh, SDIRECT_A_END_EXE_INO, 1ull << 42);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static int parsed(const struct nlmsghdr *nlh, void *data)
{
	unsigned int *accepted = data;
	struct query query;

	if (!query_parse(nlh, &query)) {
		++*accepted;
		/* To the end, where the sanitizer looks. */
		if (query.candidate.end[SIDE_FROM].cgroup)
			assert_in_range(strlen(query.candidate.end[SIDE_FROM].cgroup),
					0, 256);
	}
	return MNL_CB_OK;
}

static void fuzz_query(const struct nlmsghdr *good)
{
	const size_t skip = NLMSG_HDRLEN, len = good->nlmsg_len;
	unsigned int accepted = 0, round, hits;
	char *msg;

	for (round = 0; round < ROUNDS; round++) {
		msg = malloc(len);
		assert_non_null(msg);
		memcpy(msg, good, len);
		for (hits = 1 + rand() % 6; hits; hits--)
			msg[skip + rand() % (len - skip)] =
				rand() % 4 ? rand() : rand() % 24;
		parsed((struct nlmsghdr *)msg, &accepted);
		free(msg);
	}
	assert_in_range(accepted, 1, ROUNDS - 1);
}

void test_query(void **state)
{
	const struct end *from;
	struct query query;
	char buf[1024];

	(void)state;
	assert_int_equal(query_parse(question(buf, 1000, true), &query), 0);
	from = &query.candidate.end[SIDE_FROM];
	assert_true(query.id == 1ull << 40);
	assert_int_equal(query.number, 3);
	assert_true(from->addr == 0xffff0a010203);
	assert_int_equal(from->port, 80);
	assert_int_equal(from->user, 1000);
	assert_string_equal(from->cgroup, "/a/b");
	assert_int_equal(from->known, 1 << FIELD_ADDR | 1 << FIELD_PORT |
			 1 << FIELD_USER | 1 << FIELD_CGROUP | 1 << FIELD_EXE);
	assert_true(query.exe_dev[SIDE_FROM] == 1ull << 41);
	assert_true(query.exe_ino[SIDE_FROM] == 1ull << 42);
	query_verify(&query);
	assert_false(from->known & 1 << FIELD_EXE || from->exe_named);
	assert_int_equal(query.candidate.end[SIDE_TO].known, 0);
	assert_int_not_equal(query_parse(question(buf, 1, false), &query), 0);
	srand(1);
	fuzz_query(question(buf, 1000, true));
}

static bool answer(void *data, const char *word, FILE *out)
{
	int i;

	(void)data;
	/* More than any socket holds. */
	for (i = 0; i < 100000; i++)
		fprintf(out, "%s %d\n", word, i);
	return !strcmp(word, "good");
}

static int ask_from_child(const char *path, const char *word, bool wanted)
{
	bool good = !wanted;
	int lines = 0, c;
	FILE *in;

	in = control_ask(path, word, &good);
	if (!in)
		return 2;
	while ((c = getc(in)) != EOF)
		lines += c == '\n';
	fclose(in);
	return good != wanted || lines != 100000;
}

static int serve_until_end(struct control *control, pid_t child)
{
	struct pollfd polls[CONTROL_POLLS];
	int status, i;

	for (i = 0; i < 1000; i++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return status;
		control_poll(control, polls);
		poll(polls, CONTROL_POLLS, 100);
		control_serve(control, polls);
	}
	return -1;
}

/* In a file system where stat() and the kernel agree. */
static void expect_exe(const char *path, const struct stat *st, bool is,
		       bool roots)
{
	bool is_roots;

	assert_int_equal(exe_is(path, st->st_dev, st->st_ino, &is_roots), is);
	assert_int_equal(is_roots, roots);
}

void test_exe(void **state)
{
	char path[] = "/dev/shm/sdirectd-exe-XXXXXX", other[64];
	int fd = mkstemp(path);
	struct stat st, wrong;

	(void)state;
	assert_in_range(fd, 0, INT_MAX);
	assert_int_equal(fstat(fd, &st), 0);
	expect_exe(path, &st, true, !st.st_uid);
	assert_int_equal(fchmod(fd, 0720), 0);
	expect_exe(path, &st, true, false);
	wrong = st;
	wrong.st_ino++;
	expect_exe(path, &wrong, false, false);
	wrong = st;
	wrong.st_dev++;
	expect_exe(path, &wrong, false, false);
	snprintf(other, sizeof(other), "%s-link", path);
	assert_int_equal(symlink(path, other), 0);
	expect_exe(other, &st, false, false);
	unlink(other);
	unlink(path);
	expect_exe(path, &st, false, false);
	close(fd);
}

void test_control(void **state)
{
	char dir[] = "/tmp/sdirectd-check-XXXXXX", below[64], path[80];
	struct control control = { .answer = answer };
	pid_t child;
	int i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	/* The directory is made if it is missing, but not one above it. */
	snprintf(below, sizeof(below), "%s/made", dir);
	snprintf(path, sizeof(path), "%s/none/control", below);
	assert_int_equal(control_open(&control, path), -ENOENT);
	snprintf(path, sizeof(path), "%s/control", below);
	/* A second time, where one was left behind. */
	for (i = 0; i < 2; i++) {
		assert_int_equal(control_open(&control, path), 0);
		child = fork();
		if (!child)
			_exit(ask_from_child(path, i ? "good" : "bad", i));
		assert_true(child > 0);
		assert_int_equal(serve_until_end(&control, child), 0);
		control_close(&control);
	}
	unlink(path);
	assert_int_equal(rmdir(below), 0);
	rmdir(dir);
}
