# SPDX-License-Identifier: GPL-2.0-only
"""What one user, or one group, may take, and that others do not feel it."""
import contextlib
import json
import os
import pathlib
import resource
import socket
import subprocess
import tempfile

import genl
import world
from genl import Helper, K, rule
from world import (LIMIT, LOCAL, TCP, Conn, becomes, end_as, in_child, info,
                   until)

DIRECT, BY_TCP, ASK = K.VERDICT_DIRECT, K.VERDICT_TCP, K.VERDICT_ASK
FROM_UID = K.FIELD_FROM_UID
REASON_MEMORY = 8
KB, MB = 1 << 10, 1 << 20
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", world.TOP / "build"))
SLOWER = int(os.environ.get("SDIRECT_TIME", "1"))
GROUPS = pathlib.Path("/sys/fs/cgroup")
REUSE = pathlib.Path("/proc/sys/net/ipv4/tcp_tw_reuse")
# Shares, as kmod/payer.c has them: of the machine, and of a group's limit.
USERS, GROUP = 16, 8
END = 128 * KB          # of memory, for each end of a connection
FIRST = 16 * KB         # the first ring; each that follows has four times that


def meminfo(name):
    """Bytes."""
    rows = dict(line.split(":") for line in pathlib.Path(
        "/proc/meminfo").read_text(encoding="ascii").splitlines())
    return int(rows[name].split()[0]) * KB


# --- many living connections ---

def a_crowd_is_judged_again():
    """More than are judged in one go, some of which end meanwhile."""
    count = 700
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * count, 4 * count))
    with contextlib.ExitStack() as stack, Helper().register() as helper:
        conns = [stack.enter_context(Conn()) for _ in range(count)]
        for turn in range(1, 4):
            verdict = BY_TCP if turn % 2 else DIRECT
            helper.push(rule(turn, verdict))
            for conn in conns[::3]:
                for sock in conn.ends:
                    sock.close()
            conns = [conn for n, conn in enumerate(conns) if n % 3]
            assert until(lambda: all_told(conns, (verdict, turn)))
        assert becomes(conns[-1], TCP)


def all_told(conns, wanted):
    """Whether all have this verdict, of this rule."""
    found = genl.conns()
    return all(tuple(genl.number(each[kind]) if kind in each else None
                     for kind in (K.A_CONN_VERDICT, K.A_CONN_RULE)) == wanted
               for each in (found[world.inode(sock)]
                            for conn in conns for sock in conn.ends))


def lists_go_on():
    """Each of a crowd is listed once, while some come and some go."""
    count = 300
    resource.setrlimit(resource.RLIMIT_NOFILE, (8 * count, 8 * count))
    with contextlib.ExitStack() as stack, genl.Netlink() as link:
        stay = {world.inode(sock) for _ in range(count)
                for sock in stack.enter_context(Conn()).ends}
        going = [stack.enter_context(Conn()) for _ in range(count)]
        seen, datagrams = [], 0
        for bodies in link.dump(K.CMD_CONN_GET):
            datagrams += 1
            seen += [genl.number(dict(genl.attrs(body[4:]))[K.A_CONN_INODE])
                     for body in bodies]
            for _ in range(10):
                # Those that come next in the list, and the last ones.
                going.pop(0).__exit__()
                going.pop().__exit__()
                stack.enter_context(Conn())
        assert datagrams > 3, datagrams
        assert len(seen) == len(set(seen)) and stay <= set(seen)


# --- a flood ---

def as_user(uid):
    def become():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    return become


def flooding(uid, count):
    """A process that connects so often, one by one; each is judged."""
    return subprocess.Popen(
        [BUILD / "selftests/many/short", "--direct", "--requests", "1",
         "--count", str(count)], preexec_fn=as_user(uid),
        stdout=subprocess.PIPE)


@contextlib.contextmanager
def no_second_use():
    """Of ports in TIME_WAIT: numbers that follow others are no key."""
    before = REUSE.read_text("ascii")
    REUSE.write_text("0", "ascii")
    try:
        yield
    finally:
        REUSE.write_text(before, "ascii")


