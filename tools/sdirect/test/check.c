// SPDX-License-Identifier: GPL-2.0-only
/* Tests of what the sdirect command does without the module. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/sdirect.h>
#include <linux/sdirect_netlink.h>

#include "../conn.h"
#include "../counters.h"
#include "../holders.h"
#include "../json.h"
#include "../names.h"
#include "../table.h"
#include "../text.h"

#define FUZZ_ROUNDS	200000

static void expect_json(const char *value, const char *wanted)
{
	struct json json = { 0 };
	char *text = NULL;
	size_t size;

	json.out = open_memstream(&text, &size);
	assert_non_null(json.out);
	json_string(&json, NULL, value);
	fclose(json.out);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_json_strings(void **state)
{
	(void)state;
	expect_json("", "\"\"");
	expect_json("redis-server", "\"redis-server\"");
	expect_json("a\"b\\c/", "\"a\\\"b\\\\c/\"");
	expect_json("\x01\t\n\x1f\x7f", "\"\\u0001\\u0009\\u000a\\u001f\\u007f\"");
	/* Good UTF-8 stays: 2, 3 and 4 bytes, and the limits. */
	expect_json("\xc3\xa4", "\"\xc3\xa4\"");
	expect_json("\xc2\x80\xdf\xbf", "\"\xc2\x80\xdf\xbf\"");
	expect_json("\xe2\x82\xac!", "\"\xe2\x82\xac!\"");
	expect_json("\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"");
	/* Alone, cut off, overlong, a surrogate, beyond the last character. */
	expect_json("\x80x", "\"\\ufffdx\"");
	expect_json("\xe2\x82", "\"\\ufffd\\ufffd\"");
	expect_json("\xc0\xaf", "\"\\ufffd\\ufffd\"");
	expect_json("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	expect_json("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	expect_json("\xff", "\"\\ufffd\"");
}

static void test_json_structure(void **state)
{
	struct json json = { 0 };
	char *text = NULL;
	size_t size;

	(void)state;
	json.out = open_memstream(&text, &size);
	assert_non_null(json.out);
	json_open(&json, NULL, '[');
	json_open(&json, NULL, '{');
	json_uint(&json, "n", UINT64_MAX);
	json_open(&json, "list", '[');
	json_close(&json, ']');
	json_bool(&json, "yes", true);
	json_close(&json, '}');
	json_open(&json, NULL, '{');
	json_close(&json, '}');
	json_close(&json, ']');
	fclose(json.out);
	assert_string_equal(text, "[{\"n\": 18446744073709551615, \"list\": [], "
				  "\"yes\": true},\n{}]\n");
	free(text);
}

static void test_bytes(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { 1, "1" }, { 1023, "1023" }, { 1024, "1.0K" },
		{ 1535, "1.4K" }, { 1536, "1.5K" }, { 10239, "9.9K" },
		{ 10240, "10K" }, { 1048575, "1023K" }, { 1048576, "1.0M" },
		{ 3ull << 30, "3.0G" }, { 5ull << 40, "5.0T" },
		{ 1ull << 50, "1.0P" }, { UINT64_MAX, "15E" },
	};
	char buf[TEXT_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_bytes(buf, cases[i].n, false),
				    cases[i].text);
	assert_string_equal(text_bytes(buf, UINT64_MAX, true),
			    "18446744073709551615");
}

static void test_ends(void **state)
{
	struct in6_addr six = IN6ADDR_LOOPBACK_INIT;
	struct in_addr four = { htonl(0x7f000001) };
	char buf[TEXT_END], name[] = "a\x1b[2J\xc3\xa4z";

	(void)state;
	assert_string_equal(text_end(buf, AF_INET, &four, htons(6379), 0),
			    "127.0.0.1:6379");
	assert_string_equal(text_end(buf, AF_INET6, &six, htons(80), 0),
			    "[::1]:80");
	assert_string_equal(text_end(buf, AF_INET, &four, 0, 1),
			    "127.0.0.1%lo:*");
	assert_string_equal(text_end(buf, AF_INET6, &six, htons(65535),
				     4000000000u), "[::1%4000000000]:65535");
	assert_string_equal(text_printable(name), "a?[2J??z");
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(name_of_carrier(SDIRECT_CARRIER_LOCAL)->name,
			    "local");
	assert_string_equal(name_of_carrier(255)->name, "unknown");
	assert_string_equal(name_of_reason(SDIRECT_REASON_PEER_GONE)->name,
			    "peer-gone");
	assert_string_equal(name_of_reason(65535)->name, "unknown");
	assert_string_equal(name_of_state(0)->name, "unknown");
	assert_string_equal(name_of_state(10)->name, "LISTEN");
}

