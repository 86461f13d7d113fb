# SPDX-License-Identifier: GPL-2.0-only
"""What the helper is asked, how it is told of the ends, and what it answers."""
import contextlib
import errno
import json
import os

import world
from genl import Helper, K, rule
from world import LOCAL, TCP, Conn, becomes, is_reset, refused, unshare

DIRECT, BY_TCP, DENY, ASK = (K.VERDICT_DIRECT, K.VERDICT_TCP, K.VERDICT_DENY,
                             K.VERDICT_ASK)
FROM_UID, TO_UID = K.FIELD_FROM_UID, K.FIELD_TO_UID


def own_label():
    """What a security module calls this process; None: there is none."""
    try:
        with open("/proc/self/attr/current", encoding="ascii") as file:
            return file.read().rstrip("\0\n")
    except OSError:
        return None


def who_asks_is_answered():
    def question_of(conn):
        asked = helper.question()
        assert asked["number"] == 5 and asked["carrier"] == LOCAL
        one, two = asked["from"], asked["to"]
        assert (one["addr"], one["port"]) == conn.client.getsockname()
        assert (one["peer_addr"], one["peer_port"]) == \
            conn.server.getsockname()
        assert (two["addr"], two["port"]) == conn.server.getsockname()
        assert (one["uid"], two["uid"]) == (1000, 0), asked
        assert one["pid"] == two["pid"] == os.getpid()
        assert one["netns"] == os.stat("/proc/self/ns/net").st_ino
        assert one["userns"] == os.stat("/proc/self/ns/user").st_ino
        exe = os.stat("/proc/self/exe")
        assert one["exe"] == os.path.realpath("/proc/self/exe"), one
        assert one["exe_ino"] == exe.st_ino
        assert one["cgroup_path"].startswith("/"), one
        assert one.get("label") == two.get("label") == own_label(), asked
        assert asked["same"] == (K.SAME_GROUP | K.SAME_NETNS |
                                 K.SAME_CGROUP), asked
        return asked

    with Helper().register() as helper:
        helper.push(rule(5, ASK))
        with Conn(1000) as conn:
            asked = question_of(conn)
            # TCP meanwhile.
            conn.talk()
            assert conn.carriers() == {TCP}
            assert conn.told()[0] == ASK and helper.get()["pending"] == 1
            refused(errno.ESTALE, helper.answer, asked, DIRECT, generation=7)
            helper.answer(asked, DIRECT, number=42)
            refused(errno.ENOENT, helper.answer, asked, DIRECT)
            assert becomes(conn, LOCAL)
            assert conn.told() == (DIRECT, 42, K.SOURCE_ANSWER)
        # Not kept, so the next one is asked about; that one is gone then.
        with Conn(1000) as conn:
            asked = question_of(conn)
        helper.answer(asked, DENY)
        # No rule decides: the default, which is no for these two.
        with Conn(1000) as conn:
            helper.answer(question_of(conn))
            conn.talk()
            assert conn.told() == (BY_TCP, None, K.SOURCE_DEFAULT)
        # Denied.
        with Conn(1000) as conn:
            helper.answer(question_of(conn), DENY)
            assert is_reset(conn.client) and is_reset(conn.server)


# What a field of the connecting end brings along; the family is always there.
TOLD = {"ADDR": {"addr"}, "PORT": {"port"}, "PEER_ADDR": {"peer_addr"},
        "PEER_PORT": {"peer_port"}, "UID": {"uid", "userns"},
        "GID": {"gid", "userns"}, "CGROUP": {"cgroup_id", "cgroup_path"},
        "NETNS": {"netns", "netns_cookie"}, "PID": {"pid"},
        "EXE": {"exe_dev", "exe_ino", "exe"}, "LABEL": set()}


def asked_of(helper, generation):
    """The next question of these rules."""
    while True:
        asked = helper.question()
        if asked["generation"] == generation:
            return asked


def what_is_looked_at_is_told():
    """No more than the maker of the rules has asked for."""
    with Helper().register() as helper, Conn(1000) as conn:
        for name, names in TOLD.items():
            for side, other in (("from", "to"), ("to", "from")):
                field = getattr(K, f"FIELD_{side.upper()}_{name}")
                helper.push(rule(5, ASK), fields=1 << field)
                asked = asked_of(helper, helper.generation)
                assert set(asked[side]) - {"label"} == names | {"family"}, \
                    (name, side, asked)
                assert set(asked[other]) == {"family"}, (name, side, asked)
        refused(errno.EINVAL, helper.begin, 0, fields=1 << 14)
        conn.talk(1)