def passed_by(process, least):
    """While it floods, others get what they always get; how many they were."""
    others = 0
    while process.poll() is None:
        with Conn(1001, 1001) as conn:
            assert becomes(conn, LOCAL), (others, conn.told(),
                                          [info(sock) for sock in conn.ends])
        with Helper() as looking:
            pending = looking.get()["pending"]
        assert pending <= K.POLICY_QUESTIONS_USER, pending
        least.append(meminfo("MemAvailable"))
        others += 1
    said = json.loads(process.stdout.read())
    assert process.returncode == 0, process.returncode
    return said["connections"] + 1, others


def flood():
    """One user's tries, about which a helper is asked that never reads.

    SDIRECT_FLOOD: how many.
    """
    count = int(os.environ.get("SDIRECT_FLOOD", 0)) or 3000 // SLOWER
    # As many as there are ports for.
    each = min(count, 20000)
    before, least, tries, others = meminfo("MemAvailable"), [], 0, 0
    with Helper().register() as helper, no_second_use():
        helper.push(rule(1, ASK, {FROM_UID: [(1000, 1000)]}), rule(2, DIRECT))
        while tries < count:
            done = passed_by(flooding(1000, each), least)
            tries, others = tries + done[0], others + done[1]
        with Helper() as looking:
            counted = looking.get()
    taken = before - min(least)
    print(f"# {tries} tries, {others} connections of others meanwhile, "
          f"{taken >> 20} MB taken at most, {counted}", flush=True)
    assert others > 2, others
    assert counted["asked"] > 0 and counted["judged"] >= tries, counted
    assert taken < 96 * MB, taken


# --- memory of rings ---

def fill(conn):
    """As much as goes in while nobody reads; how much that was."""
    sent = 0
    conn.client.setblocking(False)
    try:
        while True:
            sent += conn.client.send(bytes(64 * KB))
    except BlockingIOError:
        pass
    conn.client.settimeout(LIMIT)
    return sent


def emptied(conn, sent):
    """All of it arrives."""
    while sent:
        data = conn.server.recv(min(sent, MB))
        assert data and not any(data)
        sent -= len(data)


def chain(size):
    """Bytes of a ring and of those before it, if nobody has read from them."""
    return sum(FIRST << 2 * n for n in range(9) if FIRST << 2 * n <= size)


def rings():
    """[(connection, bytes sent)], until one gets no ring; size of the rings."""
    found = []
    for _ in range(400):
        conn = Conn(1000, 1000).talk()
        found.append((conn, fill(conn)))
        if info(conn.client)[2] == REASON_MEMORY or \
                info(conn.server)[2] == REASON_MEMORY:
            break
    else:
        raise AssertionError("there is no limit")
    size = sum(chain(info(sock)[3]) for conn, _ in found for sock in conn.ends)
    return found, size


@contextlib.contextmanager
def used_up(most):
    """Rings up to a limit: none too many, none lost."""
    conns, size = rings()
    print(f"# {len(conns)} connections, rings of {size >> 10} KB, at most "
          f"{most >> 10} KB", flush=True)
    try:
        # Less those of the last one, and the ring that did not fit.
        assert most - 6 * MB <= size <= most, (size, most)
        yield size
        for conn, sent in conns[:2] + conns[2:][-2:]:
            emptied(conn, sent)
            conn.talk()
    finally:
        for conn, _ in conns:
            conn.__exit__()


