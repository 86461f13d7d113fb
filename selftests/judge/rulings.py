# SPDX-License-Identifier: GPL-2.0-only
"""The cases: who may go direct, who says so, and who may not say so."""
import errno
import mmap
import os
import time

import world
from genl import F_DUMP, Helper, K, Netlink, rule
from asking import (answers_are_kept, one_process_in_two_places,
                    questions_come_together, what_is_looked_at_is_told,
                    who_asks_is_answered)
from isolation import (answers_of_others_are_none, borrowed_socket,
                       containers_hear_little, containers_see_little,
                       nothing_is_heard_of_others,
                       own_default_binds_nobody_else, rules_stay_at_home,
                       users_of_a_container_share)
from limits import (a_crowd_is_judged_again, denials_are_audited,
                    ends_of_a_group, flood, lists_go_on, rings_of_a_group,
                    rings_of_a_user)
from messages import (long_names_are_told, messages_are_checked,
                      random_messages)
from world import (LOCAL, SYSCTL, TCP, Across, Conn, Inet, becomes, in_child,
                   info, inside, is_reset, namespaces, refused, unshare, until)

DIRECT, BY_TCP, DENY, ASK = (K.VERDICT_DIRECT, K.VERDICT_TCP, K.VERDICT_DENY,
                             K.VERDICT_ASK)
FROM_UID, TO_UID, TO_PORT = (K.FIELD_FROM_UID, K.FIELD_TO_UID,
                             K.FIELD_TO_PORT)
NOBODY = 65534
REASON_POLICY = 5


def same_user_by_default():
    with Conn() as same, Conn(client=1000) as other:
        same.talk()
        other.talk()
        assert same.carriers() == {LOCAL}
        assert same.told() == (DIRECT, None, K.SOURCE_DEFAULT)
        assert other.carriers() == {TCP}
        assert info(other.client)[2] == REASON_POLICY
        assert other.told() == (BY_TCP, None, K.SOURCE_DEFAULT)
        # Who may not go direct does not learn who is there, either.
        refused(errno.ENODATA, other.server.getsockopt, 1489, 2, 12)


def default_is_a_sysctl():
    assert SYSCTL.read_text(encoding="ascii") == "same-user\n"
    with Conn(client=1000) as conn:
        for word, carrier in (("direct", LOCAL), ("tcp", TCP),
                              ("direct", LOCAL), ("same-user", TCP)):
            SYSCTL.write_text(word, encoding="ascii")
            assert becomes(conn, carrier), word
        for junk in ("", "deny", "directly", "x" * 1000):
            refused(errno.EINVAL, SYSCTL.write_text, junk + "\n",
                    encoding="ascii")
    assert SYSCTL.read_text(encoding="ascii") == "same-user\n"


def only_an_administrator_may():
    def nobody():
        os.setgroups([])
        os.setresuid(NOBODY, NOBODY, NOBODY)
        with Netlink() as link:
            for command in (K.CMD_POLICY_REGISTER, K.CMD_POLICY_BEGIN,
                            K.CMD_POLICY_ADD, K.CMD_POLICY_COMMIT,
                            K.CMD_POLICY_ANSWER, K.CMD_POLICY_GET):
                refused(errno.EPERM, link.ask, command)
            refused(errno.EPERM, link.ask, K.CMD_POLICY_RULE_GET,
                    flags=F_DUMP)
            refused(errno.EPERM, link.join, "decisions")
        refused(errno.EACCES, SYSCTL.write_text, "direct", encoding="ascii")

    def owner_of_a_namespace():
        """Root of a user namespace, but not of this network namespace."""
        unshare(world.CLONE_NEWUSER)
        with Netlink() as link:
            refused(errno.EPERM, link.ask, K.CMD_POLICY_REGISTER)

    in_child(nobody)
    in_child(owner_of_a_namespace)


def numbers_are_for_administrators():
    """Others see in lists what ss shows them, and the verdict."""
    def nobody(conn):
        os.setgroups([])
        os.setresuid(NOBODY, NOBODY, NOBODY)
        assert conn.told() == (DIRECT, None, None), conn.told()

    with Helper().register() as helper, Conn() as conn:
        helper.push(rule(77, DIRECT))
        assert until(lambda: conn.told() == (DIRECT, 77, K.SOURCE_RULE))
        in_child(nobody, conn)


def one_helper_at_a_time():
    with Helper().register() as one, Helper() as two:
        one.register()
        assert "another" in refused(errno.EBUSY, two.register)
        for what in ((two.begin, 0), (two.add,), (two.commit,)):
            assert "helper" in refused(errno.EPERM, *what)
        assert two.get()["helper"] != 0
        one.close()
        two.register()
        two.push(rule(1, DIRECT))
        assert two.get()["rules"] == 1
    with Helper() as three:
        assert three.get()["helper"] == 0 and three.get()["rules"] == 1


