# SPDX-License-Identifier: GPL-2.0-only
"""Attempts of one network namespace to reach into another."""
import errno
import os

import genl
import world
from genl import F_DUMP, Helper, K, Netlink, rule
from world import (LOCAL, SYSCTL, TCP, Across, Conn, becomes, in_child, inside,
                   is_reset, namespaces, refused)

DIRECT, BY_TCP, DENY, ASK = (K.VERDICT_DIRECT, K.VERDICT_TCP, K.VERDICT_DENY,
                             K.VERDICT_ASK)
NOBODY = 65534


def helper_in(name):
    with inside(name):
        return Helper().register()


def rules_stay_at_home():
    """A container that denies everything, and floods the judges with work."""
    with namespaces(), helper_in("one") as one, Conn() as host:
        with inside("two"):
            other = Conn()
        with inside("one"):
            own = Conn()
        with own, other:
            host.talk()
            other.talk()
            one.push(rule(1, DENY))
            assert is_reset(own.client) and is_reset(own.server)
            for n in range(2, 20):
                one.push(rule(n, (BY_TCP, DENY)[n % 2]))
                host.talk(1)
                other.talk(1)
            for conn in (host, other):
                assert conn.carriers() == {LOCAL}
            with Conn() as new:
                assert becomes(new, LOCAL)


def own_default_binds_nobody_else():
    """What one end's namespace allows the other's may still refuse."""
    with namespaces(), Across(1000, 1001) as conn:
        with inside("one"):
            SYSCTL.write_text("direct", encoding="ascii")
        conn.talk()
        assert conn.carriers() == {TCP}
        with inside("two"):
            SYSCTL.write_text("direct", encoding="ascii")
        assert becomes(conn, LOCAL)
        with inside("one"):
            SYSCTL.write_text("tcp", encoding="ascii")
        assert becomes(conn, TCP)


def nothing_is_heard_of_others():
    """Neither lists, nor counters, nor decisions, nor rules of another."""
    with namespaces(), helper_in("one") as one, Helper().register() as ours:
        one.join("decisions")
        ours.push(rule(9, DIRECT))
        before = one.get()
        with Conn() as host, inside("one"):
            assert becomes(host, LOCAL)
            assert world.inode(host.client) not in genl.conns()
            assert not one.hits()
            assert one.get() == before
            with Conn() as own:
                told = one.question(K.CMD_POLICY_DECISION)
                assert told["to"]["port"] == own.server.getsockname()[1]


def answers_of_others_are_none():
    """A helper that answers what another one was asked."""
    with namespaces(), helper_in("one") as one, helper_in("two") as two:
        with inside("two"):
            one_rule = rule(3, ASK)
            two.push(one_rule)
            while one.generation < two.generation:
                one.push(one_rule)
            conn = Conn()
        with conn:
            asked = two.question()
            refused(errno.ENOENT, one.answer, asked, DENY)
            conn.talk()
            two.answer(asked, DIRECT)
            assert becomes(conn, LOCAL)


def borrowed_socket():
    """A netlink socket made by root, used by somebody else."""
    with namespaces(), inside("one"):
        helper = Helper().register()
        with helper:
            helper.push(rule(1, DIRECT))
            in_child(by_nobody, helper)
            assert helper.get()["rules"] == 1


def by_nobody(helper):
    os.setgroups([])
    os.setresuid(NOBODY, NOBODY, NOBODY)
    for what in (helper.push, helper.get, helper.register):
        refused(errno.EPERM, what)
    refused(errno.EPERM, helper.ask, K.CMD_POLICY_RULE_GET, flags=F_DUMP)
    with Netlink() as own:
        refused(errno.EPERM, own.join, "decisions")
