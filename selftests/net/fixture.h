/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of all socket tests: a listener on a free loopback port and a
 * connected pair, once per variant.  Also main(), which knows three options
 * more than the harness: -l lists, -v and -t choose variants and tests.
 */
#ifndef NET_FIXTURE_H
#define NET_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "lib.h"

#define NET_FIXTURE(name) \
	FIXTURE(name) { \
		struct net_pair p; \
	}; \
	FIXTURE_VARIANT(name) { \
		struct net_family nf; \
	}; \
	FIXTURE_SETUP(name) \
	{ \
		net_setup(_metadata, &self->p, &variant->nf); \
	} \
	FIXTURE_TEARDOWN(name) \
	{ \
		net_pair_close(&self->p); \
	}

#define NET_VARIANT(fixture, variant, ...) \
	FIXTURE_VARIANT_ADD(fixture, variant) { .nf = { __VA_ARGS__ } }

#define NET_VARIANTS_COLD(name) \
	NET_VARIANT(name, tcp, .family = AF_INET, .ip = AF_INET); \
	NET_VARIANT(name, tcp6, .family = AF_INET6, .ip = AF_INET6); \
	NET_VARIANT(name, sdirect, .family = AF_SDIRECT, .ip = AF_INET, \
		    .direct = true); \
	NET_VARIANT(name, sdirect6, .family = AF_SDIRECT, .ip = AF_INET6, \
		    .protocol = IPPROTO_IPV6, .direct = true)

#define NET_VARIANTS(name) \
	NET_VARIANTS_COLD(name); \
	NET_VARIANT(name, tcp_hot, .family = AF_INET, .ip = AF_INET, \
		    .hot = true); \
	NET_VARIANT(name, sdirect_hot, .family = AF_SDIRECT, .ip = AF_INET, \
		    .direct = true, .hot = true)

/* For what TCP does not have. */
#define NET_VARIANTS_DIRECT(name) \
	NET_VARIANT(name, sdirect, .family = AF_SDIRECT, .ip = AF_INET, \
		    .direct = true); \
	NET_VARIANT(name, sdirect6, .family = AF_SDIRECT, .ip = AF_INET6, \
		    .protocol = IPPROTO_IPV6, .direct = true)

static inline void net_setup(struct __test_metadata *_metadata,
			     struct net_pair *p, const struct net_family *nf)
{
	p->listener = p->client = p->server = -1;
	/* The harness of 6.1 would run the test after a SKIP in the setup. */
	if (!net_supported(nf) && !getenv("SDIRECT_EXPECT"))
		SKIP(_exit(255), "socket family %d is not there", nf->family);
	ASSERT_EQ(0, net_pair_open(nf, p))
		TH_LOG("no connected pair: %s", strerror(errno));
	if (nf->hot) {
		ASSERT_EQ(0, net_warm(nf, p))
			TH_LOG("not on rings: %s", strerror(errno));
	}
}

/* Slower machines get more time: SDIRECT_TIME multiplies the limits. */
static inline void net_stretch_limits(struct __test_metadata *t)
{
	const char *env = getenv("SDIRECT_TIME");
	int factor = env ? atoi(env) : 1;

	t->timeout *= factor > 0 ? factor : 1;
}

static inline bool net_chosen(const char *list, const char *name)
{
	const size_t len = strlen(name);
	const char *at = list;

	while (at && *at) {
		if (!strncmp(at, name, len) && (!at[len] || at[len] == ','))
			return true;
		at = strchr(at, ',');
		at += !!at;
	}
	return !list;
}

/* The harness runs what is on its lists: unlink what was not asked for. */
static inline void net_choose(struct __fixture_metadata *f,
			      const char *variants, const char *tests)
{
	struct __fixture_variant_metadata **v = &f->variant;
	struct __test_metadata **t = &f->tests;

	while (*v) {
		if (net_chosen(variants, (*v)->name))
			v = &(*v)->next;
		else
			*v = (*v)->next;
	}
	while (*t) {
		net_stretch_limits(*t);
		if (net_chosen(tests, (*t)->name))
			t = &(*t)->next;
		else
			*t = (*t)->next;
	}
}

static inline void net_list(const struct __fixture_metadata *f)
{
	const struct __fixture_variant_metadata *v;
	const struct __test_metadata *t;

	for (v = f->variant; v; v = v->next)
		for (t = f->tests; t; t = t->next)
			printf("%s.%s.%s\n", f->name, v->name, t->name);
}

static inline int net_main(int argc, char **argv)
{
	const char *variants = NULL, *tests = NULL;
	struct __fixture_metadata *f;
	bool list = false;
	int opt;

	while ((opt = getopt(argc, argv, "lv:t:")) != -1) {
		switch (opt) {
		case 'l':
			list = true;
			break;
		case 'v':
			variants = optarg;
			break;
		case 't':
			tests = optarg;
			break;
		default:
			fprintf(stderr,
				"usage: %s [-l] [-v VARIANT,...] [-t TEST,...]\n",
				argv[0]);
			return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (f = __fixture_list; f; f = f->next) {
		if (f == &_fixture_global)
			continue;
		net_choose(f, variants, tests);
		if (list) {
			net_list(f);
		} else if (!f->variant || !f->tests) {
			fprintf(stderr, "%s: nothing was chosen\n", argv[0]);
			return 2;
		}
	}
	return list ? 0 : test_harness_run(argc, argv);
}

#define NET_MAIN \
	int main(int argc, char **argv) \
	{ \
		return net_main(argc, argv); \
	}

#endif /* NET_FIXTURE_H */