def first_rule_that_matches():
    with Helper().register() as helper, \
            Conn(1000, 2000) as a, Conn(1001, 2000) as b, Conn(0, 0) as c:
        port = a.server.getsockname()[1]
        helper.push(
            rule(10, BY_TCP, {FROM_UID: [(5, 6), (1001, 1001)]}),
            rule(20, DIRECT, {FROM_UID: [(1000, 1999)],
                              TO_UID: [(2000, 2000)],
                              TO_PORT: [(0, port - 1), (port, 65535)],
                              K.FIELD_TO_ADDR: ["10.0.0.0/8", "127.0.0.0/8"],
                              K.FIELD_CARRIER: [(1, 1)]}),
            rule(30, DIRECT, same=K.SAME_USER))
        for conn, carrier, name in ((a, LOCAL, 20), (b, TCP, 10),
                                    (c, LOCAL, 30)):
            assert becomes(conn, carrier), name
            for sock in conn.ends:
                assert conn.told(sock) == (
                    DIRECT if carrier == LOCAL else BY_TCP, name,
                    K.SOURCE_RULE), (name, conn.told(sock))
        hits = helper.hits()
        assert set(hits) == {10, 20, 30} and all(hits.values()), hits
        # Nothing matches: the default.
        helper.push(rule(1, DIRECT, {FROM_UID: [(9, 9)]}))
        assert becomes(a, TCP) and becomes(c, LOCAL)
        assert a.told() == (BY_TCP, None, K.SOURCE_DEFAULT)


def rules_reach_the_living():
    """Between rings and TCP in the middle of the stream, no byte lost."""
    with Helper().register() as helper, Conn() as conn:
        for n in range(1, 11):
            helper.push(rule(n, BY_TCP if n % 2 else DIRECT))
            assert becomes(conn, TCP if n % 2 else LOCAL), n
            conn.talk(3, 50000)


def deny_resets_both_ends():
    with Helper().register() as helper, Conn() as old, Conn() as idle:
        old.talk()
        helper.push(rule(1, DENY))
        for sock in old.ends + idle.ends:
            assert is_reset(sock), sock
        with Conn() as new:
            for sock in new.ends:
                assert is_reset(sock), sock
        helper.push(rule(2, DIRECT))
        with Conn() as allowed:
            assert becomes(allowed, LOCAL)


def mapped_rings_are_taken_away():
    """A program that makes no system call has nothing left to write to."""
    with Helper().register() as helper, Conn() as conn:
        helper.push(rule(1, DIRECT))
        assert becomes(conn, LOCAL)
        at = world.attach(conn.client)
        with mmap.mmap(conn.client.fileno(), at.tx_length,
                       offset=at.tx_offset):
            assert world.leased(conn.client)
            helper.push(rule(2, BY_TCP))
            assert until(lambda: not world.leased(conn.client))
            refused(errno.EAGAIN, world.attach, conn.client)
        assert becomes(conn, TCP)


def no_pair_outlives_its_connection():
    """A socket that is connected anew is not judged by what it was."""
    with Helper().register() as helper, Inet() as listener, \
            Inet() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with world.connecting(client, listener).talk(2).server as server:
            helper.push(rule(1, DENY))
            assert is_reset(server) and is_reset(client)
        client.setblocking(False)
        assert client.connect_ex(listener.getsockname()) in (
            errno.ECONNRESET, errno.ECONNABORTED)
        conn = world.connecting(client, listener).talk(2)
        helper.push(rule(2, DENY))
        with Conn() as other:
            assert is_reset(other.client)
        conn.talk(2).server.close()


def helper_that_dies():
    """Nothing happens to what was decided; the default for the rest."""
    with Helper().register() as helper:
        helper.push(rule(1, DIRECT, {FROM_UID: [(1000, 1000)]}),
                    rule(2, ASK))
        with Conn(1000) as decided, Conn(0) as same, Conn(1001) as other:
            assert becomes(decided, LOCAL)
            same.talk()
            assert same.carriers() == {TCP} and helper.get()["pending"] == 2
            helper.close()
            assert becomes(same, LOCAL)
            other.talk()
            assert decided.carriers() == {LOCAL}
            assert other.carriers() == {TCP}
            assert other.told() == (BY_TCP, None, K.SOURCE_DEFAULT)
            with Conn(1000) as new, Conn(1001) as asks:
                assert becomes(new, LOCAL)
                asks.talk()
                assert asks.told() == (BY_TCP, None, K.SOURCE_DEFAULT)


