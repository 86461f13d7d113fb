// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <syslog.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/sdirect_netlink.h>
#include <systemd/sd-daemon.h>

#include "control.h"
#include "daemon.h"
#include "force.h"
#include "log.h"
#include "rights.h"

#define MINUTE		60	/* seconds: how often rules with times are looked at */
#define NETNS_DIR	"/run/netns"

enum {
	POLL_LINK,
	POLL_DENIALS,
	POLL_SIGNAL,
	POLL_TIMER,
	POLL_NETNS,
	POLL_CONTROL,
	POLLS = POLL_CONTROL + CONTROL_POLLS,
};

/**
 * struct daemon - all that there is
 * @opt:	what the command line asked for
 * @link:	to the module: rules and questions
 * @denials:	to the module: what it tells all who listen
 * @force:	the policy in force
 * @next:	the one that is being told to the module, or NULL
 * @control:	the socket for sdirect policy
 * @signals:	tells of signals
 * @timer:	tells of each minute
 * @netns:	tells of network namespaces that get names
 * @ended:	SIGTERM has come
 */
struct daemon {
	const struct daemon_options *opt;
	struct link link;
	struct link denials;
	struct force *force;
	struct force *next;
	struct control control;
	int signals;
	int timer;
	int netns;
	bool ended;
};

static const struct genlmsghdr *generic(const struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload(nlh);
}

/* A question, to the policy that it is about. */
static void on_question(void *data, const struct nlmsghdr *nlh)
{
	struct daemon *d = data;
	struct query query;

	if (generic(nlh)->cmd != SDIRECT_CMD_POLICY_QUESTION ||
	    query_parse(nlh, &query))
		return;
	if (d->next && d->next->generation == query.generation)
		force_answer(d->next, &d->link, &query);
	else if (d->force && d->force->generation == query.generation)
		force_answer(d->force, &d->link, &query);
}

static void on_denial(void *data, const struct nlmsghdr *nlh)
{
	struct query query;

	(void)data;
	if (generic(nlh)->cmd == SDIRECT_CMD_POLICY_DECISION &&
	    !query_parse(nlh, &query))
		log_denial(&query);
}