def ports_of(conn):
    return tuple(sock.getsockname()[1] for sock in conn.ends)


def moving(ready, go):
    """Connections before and behind a change of the user namespace."""
    with contextlib.ExitStack() as stack:
        conns = []
        for there in (False, True):
            if there:
                unshare(world.CLONE_NEWUSER)
                with open("/proc/self/uid_map", "w", encoding="ascii") as file:
                    file.write("0 0 1")
            inode = os.stat("/proc/self/ns/user").st_ino
            for _ in range(6):
                conn = stack.enter_context(Conn())
                conns.append([*ports_of(conn), inode])
        os.write(ready, json.dumps(conns).encode())
        os.read(go, 1)


def one_process_in_two_places():
    """What is said of a process is not said of what it was before."""
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        world.end_as(moving, ready[1], go[0])
    os.close(ready[1])
    try:
        conns = {(client, server): inode for client, server, inode in
                 json.loads(os.read(ready[0], 10000))}
        with Helper().register() as helper:
            helper.push(rule(5, ASK))
            for _ in dict(conns):
                asked = asked_of(helper, helper.generation)
                one, two = asked["from"], asked["to"]
                inode = conns.pop((one["port"], two["port"]))
                assert one["userns"] == two["userns"] == inode, asked
    finally:
        os.write(go[1], b"x")
        status = os.waitpid(child, 0)[1]
    assert status == 0, status


def questions_come_together():
    """Many of several users in few datagrams; each tells of its own ends."""
    uids = (1000, 1001, 1000, 0)
    with contextlib.ExitStack() as stack, Helper().register() as helper:
        conns = [stack.enter_context(Conn(uid, 1000)) for uid in uids * 15]
        ports = {ports_of(conn): uids[n % len(uids)]
                 for n, conn in enumerate(conns)}
        helper.push(rule(5, ASK))
        datagrams = helper.datagrams
        questions = [asked_of(helper, helper.generation) for _ in conns]
        print(f"# {len(conns)} questions in "
              f"{helper.datagrams - datagrams} datagrams", flush=True)
        for asked in questions:
            one, two = asked["from"], asked["to"]
            assert one["uid"] == ports.pop((one["port"], two["port"])), asked
            assert two["uid"] == 1000 and one["pid"] == two["pid"], asked
            assert one["exe"] == two["exe"] == \
                os.path.realpath("/proc/self/exe"), asked
            assert one["cgroup_path"] == two["cgroup_path"], asked
            helper.answer(asked, DIRECT)
        for conn in conns:
            assert becomes(conn, LOCAL)


def asked_by(helper, uid):
    """The question about a user; of others, some may be asked once more."""
    while True:
        asked = helper.question()
        if asked["from"]["uid"] == uid:
            return asked
        print("# asked again:", asked["from"], flush=True)


def answers_are_kept():
    seen = 1 << FROM_UID | 1 << TO_UID
    with Helper().register() as helper:
        helper.push(rule(5, ASK))
        with Conn(1000) as conn:
            helper.answer(helper.question(), DIRECT, fields=seen, number=8)
            assert becomes(conn, LOCAL)
        # The same users: known.  Others: asked.
        with Conn(1000) as conn:
            assert becomes(conn, LOCAL)
            assert conn.told() == (DIRECT, 8, K.SOURCE_ANSWER)
        assert helper.get()["kept"] == 1
        with Conn(1001) as conn:
            helper.answer(asked_by(helper, 1001), BY_TCP, fields=seen, ttl=0)
            conn.talk()
            assert conn.carriers() == {TCP}
        with Conn(1001) as conn:
            helper.answer(asked_by(helper, 1001), BY_TCP, fields=seen)
        assert helper.get()["kept"] == 2, helper.get()
        # With other rules all is forgotten.
        helper.push(rule(5, ASK))
        assert helper.get()["kept"] == 0
        with Conn(1000):
            helper.answer(helper.question(), DIRECT)