static void test_table(void **state)
{
	static const char * const cells[] = { "A", "NUM", "LAST", "long", "7",
					      "x" };
	struct table table = { .columns = 3, .align = "lrl" };
	char *text = NULL;
	size_t i, size;
	FILE *out;

	(void)state;
	for (i = 0; i < 6; i++)
		assert_int_equal(table_add(&table, cells[i]), 0);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	table_print(&table, out);
	fclose(out);
	table_free(&table);
	assert_string_equal(text, "A     NUM  LAST\nlong    7  x\n");
	free(text);
}

static void test_holders(void **state)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct holders holders;
	const struct holder *h;
	uint64_t inode;
	struct stat st;
	int copy;

	(void)state;
	assert_return_code(fd, 0);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
	assert_return_code(copy, 0);
	assert_return_code(fstat(fd, &st), 0);
	inode = st.st_ino;
	assert_int_equal(holders_find(&holders, &inode, 1), 0);
	assert_int_equal(holders.n, 2);
	h = holders_first(&holders, inode);
	assert_non_null(h);
	assert_int_equal(h[0].pid, getpid());
	assert_int_equal(h[0].fd, fd);
	assert_int_equal(h[1].fd, copy);
	assert_string_equal(h->name, "sdirect-check");
	assert_null(holders_first(&holders, inode - 1));
	assert_null(holders_first(&holders, inode + 1));
	holders_free(&holders);
	close(copy);
	close(fd);
}

static struct nlmsghdr *begin(char *buf)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = 0x20;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

/* A whole message about a connection, but for attribute @without. */
static struct nlmsghdr *conn_message(char *buf, int without, uint16_t family,
				     size_t addr_len)
{
	static const uint8_t addr[32] = { 127, 0, 0, 1 };
	struct nlmsghdr *nlh = begin(buf);
	const struct {
		uint16_t type;
		size_t len;
		uint64_t value;
	} ints[] = {
		{ SDIRECT_A_CONN_FAMILY, 2, family },
		{ SDIRECT_A_CONN_STATE, 1, 1 },
		{ SDIRECT_A_CONN_LOCAL_PORT, 2, 7 },
		{ SDIRECT_A_CONN_REMOTE_PORT, 2, 8 },
		{ SDIRECT_A_CONN_INODE, 8, 1ull << 40 },
		{ SDIRECT_A_CONN_UID, 4, 1000 },
		{ SDIRECT_A_CONN_TX_CARRIER, 1, 1 },
		{ SDIRECT_A_CONN_RX_CARRIER, 1, 0 },
		{ SDIRECT_A_CONN_REASON, 2, SDIRECT_REASON_COLD },
		{ SDIRECT_A_CONN_TX_BYTES, 8, 3 },
		{ SDIRECT_A_CONN_RX_BYTES, 8, UINT64_MAX },
		{ SDIRECT_A_CONN_TX_RING_BYTES, 8, 5 },
		{ SDIRECT_A_CONN_RX_RING_BYTES, 8, 6 },
		{ SDIRECT_A_CONN_MAX + 100, 8, 6 },
	};
	size_t i;

	for (i = 0; i < sizeof(ints) / sizeof(ints[0]); i++)
		if (ints[i].type != without)
			mnl_attr_put(nlh, ints[i].type, ints[i].len,
				     &ints[i].value);
	if (without != SDIRECT_A_CONN_LOCAL_ADDR)
		mnl_attr_put(nlh, SDIRECT_A_CONN_LOCAL_ADDR, addr_len, addr);
	if (without != SDIRECT_A_CONN_REMOTE_ADDR)
		mnl_attr_put(nlh, SDIRECT_A_CONN_REMOTE_ADDR, addr_len, addr);
	return nlh;
}

static void test_conn(void **state)
{
	struct conn conn;
	char buf[1024];

	(void)state;
	assert_int_equal(conn_parse(conn_message(buf, 0, AF_INET, 4), &conn),
			 0);
	assert_int_equal(conn.family, AF_INET);
	assert_int_equal(conn.local_addr[0], 127);
	assert_int_equal(conn.remote_port, 8);
	assert_true(conn.inode == 1ull << 40);
	assert_true(conn.rx_bytes == UINT64_MAX);
	assert_int_equal(conn.tx_carrier, SDIRECT_CARRIER_LOCAL);
	assert_int_equal(conn.reason, SDIRECT_REASON_COLD);
	assert_int_equal(conn.tx_ring_size, 0);
	assert_int_equal(conn_parse(conn_message(buf, 0, AF_INET6, 16), &conn),
			 0);
}