/* To the log, and to a client that has asked for it. */
static void tell(FILE *out, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void tell(FILE *out, int priority, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_line(priority, "%s", text);
	if (out)
		fprintf(out, "%s\n", text);
}

/* Tells the module, which asks of the new rules before it is through. */
static int put_in_force(struct daemon *d, struct force *next, FILE *out)
{
	int err;

	d->next = next;
	err = force_push(next, &d->link, d->opt->all_netns);
	d->next = NULL;
	if (err)
		tell(out, LOG_ERR, "the module does not take the rules: %s%s%s",
		     d->link.why, *d->link.why ? ": " : "", strerror(-err));
	else
		tell(out, LOG_INFO, "%zu rule%s in force, generation %" PRIu32,
		     next->policy.n, next->policy.n == 1 ? "" : "s",
		     next->generation);
	return err;
}

static struct force *load(struct daemon *d, FILE *out)
{
	struct complaints complaints = { 0 };
	struct force *next;

	next = force_load(d->opt->path, time(NULL), &complaints);
	log_complaints(&complaints);
	if (out)
		complaints_print(&complaints, out);
	complaints_free(&complaints);
	return next;
}

/* The old policy stays where the new one is wrong or not taken. */
static int reload(struct daemon *d, FILE *out)
{
	struct force *next;
	int err;

	sd_notify(0, "RELOADING=1");
	next = load(d, out);
	err = next ? put_in_force(d, next, out) : -EINVAL;
	if (!err) {
		force_free(d->force);
		d->force = next;
	} else {
		force_free(next);
		if (d->force)
			tell(out, LOG_ERR,
			     "the rules before stay in force, generation %" PRIu32,
			     d->force->generation);
	}
	if (d->force)
		sd_notifyf(0, "READY=1\nSTATUS=%zu rules, generation %" PRIu32
			   "%s", d->force->policy.n, d->force->generation,
			   err ? "; the last ones were wrong" : "");
	return err;
}

/* What sdirect policy show joins with the counters of the module. */
static void show(const struct daemon *d, FILE *out)
{
	const struct policy *policy = &d->force->policy;
	const struct rule *rule;
	size_t i, at;

	fprintf(out, "%" PRIu32 "\n", d->force->generation);
	for (i = 0; i < policy->n; i++) {
		rule = &policy->rule[i];
		fprintf(out, "%zu\t%d\t%s\t%s:%" PRIu32 "\t", i + 1,
			engine_active(d->force->engine, i),
			verdict_name(rule->verdict),
			policy->file[rule->file].name, rule->line);
		for (at = 0; at < rule->len; at++)
			putc(rule->text[at] == '\n' || rule->text[at] == '\t' ?
			     ' ' : rule->text[at], out);
		putc('\n', out);
	}
}

static bool on_control(void *data, const char *word, FILE *out)
{
	struct daemon *d = data;

	if (!strcmp(word, "show")) {
		show(d, out);
		return true;
	}
	if (!strcmp(word, "reload"))
		return !reload(d, out);
	fputs("sdirectd knows show and reload\n", out);
	return false;
}

static void on_signal(struct daemon *d)
{
	struct signalfd_siginfo info;

	if (read(d->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		reload(d, NULL);
	else
		d->ended = true;
}

static void on_minute(struct daemon *d)
{
	uint64_t times;
	int ret;

	/* ECANCELED: somebody has set the clock. */
	if (read(d->timer, &times, sizeof(times)) < 0 && errno != ECANCELED)
		return;
	ret = force_retime(d->force, time(NULL));
	if (ret > 0)
		ret = force_push(d->force, &d->link, d->opt->all_netns);
	if (ret < 0)
		log_line(LOG_ERR, "cannot change the rules with the time: %s",
			 strerror(-ret));
}

/* A name has another number now, or one at last. */
static void on_netns(struct daemon *d)
{
	char buf[4096];

	while (read(d->netns, buf, sizeof(buf)) > 0)
		;
	if (d->force->policy.netns)
		reload(d, NULL);
}

static int open_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return d->signals < 0 ? -errno : 0;
}

static int open_timer(struct daemon *d)
{
	struct itimerspec each = { { MINUTE, 0 }, { 0, 0 } };

	d->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->timer < 0)
		return -errno;
	each.it_value.tv_sec = time(NULL) / MINUTE * MINUTE + MINUTE;
	return timerfd_settime(d->timer, TFD_TIMER_ABSTIME |
			       TFD_TIMER_CANCEL_ON_SET, &each, NULL) ?
	       -errno : 0;
}

/* Without the directory there are no names, and nothing to be told of. */
static void open_netns(struct daemon *d)
{
	d->netns = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (d->netns >= 0)
		inotify_add_watch(d->netns, NETNS_DIR, IN_CREATE | IN_DELETE |
				  IN_ATTRIB | IN_MOVE);
}

static int say(int err, const char *what)
{
	if (err == -ENOENT)
		log_line(LOG_ERR, "%s: the module is not loaded (try: modprobe sdirect)",
			 what);
	else if (err == -EBUSY)
		log_line(LOG_ERR, "%s: another sdirectd is there", what);
	else if (err)
		log_line(LOG_ERR, "%s: %s", what, strerror(-err));
	return err;
}

static int open_module(struct daemon *d)
{
	char buf[256];
	int err;

	d->link.news = on_question;
	d->link.data = d;
	d->denials.news = on_denial;
	d->denials.wanted = SDIRECT_GENL_GROUP_DENIALS;
	err = link_open(&d->link);
	if (!err)
		err = link_watch(&d->link);
	if (!err)
		err = link_do(&d->link, link_begin(&d->link, buf,
						   SDIRECT_CMD_POLICY_REGISTER),
			      NULL, NULL);
	if (!err)
		err = link_open(&d->denials);
	if (!err)
		err = link_join(&d->denials);
	return say(err, "cannot talk to the module");
}

/* The module was unloaded and loaded again, and knows nothing. */
static int reopen(struct daemon *d)
{
	int err;

	link_close(&d->denials);
	link_close(&d->link);
	err = open_module(d);
	return err ? err : put_in_force(d, d->force, NULL);
}

static int open_all(struct daemon *d)
{
	int err;

	d->control.answer = on_control;
	d->control.data = d;
	err = say(rights_drop(d->opt->user), "cannot give up rights");
	if (!err)
		err = say(open_signals(d), "cannot wait for signals");
	if (!err)
		err = say(open_timer(d), "cannot wait for the time");
	if (!err)
		err = open_module(d);
	if (!err) {
		err = control_open(&d->control, d->opt->control);
		if (err)
			log_line(LOG_ERR, "%s: %s", d->opt->control,
				 strerror(-err));
	}
	open_netns(d);
	return err ? err : reload(d, NULL);
}

static int wait_and_do(struct daemon *d)
{
	struct pollfd polls[POLLS] = {
		[POLL_LINK] = { link_fd(&d->link), POLLIN, 0 },
		[POLL_DENIALS] = { link_fd(&d->denials), POLLIN, 0 },
		[POLL_SIGNAL] = { d->signals, POLLIN, 0 },
		[POLL_TIMER] = { d->timer, POLLIN, 0 },
		[POLL_NETNS] = { d->netns, POLLIN, 0 },
	};
	int err = 0;

	control_poll(&d->control, polls + POLL_CONTROL);
	if (poll(polls, POLLS, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (polls[POLL_LINK].revents)
		err = link_read(&d->link);
	if (!err && polls[POLL_DENIALS].revents)
		err = link_read(&d->denials);
	if (!err && d->link.back)
		err = reopen(d);
	if (polls[POLL_TIMER].revents)
		on_minute(d);
	if (polls[POLL_NETNS].revents)
		on_netns(d);
	if (polls[POLL_SIGNAL].revents)
		on_signal(d);
	control_serve(&d->control, polls + POLL_CONTROL);
	return err;
}

static void close_all(struct daemon *d)
{
	int fds[] = { d->signals, d->timer, d->netns };
	size_t i;

	control_close(&d->control);
	link_close(&d->denials);
	link_close(&d->link);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	force_free(d->force);
}

int daemon_run(const struct daemon_options *opt)
{
	struct daemon d = { .opt = opt, .signals = -1, .timer = -1,
			    .netns = -1, .control = { .listener = -1 } };
	int err;

	memset(d.control.client, -1, sizeof(d.control.client));
	err = open_all(&d);
	while (!err && !d.ended)
		err = say(wait_and_do(&d), "cannot go on");
	sd_notify(0, "STOPPING=1");
	close_all(&d);
	return err;
}