def rings_of_a_user():
    """A sixteenth of the memory; another user has as much to take from."""
    with used_up(meminfo("MemTotal") // USERS):
        with Conn(1000, 1000).talk() as conn:
            # What it has does not grow, and what it has not it does not get.
            fill(conn)
            assert REASON_MEMORY in (info(conn.client)[2],
                                     info(conn.server)[2]), info(conn.client)
        with Conn(1001, 1001) as conn:
            assert becomes(conn, LOCAL)
    assert until(fits_again)


def fits_again():
    """What was given back can be had: as much as one fills, by ring."""
    with Conn(1000, 1000).talk() as conn:
        emptied(conn, fill(conn))
        return conn.carriers() == {LOCAL}


@contextlib.contextmanager
def group(limit):
    """A memory cgroup of its own."""
    (GROUPS / "cgroup.subtree_control").write_text("+memory", "ascii")
    path = pathlib.Path(tempfile.mkdtemp(prefix="judge-", dir=GROUPS))
    (path / "memory.max").write_text(str(limit), "ascii")
    try:
        yield path
    finally:
        assert until(lambda: "populated 0" in
                     (path / "cgroup.events").read_text("ascii"))
        path.rmdir()


def held(path):
    return int((path / "memory.current").read_text("ascii"))


def in_group(path, limit):
    """Uses up a group's share; its rings are in its account."""
    (path / "cgroup.procs").write_text("0", "ascii")
    before = held(path)
    with used_up(limit // GROUP) as size:
        assert held(path) - before >= size, (held(path), before, size)


def ends_in_group(path, limit):
    """Connections until one is left on TCP, though it has no ring yet."""
    (path / "cgroup.procs").write_text("0", "ascii")
    with contextlib.ExitStack() as stack:
        for count in range(limit // END):
            conn = stack.enter_context(Conn(1000, 1000))
            if REASON_MEMORY in (info(sock)[2] for sock in conn.ends):
                break
        assert count == limit // END // 2, count
        # The user has some elsewhere, too.
        conn.talk()


def ends_of_a_group():
    """One for 128 KB of what the group may have; and others as before."""
    limit = 40 * MB
    with group(limit) as path:
        in_child(ends_in_group, path, limit)
        with Conn(1000, 1000) as conn:
            assert becomes(conn, LOCAL)


def rings_of_a_group():
    """An eighth of what the group may have, and it pays for them."""
    limit = 64 * MB
    with group(limit) as path:
        child = os.fork()
        if not child:
            end_as(in_group, path, limit)
        with Conn(1000, 1000) as conn:
            # The same user elsewhere.
            assert becomes(conn, LOCAL)
            status = os.waitpid(child, 0)[1]
            assert status == 0, status
            conn.talk()


# --- what is told of denials ---

NETLINK_AUDIT, AUDIT_SET, READLOG = 9, 1001, 1


def audit(on):
    """Turns auditing on or off; False: this kernel was told to have none."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                       NETLINK_AUDIT) as link:
        link.settimeout(LIMIT)
        status = (1).to_bytes(4, "little") + on.to_bytes(4, "little")
        link.send((16 + 40).to_bytes(4, "little") +
                  AUDIT_SET.to_bytes(2, "little") + (5).to_bytes(2, "little") +
                  bytes(8) + status.ljust(40, b"\0"))
        answer = link.recv(1000)
        return int.from_bytes(answer[16:20], "little", signed=True) == 0


def record(link, sign):
    """The next record with this in it."""
    while True:
        text = link.recv(9000)[16:].decode(errors="replace")
        if sign in text:
            return text


def denials_are_audited():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                       NETLINK_AUDIT) as log, Helper().register() as helper:
        log.bind((0, READLOG))
        log.settimeout(LIMIT)
        helper.push(rule(1, K.VERDICT_DENY, {FROM_UID: [(1000, 1000)]}))
        with Conn(1000, 1001) as quiet:
            assert world.is_reset(quiet.client)
        assert audit(True)
        try:
            with Conn(1000, 1001) as conn:
                name = conn.client.getsockname()
                assert world.is_reset(conn.client)
                text = record(log, "sdirect-deny")
        finally:
            assert audit(False)
        for word in ("op=sdirect-deny", "uid=1000", f"src={name[1]}",
                     "saddr=::ffff:127.0.0.1", "peer-uid=1001", "res=0"):
            assert word in text.split(), (word, text)