static void test_conn_broken(void **state)
{
	struct nlmsghdr *nlh;
	struct conn conn;
	char buf[1024];
	int type;

	(void)state;
	for (type = SDIRECT_A_CONN_FAMILY; type <= SDIRECT_A_CONN_RX_RING_BYTES;
	     type++) {
		if (type == SDIRECT_A_CONN_IFINDEX ||
		    type == SDIRECT_A_CONN_NETNS_COOKIE)
			continue;
		nlh = conn_message(buf, type, AF_INET, 4);
		assert_int_equal(conn_parse(nlh, &conn), -EBADMSG);
	}
	assert_int_equal(conn_parse(conn_message(buf, 0, AF_INET, 16), &conn),
			 -EBADMSG);
	assert_int_equal(conn_parse(conn_message(buf, 0, AF_INET6, 4), &conn),
			 -EBADMSG);
	assert_int_equal(conn_parse(conn_message(buf, 0, AF_INET6, 20), &conn),
			 -EBADMSG);
	assert_int_equal(conn_parse(conn_message(buf, 0, AF_UNIX, 4), &conn),
			 -EBADMSG);
	nlh = conn_message(buf, 0, AF_INET, 4);
	mnl_attr_put_u32(nlh, SDIRECT_A_CONN_STATE, 1);
	assert_int_equal(conn_parse(nlh, &conn), -EBADMSG);
	nlh->nlmsg_len = NLMSG_HDRLEN;
	assert_int_equal(conn_parse(nlh, &conn), -EBADMSG);
}

static struct nlmsghdr *stat_message(char *buf)
{
	struct nlmsghdr *nlh = begin(buf);
	struct nlattr *nest;

	mnl_attr_put_strz(nlh, SDIRECT_A_STAT_VERSION, SDIRECT_VERSION);
	mnl_attr_put_u32(nlh, SDIRECT_A_STAT_ABI_VERSION, 1);
	nest = mnl_attr_nest_start(nlh, SDIRECT_A_STAT_COUNTER);
	mnl_attr_put_strz(nlh, SDIRECT_A_COUNTER_NAME, "sleeps");
	mnl_attr_put_u64(nlh, SDIRECT_A_COUNTER_VALUE, UINT64_MAX - 1);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, SDIRECT_A_STAT_COUNTER);
	mnl_attr_put_strz(nlh, SDIRECT_A_COUNTER_NAME, "pairs");
	mnl_attr_put_u64(nlh, SDIRECT_A_COUNTER_VALUE, 2);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static void test_counters(void **state)
{
	struct counters stat = { 0 };
	struct nlmsghdr *nlh;
	char buf[1024];

	(void)state;
	assert_int_equal(counters_parse(stat_message(buf), &stat), 0);
	assert_string_equal(stat.version, SDIRECT_VERSION);
	assert_int_equal(stat.n, 2);
	assert_string_equal(stat.v[0].name, "sleeps");
	assert_true(stat.v[0].value == UINT64_MAX - 1);
	assert_int_equal(stat.v[1].value, 2);
	counters_free(&stat);

	/* A string without its end, and no version at all. */
	nlh = stat_message(buf);
	mnl_attr_put(nlh, SDIRECT_A_STAT_VERSION, 3, "1.0");
	assert_int_equal(counters_parse(nlh, &stat), -EBADMSG);
	counters_free(&stat);
	assert_int_equal(counters_parse(begin(buf), &stat), -EBADMSG);
	counters_free(&stat);
}

/*
 * Spoils messages at random; the sanitizers see what the parsers do.  The
 * length of the message stays: the kernel's framing is libmnl's to look at.
 */
static void fuzz(const struct nlmsghdr *good, mnl_cb_t cb, void *data,
		 void (*drop)(void *data), unsigned int *accepted)
{
	const size_t skip = sizeof(good->nlmsg_len);
	size_t len = good->nlmsg_len;
	unsigned int round, hits;
	char *msg;

	for (round = 0; round < FUZZ_ROUNDS; round++) {
		msg = malloc(len);
		assert_non_null(msg);
		memcpy(msg, good, len);
		for (hits = 1 + rand() % 6; hits; hits--)
			msg[skip + rand() % (len - skip)] =
				rand() % 4 ? rand() : rand() % 24;
		if (mnl_cb_run(msg, len, 0, 0, cb, data) > MNL_CB_STOP)
			++*accepted;
		drop(data);
		free(msg);
	}
}

static void drop_conns(void *data)
{
	conns_free(data);
}

static void drop_counters(void *data)
{
	counters_free(data);
}

static void test_fuzz(void **state)
{
	struct counters stat = { 0 };
	struct conns conns = { 0 };
	unsigned int accepted = 0;
	char buf[1024];

	(void)state;
	srand(1);
	fuzz(conn_message(buf, 0, AF_INET6, 16), conns_reply, &conns,
	     drop_conns, &accepted);
	/* Neither all nor none: then nothing would have been tried. */
	assert_in_range(accepted, 1, FUZZ_ROUNDS - 1);
	accepted = 0;
	fuzz(stat_message(buf), counters_reply, &stat, drop_counters,
	     &accepted);
	assert_in_range(accepted, 1, FUZZ_ROUNDS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_json_structure),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_holders),
		cmocka_unit_test(test_conn),
		cmocka_unit_test(test_conn_broken),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_fuzz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
