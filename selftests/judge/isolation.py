# SPDX-License-Identifier: GPL-2.0-only
"""Attempts of one network namespace to reach into another."""
import contextlib
import errno
import os
import resource

import genl
import world
from genl import F_DUMP, Helper, K, Netlink, rule
from world import (LOCAL, SYSCTL, TCP, Across, Conn, Inet, becomes, in_child,
                   info, inside, is_reset, namespaces, refused, unshare, until)

DIRECT, BY_TCP, DENY, ASK = (K.VERDICT_DIRECT, K.VERDICT_TCP, K.VERDICT_DENY,
                             K.VERDICT_ASK)
FROM_UID = K.FIELD_FROM_UID
NOBODY = 65534
USERS = 6               # more than share the room of a container
REASON_POLICY = 5


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
        one.join("denials")
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
    """Of the helper elsewhere, and of who is not the helper here."""
    with namespaces(), helper_in("one") as one, helper_in("two") as two:
        with inside("two"):
            other = Helper()
            one_rule = rule(3, ASK)
            two.push(one_rule)
            while one.generation < two.generation:
                one.push(one_rule)
            conn = Conn()
        with conn, other:
            asked = two.question()
            refused(errno.ENOENT, one.answer, asked, DENY)
            assert "helper" in refused(errno.EPERM, other.answer, asked, DENY)
            conn.talk()
            two.answer(asked, DIRECT)
            assert becomes(conn, LOCAL)


# What TCP shows of an end.
SHOWN = {"family", "addr", "port", "peer_addr", "peer_port"}


def becomes_root(spaces, ready, go):
    """Of a user namespace of its own, when it has been given its users."""
    unshare(world.CLONE_NEWUSER | spaces)
    os.write(ready, b"x")
    assert os.read(go, 1) == b"x"
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


@contextlib.contextmanager
def user_namespace(users, what, *args):
    """A child that does it, with these pipes at last; it is waited for."""
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        world.end_as(what, *args, ready[1], go[0])
    os.close(ready[1])
    try:
        assert os.read(ready[0], 1) == b"x"
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{child}/{name}", "w", encoding="ascii") as file:
                file.write(f"0 100000 {users}\n")
        yield child, ready[0], go[1]
    finally:
        os.write(go[1], b"x")
        status = os.waitpid(child, 0)[1]
        for end in (ready[0], *go):
            os.close(end)
    assert status == 0, status


def contained(what, ready, go):
    """Root of a container, with a network."""
    becomes_root(world.CLONE_NEWNET, ready, go)
    world.ip("addr add 10.9.0.2/24 dev w")
    world.ip("link set w up")
    with Inet() as listener, Helper() as helper:
        what(helper, listener, ready)


def accepted(listener, ready):
    listener.bind(("10.9.0.2", 0))
    listener.listen()
    os.write(ready, str(listener.getsockname()[1]).encode())
    return listener.accept()[0]


def asked_in_there(helper, listener, ready):
    """Helper, listener and accepting end."""
    with helper.register():
        helper.push(rule(1, ASK, {FROM_UID: [(0, 2 ** 32 - 2)]}),
                    rule(2, ASK))
        with accepted(listener, ready) as conn:
            asked = helper.question()
            one, two = asked["from"], asked["to"]
            # The peer's user is not mapped here: the first cannot match.
            assert asked["number"] == 2, asked
            assert set(one) == SHOWN, one
            assert two["uid"] == 0 and two["exe"] and two["netns"], two
            assert asked["same"] == 0, asked
            helper.answer(asked, DIRECT)
            conn.sendall(b"x")
            assert conn.recv(1) == b"x"


def heard_in_there(helper, listener, ready):
    """What the container hears of rules that the host has made for it."""
    helper.join("decisions")
    with accepted(listener, ready) as conn:
        told = helper.question(K.CMD_POLICY_DECISION)
        assert (told["verdict"], told["number"]) == (BY_TCP, 1), told
        assert set(told["from"]) == SHOWN, told
        assert told["to"]["uid"] == 0 and "pid" not in told["to"], told
        conn.sendall(b"x")
        assert conn.recv(1) == b"x"


@contextlib.contextmanager
def container(what):
    """Does it in there; its process and the port where it listens."""
    with user_namespace(10, contained, what) as (child, ready, go):
        world.ip(f"link add v type veth peer name w netns {child}")
        world.ip("addr add 10.9.0.1/24 dev v")
        world.ip("link set v up")
        os.write(go, b"x")
        yield child, int(os.read(ready, 10))


def containers_see_little():
    """Root of a container learns of the other end what TCP shows."""
    with container(asked_in_there) as (_, port), Inet() as client:
        world.connect(client, ("10.9.0.2", port))
        assert client.recv(1) == b"x"
        client.sendall(b"x")
        # The other end allows it, this one's default does not.
        assert info(client)[2] == REASON_POLICY, info(client)


def containers_hear_little():
    """And so where the host has made the rules, who sees more."""
    with container(heard_in_there) as (child, port), \
            inside(f"/proc/{child}/ns/net"), Helper().register() as helper:
        helper.push(rule(1, DIRECT))
        with inside("/proc/1/ns/net"), Inet() as client:
            world.connect(client, ("10.9.0.2", port))
            assert client.recv(1) == b"x"
            client.sendall(b"x")


def a_crowd(each, ready, go):
    """Connections of several users, whom a container has made for itself."""
    becomes_root(0, ready, go)
    with contextlib.ExitStack() as stack:
        for uid in range(USERS):
            for _ in range(each):
                stack.enter_context(Conn(uid, uid))
        os.write(ready, b"x")
        os.read(go, 1)


def users_of_a_container_share():
    """More of them do not take the room of others."""
    each = K.POLICY_QUESTIONS_USER
    resource.setrlimit(resource.RLIMIT_NOFILE, (4000, 4000))
    with user_namespace(USERS, a_crowd, each) as (_, ready, go):
        os.write(go, b"x")
        assert os.read(ready, 1) == b"x"
        with Helper().register() as helper, Conn(1001):
            before = helper.get()
            helper.push(rule(2, ASK))
            assert until(lambda: heard(helper, before) > USERS * each)
            now = helper.get()
            assert now["pending"] <= K.POLICY_QUESTIONS_NS + 1, now
            assert now["refused"] - before["refused"] >= \
                USERS * each - K.POLICY_QUESTIONS_NS, now
            while helper.question()["from"]["uid"] != 1001:
                pass


def heard(helper, before):
    """Connections that were asked about, or refused, since then."""
    now = helper.get()
    return sum(now[name] - before[name] for name in ("asked", "refused"))


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
        for group in ("decisions", "denials"):
            refused(errno.EPERM, own.join, group)