def helper_that_hangs():
    """Patience has an end."""
    with Helper().register() as helper:
        helper.push(rule(2, ASK))
        with Conn() as conn:
            asked = helper.question()
            until = time.monotonic() + world.LIMIT
            while helper.get()["pending"] and time.monotonic() < until:
                conn.talk(1)
            assert helper.get()["expired"] > 0
            assert becomes(conn, LOCAL)
            refused(errno.ENOENT, helper.answer, asked, DENY)


def killed_while_it_works():
    """kill -9, again and again, with rules half pushed and questions open."""
    def work(ready):
        helper = Helper().register()
        helper.push(rule(3, ASK, {FROM_UID: [(1001, 1001)]}),
                    rule(4, DIRECT))
        os.write(ready, b"x")
        while True:
            helper.begin(1000)
            helper.add(*[rule(n, ASK) for n in range(100)])

    with Conn() as conn:
        for _ in range(20):
            ours, theirs = os.pipe()
            child = os.fork()
            if not child:
                work(theirs)
            os.close(theirs)
            assert os.read(ours, 1) == b"x"
            with Conn(1001) as asks:
                os.kill(child, 9)
                os.waitpid(child, 0)
                os.close(ours)
                asks.talk(2)
            assert becomes(conn, LOCAL)
    with Helper() as helper:
        assert helper.get()["rules"] == 2 and helper.get()["helper"] == 0


def questions_are_bounded():
    """One user's flood leaves room for others, and has an end."""
    with Helper().register() as helper:
        most = K.POLICY_QUESTIONS_USER
        flood = [Conn(1000) for _ in range(most + 50)]
        before = helper.get()["refused"]
        # All are judged at once, before patience ends for the first.
        helper.push(rule(2, ASK))
        assert until(lambda: helper.get()["refused"] - before >= 50)
        pending = helper.get()["pending"]
        with Conn(1001) as other:
            assert pending <= most, pending
            while True:
                asked = helper.question()
                if asked["from"]["uid"] == 1001:
                    break
            helper.answer(asked, DIRECT)
            assert becomes(other, LOCAL)
        for conn in flood:
            with conn:
                conn.talk(1)


def decisions_are_told():
    with Helper().register() as helper, Helper() as two:
        two.join("decisions")
        helper.push(rule(9, DIRECT, {FROM_UID: [(1000, 1000)]}))
        with Conn(1000) as conn, Conn(1001):
            told = two.question(K.CMD_POLICY_DECISION)
            assert (told["verdict"], told["source"], told["number"]) == \
                (DIRECT, K.SOURCE_RULE, 9), told
            assert told["from"]["uid"] == 1000 and not told["changed"]
            assert told["to"]["port"] == conn.server.getsockname()[1]
            told = two.question(K.CMD_POLICY_DECISION)
            assert (told["verdict"], told["source"]) == \
                (BY_TCP, K.SOURCE_DEFAULT) and "number" not in told
            helper.push(rule(10, BY_TCP))
            told = two.question(K.CMD_POLICY_DECISION)
            assert (told["verdict"], told["number"], told["changed"]) == \
                (BY_TCP, 10, 1), told


def denials_are_told_alone():
    """Who has asked for denials hears of nothing else, but all of these."""
    with Helper().register() as helper, Helper() as two:
        two.join("denials")
        helper.push(rule(1, DIRECT, {FROM_UID: [(1000, 1000)]}),
                    rule(2, BY_TCP, {FROM_UID: [(1001, 1001)]}),
                    rule(3, DENY, {FROM_UID: [(1002, 1002)]}))
        with Conn(1000) as conn, Conn(1001) as other:
            assert becomes(conn, LOCAL)
            other.talk()
            with Conn(1002):
                told = two.question(K.CMD_POLICY_DECISION)
                assert (told["verdict"], told["number"]) == (DENY, 3), told
            helper.push(rule(4, DENY))
            denied = {two.question(K.CMD_POLICY_DECISION)["from"]["port"]
                      for _ in range(2)}
            assert denied == {each.client.getsockname()[1]
                              for each in (conn, other)}, denied


def limits_of_a_rule():
    with Helper().register() as helper:
        helper.push(rule(1, DIRECT, rate=1, ring_max=20000))
        conns = [Conn() for _ in range(40)]
        told = [conn.told() for conn in conns]
        assert told[0] == (DIRECT, 1, K.SOURCE_RULE), told
        assert (BY_TCP, 1, K.SOURCE_LIMIT) in told, told
        # As much as TCP would hold, but for the limit.
        assert becomes(conns[0], LOCAL)
        sock, sent = conns[0].client, 0
        sock.setblocking(False)
        try:
            while sent < 1 << 20:
                sent += sock.send(bytes(4096))
        except BlockingIOError:
            pass
        assert info(sock)[3] in (0, 16384), info(sock)
        for conn in conns:
            with conn:
                pass


