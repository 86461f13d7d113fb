// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target for libFuzzer: any bytes are a policy.  What is accepted decides
 * some connections, and the tree must say the same as trying rule by rule.
 * All included files are the same text once more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/sdirect.h>

#include "../engine.h"
#include "../parse.h"
#include "fake.h"
#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char * const ends[] = {
	"", "127.0.0.1:80 user 0 group 0", "[::1]:443 user 33 netns 7",
	"addr 10.1.2.3 port 5432 peer-addr 10.9.9.9 peer-port 1 user 1000",
	"cgroup / exe /bin/sh label a", "cgroup /a/b exe sh label b netns 1",
	"cgroup /kubepods/x/pod-x/c exe /usr/bin/redis-server user 1000 group 7",
};

#define ENDS	(sizeof(ends) / sizeof(ends[0]))

static void compare(struct policy *policy, struct engine *engine)
{
	struct complaints complaints = { 0 };
	struct candidate c = { .carrier = SDIRECT_CARRIER_LOCAL };
	size_t i;

	for (i = 0; i < ENDS * ENDS; i++) {
		if (end_parse(ends[i / ENDS], &fake_world, &c.end[SIDE_FROM],
			      &complaints) ||
		    end_parse(ends[i % ENDS], &fake_world, &c.end[SIDE_TO],
			      &complaints))
			abort();
		if (engine_decide(engine, &c, 0) != walk(policy, engine, &c))
			abort();
		end_free(&c.end[SIDE_FROM]);
		end_free(&c.end[SIDE_TO]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct complaints complaints = { 0 };
	struct engine *engine;
	struct policy policy;
	struct end end;

	fake_text = (const char *)data;
	fake_len = size;
	fake_files = 3;
	if (policy_init(&policy))
		abort();
	if (!policy_parse(&policy, "p", &fake_world, &complaints)) {
		engine = engine_build(&policy, 1796601600);
		if (!engine)
			abort();
		compare(&policy, engine);
		engine_free(engine);
	} else {
		char *line = strndup((const char *)data, size);

		end_parse(line, &fake_world, &end, &complaints);
		end_free(&end);
		free(line);
	}
	complaints_free(&complaints);
	policy_free(&policy);
	return 0;
}
