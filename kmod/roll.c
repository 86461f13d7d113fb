// SPDX-License-Identifier: GPL-2.0
/* The sockets of a network namespace, in the order in which they came. */
#include "compat.h"

#include "roll.h"
#include "sock.h"

void sdr_roll_init(struct sdr_roll *roll)
{
	spin_lock_init(&roll->lock);
	roll->tree = RB_ROOT;
}

bool sdr_roll_empty(const struct sdr_roll *roll)
{
	return RB_EMPTY_ROOT(&roll->tree);
}

void sdr_roll_add(struct sdr_roll *roll, struct sdr_sock *ss)
{
	struct rb_node **link;

	spin_lock(&roll->lock);
	ss->serial = ++roll->serial;
	/* Numbers only grow: its place is known. */
	link = roll->newest ? &roll->newest->rb_right : &roll->tree.rb_node;
	rb_link_node(&ss->node, roll->newest, link);
	rb_insert_color(&ss->node, &roll->tree);
	roll->newest = &ss->node;
	spin_unlock(&roll->lock);
}

void sdr_roll_del(struct sdr_roll *roll, struct sdr_sock *ss)
{
	spin_lock(&roll->lock);
	if (roll->newest == &ss->node)
		roll->newest = rb_prev(&ss->node);
	rb_erase(&ss->node, &roll->tree);
	spin_unlock(&roll->lock);
}

struct sdr_walk sdr_roll_begin(struct sdr_roll *roll)
{
	struct sdr_walk walk = { };

	spin_lock(&roll->lock);
	walk.last = roll->serial;
	spin_unlock(&roll->lock);
	return walk;
}

static struct sdr_sock *entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct sdr_sock, node);
}

/* The first socket that has this number or a higher one, or NULL. */
static struct sdr_sock *from(const struct sdr_roll *roll, u64 serial)
{
	struct rb_node *node = roll->tree.rb_node;
	struct sdr_sock *found = NULL;

	lockdep_assert_held(&roll->lock);
	while (node) {
		if (entry(node)->serial < serial) {
			node = node->rb_right;
		} else {
			found = entry(node);
			node = node->rb_left;
		}
	}
	return found;
}

bool sdr_roll_walk(struct sdr_roll *roll, struct sdr_walk *walk,
		   bool (*look)(struct sdr_sock *ss, void *arg), void *arg)
{
	struct sdr_sock *ss;
	int looks;
	bool more;

	spin_lock(&roll->lock);
	ss = from(roll, walk->next);
	for (looks = 0; ; looks++) {
		more = ss && ss->serial <= walk->last;
		/* Who makes or ends a connection does not wait for us. */
		if (!more || looks == SDR_LOOKS ||
		    (looks && spin_is_contended(&roll->lock)) ||
		    !look(ss, arg))
			break;
		walk->next = ss->serial + 1;
		ss = entry(rb_next(&ss->node));
	}
	spin_unlock(&roll->lock);
	return more;
}