def namespaces_have_their_own():
    with namespaces():
        with Helper().register() as ours:
            ours.push(rule(1, DENY))
            # What the initial namespace says is not for others,
            with Across() as conn:
                assert becomes(conn, LOCAL)
                with inside("one"):
                    assert conn.told() == (DIRECT, None, K.SOURCE_DEFAULT)
                # unless it says so.
                refused_in_another()
                ours.push(rule(1, BY_TCP), flags=K.POLICY_F_ALL_NETNS)
                assert becomes(conn, TCP)
                ours.push(rule(2, DENY), flags=K.POLICY_F_ALL_NETNS)
                assert is_reset(conn.client) and is_reset(conn.server)
            ours.push()
        stricter_wins()


def refused_in_another():
    with inside("one"):
        helper = Helper()
    with helper:
        helper.register()
        refused(errno.EPERM, helper.begin, 0, K.POLICY_F_ALL_NETNS)


def stricter_wins():
    with inside("one"):
        one = Helper()
    with inside("two"):
        two = Helper()
    with one, two, Across(1000, 1001) as conn:
        one.register()
        two.register()
        conn.talk()
        assert conn.carriers() == {TCP}
        one.push(rule(1, DIRECT))
        conn.talk()
        assert conn.carriers() == {TCP}
        two.push(rule(2, DIRECT))
        assert becomes(conn, LOCAL)
        with inside("one"):
            assert conn.told(conn.client) == (DIRECT, 1, K.SOURCE_RULE)
        with inside("two"):
            assert conn.told(conn.server) == (DIRECT, 2, K.SOURCE_RULE)
        one.push(rule(1, ASK))
        two.push(rule(2, ASK))
        # A living one stays what it is until both have answered.
        asked = one.question(), two.question()
        assert conn.carriers() == {LOCAL}
        one.answer(asked[0], DIRECT)
        conn.talk()
        assert conn.carriers() == {LOCAL}
        two.answer(asked[1], BY_TCP)
        assert becomes(conn, TCP)


def many_rules():
    """As many as there may be; the last one decides."""
    most = 100000
    rules = [rule(n, (DIRECT, BY_TCP, ASK)[n % 3],
                  ({FROM_UID: [(100000 + n, 100000 + n)]},
                   {TO_PORT: [(n % 100, n % 100 + n % 7)],
                    K.FIELD_FROM_ADDR: [f"10.{n >> 8 & 255}.{n & 255}.0/24"]},
                   {K.FIELD_TO_ADDR: [f"192.168.{n & 255}.{n >> 8 & 255}"],
                    TO_UID: [(n, n + 5)]},
                   {K.FIELD_FROM_CGROUP: [(1000000 + n, 1000000 + n)]})[n % 4])
             for n in range(1, most)]
    rules.append(rule(most, DIRECT, {FROM_UID: [(1000, 1000)]}))
    with Helper().register() as helper, Conn(1000) as conn:
        begun = time.monotonic()
        helper.push(*rules)
        print(f"# {most} rules pushed in {time.monotonic() - begun:.2f} s",
              flush=True)
        assert becomes(conn, LOCAL)
        assert conn.told() == (DIRECT, most, K.SOURCE_RULE)
        begun = time.monotonic()
        assert helper.hits()[most] > 0
        print(f"# told of in {time.monotonic() - begun:.2f} s", flush=True)


CASES = {case.__name__: case for case in (
    same_user_by_default, default_is_a_sysctl, only_an_administrator_may,
    numbers_are_for_administrators, one_helper_at_a_time,
    first_rule_that_matches, rules_reach_the_living, deny_resets_both_ends,
    mapped_rings_are_taken_away, no_pair_outlives_its_connection,
    who_asks_is_answered, what_is_looked_at_is_told,
    questions_come_together, one_process_in_two_places, answers_are_kept, helper_that_dies,
    helper_that_hangs, killed_while_it_works, questions_are_bounded,
    decisions_are_told, denials_are_told_alone, limits_of_a_rule, namespaces_have_their_own,
    containers_see_little, containers_hear_little, rules_stay_at_home, own_default_binds_nobody_else,
    nothing_is_heard_of_others, answers_of_others_are_none, borrowed_socket,
    users_of_a_container_share,
    a_crowd_is_judged_again, lists_go_on, flood, rings_of_a_user,
    rings_of_a_group, ends_of_a_group, denials_are_audited, long_names_are_told, messages_are_checked,
    random_messages, many_rules)}
