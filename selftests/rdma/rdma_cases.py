# SPDX-License-Identifier: GPL-2.0-only
"""Connections between two hosts by RDMA; each case is a test."""
import contextlib
import errno
import fcntl
import json
import os
import pathlib
import random
import resource
import signal
import socket
import struct
import subprocess
import sys

import hosts
import losses
import rdma_demo
from hosts import BUILD, MEGA, RDMA, TCP, Wrong, links

SOFT = pathlib.Path("/proc/sys/net/sdirect/rdma_soft")
CONNS = int(os.environ.get("SDIRECT_CONNS", "100"))  # on one link
# Megabytes: as many for each as the 512 of a link are if it has 10,000.
PINNED_MAX = max(40, CONNS * 512 // 10000)
ALLOW = SOFT.with_name("rdma_allow")
SPIN = SOFT.with_name("rdma_spin_us")
POLL = SOFT.with_name("rdma_poll")
DEFAULT = SOFT.with_name("default_policy")
PINNED = pathlib.Path("/sys/module/sdirect_rdma/parameters/pinned")
HEADER = struct.Struct(">HHHHIIIIIIQQIIQ")
HELLO, ATTACH, REFUSED, RING_REQ, SEAL, DOWN, QUERY = 1, 2, 4, 5, 8, 14, 15
VERSION = 4
NOBODY = 65534
MAGIC = 0x5344524d


def stat():
    return json.loads(hosts.run(BUILD / "sdirect", "stat", "--json").stdout)


def software_is_not_used_unasked():
    SOFT.write_text("0")
    try:
        stays_on_tcp()
    finally:
        SOFT.write_text("1")


def stays_on_tcp(*where):
    with hosts.connected(*where) as (client, server):
        for _ in range(300):
            hosts.echo(client, server, b"x" * 100)
        if hosts.carriers(client) != (TCP, TCP) or \
                hosts.carriers(server) != (TCP, TCP):
            raise Wrong("it has left TCP")


def both_directions_change():
    before = stat()
    with hosts.direct() as (client, server):
        for _ in range(100):
            hosts.echo(client, server, os.urandom(64))
    after = stat()
    if after["ring_tx_bytes"] - before["ring_tx_bytes"] < 2 * 6400:
        raise Wrong(f"too few bytes by rings: {before} {after}")
    if after["pairs"] - before["pairs"] != 2:
        raise Wrong("not a pair at each host")


def by_ipv6():
    """And by IPv4 with a socket that hears both."""
    for where in ((hosts.CLIENT6, hosts.SERVER6),
                  (hosts.CLIENT, hosts.SERVER, "::")):
        with hosts.direct(*where) as (client, server):
            hosts.both_ways(client, server, 300000)
    if (hosts.CLIENT6, hosts.SERVER6, True) not in links():
        raise Wrong(f"no link by IPv6: {links()}")


def policy_decides():
    """The default of all that is new, here; rules are KUnit's."""
    before = DEFAULT.read_text()
    try:
        DEFAULT.write_text("tcp")
        stays_on_tcp()
    finally:
        DEFAULT.write_text(before)
    with hosts.direct() as (client, server):
        hosts.echo(client, server, b"allowed")


def strangers_may_be_kept_out():
    try:
        for text in ("10.9.0.0/16", "10.7.1.128/25, fd00::/8", "fd00::/8"):
            ALLOW.write_text(text)
            stays_on_tcp()
        for text in ("10.7.0.0/33", "10.7.0", "fd00::/129", "10.7.0.1/x",
                     "1.1.1.1 " * 200):
            try:
                ALLOW.write_text(text)
                raise Wrong(f"{text[:20]} is taken for a list")
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
        if ALLOW.read_text().strip() != "fd00::/8":
            raise Wrong("a bad list has changed a good one")
        ALLOW.write_text("192.0.2.7,10.7.0.0/16")
        with hosts.direct() as (client, server):
            hosts.echo(client, server, b"friends")
    finally:
        ALLOW.write_text("\n")


def all_sizes():
    with hosts.direct() as (client, server):
        for size in (1, 2, 7, 63, 64, 65, 4095, 4096, 4097, 65535, 65536,
                     65537, 200001):
            data = random.randbytes(size)
            if size <= 65537:
                hosts.echo(client, server, data)
            hosts.stream(client, server, size, size)
            hosts.stream(server, client, size, size)


def bytes_both_ways():
    with hosts.direct() as (client, server):
        hosts.both_ways(client, server, 3 * MEGA)
        if hosts.carriers(client) != (RDMA, RDMA):
            raise Wrong("it has left RDMA")


def end_of_stream():
    with hosts.direct() as (client, server):
        client.sendall(b"a" * 1000)
        client.shutdown(socket.SHUT_WR)
        if hosts.receive(server, 1000) != b"a" * 1000 or server.recv(1):
            raise Wrong("no end behind the last byte")
        server.sendall(b"b" * 50000)
        server.close()
        hosts.receive(client, 50000)
        if client.recv(1):
            raise Wrong("more than there is")


def unread_bytes_reset():
    with hosts.direct() as (client, server):
        client.sendall(b"never read")
        hosts.until("there", lambda: server.recv(99, socket.MSG_PEEK))
        server.close()
        try:
            while client.recv(99):
                pass
            raise Wrong("no reset")
        except ConnectionResetError:
            pass


def reader_that_waits():
    """A full ring stops the sender, and is emptied from where it was."""
    with hosts.direct() as (client, server):
        client.setblocking(False)
        sent = 0
        data = random.Random(7).randbytes(8 * MEGA)
        try:
            while True:
                sent += client.send(data[sent:sent + 50000])
        except BlockingIOError:
            pass
        if not 0 < sent < 4 * MEGA:
            raise Wrong(f"{sent} bytes without a reader")
        if hosts.receive(server, sent) != data[:sent]:
            raise Wrong("other bytes")
        client.settimeout(hosts.LIMIT)
        hosts.echo(client, server, b"go on")


def demoted_and_promoted():
    with hosts.direct() as (client, server):
        for end in client, server:
            fcntl.ioctl(end, hosts.DEMOTE)
            hosts.on(client, server, TCP)
            hosts.both_ways(client, server, 100000)
            fcntl.ioctl(end, hosts.PROMOTE)
            hosts.on(client, server, RDMA)


def urgent_byte_goes_by_tcp():
    with hosts.direct() as (client, server):
        client.sendall(b"before")
        client.send(b"!", socket.MSG_OOB)
        client.sendall(b"behind")
        if hosts.receive(server, 6) != b"before":
            raise Wrong("other bytes before it")
        hosts.until("urgent", lambda: server.recv(1, socket.MSG_OOB) == b"!")
        if hosts.receive(server, 6) != b"behind":
            raise Wrong("other bytes behind it")


def child_goes_on():
    with hosts.direct() as (client, server):
        pid = os.fork()
        if not pid:
            try:
                server.sendall(hosts.receive(server, 100000)[::-1])
            finally:
                os._exit(0)
        data = os.urandom(100000)
        client.sendall(data)
        got = hosts.receive(client, len(data))
        os.waitpid(pid, 0)
        if got != data[::-1]:
            raise Wrong("other bytes by the child")
        hosts.echo(client, server, b"and back to the parent")


def killed_process_ends_the_stream():
    with hosts.direct() as (client, server):
        pid = os.fork()
        if not pid:
            client.close()
            while True:
                server.sendall(b"x" * 10000)
        server.close()
        hosts.receive(client, 300000)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        count = 0
        while got := client.recv(65536):
            if set(got) != {ord("x")}:
                raise Wrong("other bytes")
            count += len(got)
        # A blocking send ends where it is killed: any number, and the end.


def many_share_a_link():
    """In less memory than their user may have, who is another one at each host."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * CONNS + 1000,) * 2)
    before = PINNED.read_text()
    PINNED.write_text(str(PINNED_MAX))
    with contextlib.ExitStack() as stack:
        stack.callback(PINNED.write_text, before)
        ends = []
        while len(ends) < CONNS:
            # Not all: who has waited for a minute looks for its peer no more.
            few = [stack.enter_context(hosts.connected(user=NOBODY))
                   for _ in range(min(100, CONNS - len(ends)))]
            hosts.all_on(few, RDMA)
            ends += few
            if not len(ends) % 1000:
                print(f"{len(ends)} connections", flush=True)
        before = links()
        hosts.all_at_once(ends, 30000)
        after = links()
        way = hosts.CLIENT, hosts.SERVER, True
        print(f"{CONNS} connections: {after[way]}", flush=True)
        # Some may have gone back to TCP for a while, with a ring's end.
        written = after[way]["write_bytes"] - before[way]["write_bytes"]
        if after[way]["connections"] < CONNS or written < 15000 * CONNS:
            raise Wrong(f"{written} bytes: {after}")
        for row in after.values():
            if row["pinned_bytes"] > PINNED_MAX * MEGA:
                raise Wrong(f"too much is pinned: {row}")
        shown = hosts.run("ss", "-4Htn", "dport", "=", hosts.PORT).stdout
        if len(shown.splitlines()) != 1:
            raise Wrong(f"not one control connection:\n{shown}")


def shim_echoes():
    """By how much the counters grow, over a client and a server under the shim."""
    before = stat()
    command = [BUILD / "sdirect-run", "--require", sys.executable,
               pathlib.Path(__file__).with_name("peers.py")]
    with subprocess.Popen([*command, "server"], stdout=subprocess.PIPE,
                          text=True) as server:
        try:
            port = server.stdout.readline().strip()
            hosts.run(*command, "client", port)
            if server.wait(hosts.LIMIT):
                raise Wrong("the server has failed")
        finally:
            server.kill()
    after = stat()
    return {name: value - before[name] for name, value in after.items()
            if isinstance(value, int)}


def shim_works_without_system_calls():
    grown = shim_echoes()
    for name in ("user_tx_calls", "user_rx_calls", "leases"):
        if not grown[name]:
            raise Wrong(f"{name} does not grow")


def a_thread_saves_the_doorbell():
    """Of most messages; each of those that are asked one by one rings without."""
    rung = shim_echoes()["doorbells"]
    POLL.write_text("1")
    try:
        for _ in range(5):      # who is kept from running for long rings again
            polled = shim_echoes()["doorbells"]
            print(f"{rung} doorbells, and {polled} with a thread", flush=True)
            if 4 * polled < 3 * rung:
                return
    finally:
        POLL.write_text("0")
    raise Wrong(f"{polled} doorbells where {rung} were without a thread")


def small_messages_share_writes():
    """Those that queue; each has its bytes in the request, if they are few."""
    number = 1000
    with hosts.direct() as (client, server):
        before = links()
        for _ in range(number):
            client.sendall(b"x" * 50)
        if hosts.receive(server, 50 * number) != b"x" * 50 * number:
            raise Wrong("other bytes")
        after = links()
    way = hosts.CLIENT, hosts.SERVER, True
    done = {key: after[way][key] - before[way][key]
            for key in ("writes", "write_bytes", "writes_inlined",
                        "completions")}
    print(f"{number} messages of 50 bytes: {done}", flush=True)
    if done["write_bytes"] < 50 * number or \
            not 0 < done["writes_inlined"] <= done["writes"] <= number or \
            not 0 < done["completions"] < done["writes"]:
        raise Wrong(f"not so: {done}")


def large_messages_take_few_requests():
    """Of 64 KB, from anywhere in a page: one write, two where the ring ends."""
    number = 40
    data = random.Random(9).randbytes(65536)
    way = hosts.CLIENT, hosts.SERVER, True
    back = hosts.SERVER, hosts.CLIENT, False
    with hosts.direct() as (client, server):
        before = links()
        for _ in range(number):
            client.sendall(data)
            if hosts.receive(server, len(data)) != data:
                raise Wrong("other bytes")
        after = links()
    writes = after[way]["writes"] - before[way]["writes"]
    credits = after[back]["credits"] - before[back]["credits"]
    print(f"{number} messages: {writes} writes, {credits} credits", flush=True)
    if writes > 1.5 * number or not 0 < credits <= 0.75 * number:
        raise Wrong("that are too many")


def sleeps_of(spin, client, server, number=200):
    """How often somebody has slept while messages went there and back."""
    SPIN.write_text(str(spin))
    before = stat()["sleeps"]
    pid = os.fork()
    if not pid:
        try:
            for _ in range(number):
                server.sendall(hosts.receive(server, 64))
        finally:
            os._exit(0)
    for _ in range(number):
        client.sendall(b"x" * 64)
        hosts.receive(client, 64)
    os.waitpid(pid, 0)
    return stat()["sleeps"] - before


def answers_are_waited_for_awake():
    """If they come within the time that a call may look."""
    before = SPIN.read_text()
    try:
        with hosts.direct() as (client, server):
            # Calls with a time limit of their own poll before they read.
            client.settimeout(None)
            server.settimeout(None)
            for _ in range(10):     # a busy machine may take all the time
                asleep = sleeps_of(0, client, server)
                awake = sleeps_of(10000, client, server)
                print(f"{asleep} sleeps, and {awake} awake", flush=True)
                if 4 * awake < 3 * asleep:
                    return
            raise Wrong(f"{awake} sleeps where {asleep} were without")
    finally:
        SPIN.write_text(before)


def message(kind, conn=0, sender=0, gen=0, arg=0, size=0, pos=0, **key):
    return HEADER.pack(kind, key.get("sport", 0), key.get("dport", 0), 0, conn,
                       sender, gen, arg, 0, size, pos, 0, key.get("mine", 0),
                       key.get("theirs", 0), 0)


def stranger():
    sock = socket.create_connection((hosts.SERVER, hosts.PORT), hosts.LIMIT,
                                    (hosts.STRANGER, 0))
    sock.sendall(message(HELLO, gen=VERSION, arg=MAGIC, pos=5))
    return sock


def hung_up(sock):
    try:
        while sock.recv(4096):
            pass
    except ConnectionResetError:
        pass


def strangers_are_harmless():
    """Wrong versions, garbage, what is not theirs, in any order."""
    with hosts.direct() as (client, server):
        for first in (b"\xff" * 64, bytes(64), message(HELLO, gen=1, arg=MAGIC),
                      message(HELLO, gen=VERSION, arg=1), message(DOWN)):
            with socket.create_connection((hosts.SERVER, hosts.PORT),
                                          hosts.LIMIT) as sock:
                sock.sendall(first)
                hung_up(sock)
        choose = random.Random(3)
        with stranger() as sock:
            hosts.receive(sock, HEADER.size)
            sock.sendall(message(ATTACH, sender=9, mine=1, theirs=2,
                                 sport=client.getsockname()[1],
                                 dport=server.getsockname()[1]))
            kind, *rest = HEADER.unpack(hosts.receive(sock, HEADER.size))
            if kind != REFUSED or rest[3] != 9:
                raise Wrong(f"an answer of type {kind}")
            for _ in range(500):
                kind = choose.choice((*range(RING_REQ, DOWN), QUERY))
                sock.sendall(message(kind, choose.randrange(1, 200),
                                     9 if kind == QUERY else 0, gen=1,
                                     size=65536, pos=choose.getrandbits(40)))
        with stranger() as sock:
            hosts.receive(sock, HEADER.size)
            sock.sendall(message(SEAL, conn=1, pos=1 << 62))
            hung_up(sock)
        hosts.both_ways(client, server, 100000)


def links_are_listed():
    with hosts.direct() as (client, server):
        ways = links()
        one = ways.get((hosts.CLIENT, hosts.SERVER, True))
        other = ways.get((hosts.SERVER, hosts.CLIENT, False))
        for row, device in ((one, "rxea"), (other, "rxeb")):
            if not row or not row["talking"] or row["state"] != "up" or \
                    row["device"] != device or not row["connections"]:
                raise Wrong(f"not so: {ways}")
        hosts.echo(client, server, b"x")


def decisions_name_the_device():
    """Of either host; questions are the same message."""
    told, text = set(), b""
    with subprocess.Popen([BUILD / "sdirect", "monitor", "--json"],
                          stdout=subprocess.PIPE) as monitor:
        out = monitor.stdout.fileno()
        os.set_blocking(out, False)

        def all_told():
            nonlocal text
            with hosts.direct() as (client, server):
                hosts.echo(client, server, b"x")
            with contextlib.suppress(BlockingIOError):
                text += os.read(out, 65536)
            *lines, text = text.split(b"\n")
            for row in map(json.loads, lines):
                told.add((row["carrier"], row.get("device")))
            return len(told) > 1
        try:
            hosts.until("told", all_told)
        finally:
            monitor.kill()
    if told != {("rdma", "rxea"), ("rdma", "rxeb")}:
        raise Wrong(f"not so: {told}")


def pair(*words, status=0):
    return hosts.run(BUILD / "sdirect", "rdma", "pair", *words, status=status)


def goes_where_it_is_told():
    """Hosts whose own addresses have no device, and then that of another wire."""
    where = ("10.8.0.1", "10.8.1.1")
    there = (where[1], hosts.CLIENT, hosts.SERVER)
    back = (where[0], hosts.SERVER, hosts.CLIENT)
    stays_on_tcp(*where)
    try:
        pair(*there)
        # The other host has not been told where this one comes from.
        stays_on_tcp(*where)
        pair(*back)
        if json.loads(pair("--json").stdout) != [
                dict(zip(("host", "local", "remote"), way))
                for way in (there, back)]:
            raise Wrong(f"not so: {pair('--json').stdout}")
        with hosts.direct(*where) as (client, server):
            if links()[(*where, True)]["device"] != "rxea":
                raise Wrong(f"by another device: {links()}")

            def meanwhile():
                pair(there[0], "off")
            hosts.both_ways(client, server, 2 * MEGA, meanwhile)
            hosts.on(client, server, TCP)
    finally:
        for host in where:
            pair(host, "off", status=None)
    if json.loads(pair("--json").stdout):
        raise Wrong("a path is left")
    stays_on_tcp(*where)
    if "nothing was set" not in pair(where[0], "off", status=1).stderr or \
            "a link's" not in pair("fe80::1", "::1", "::2", status=1).stderr:
        raise Wrong("other words")


def redis_goes_on_without_a_device():
    rdma_demo.by_rdma(1000)
    rdma_demo.without_a_device(2000)


def unload_is_refused_while_in_use():
    with hosts.direct() as (client, server):
        if not hosts.run("rmmod", "sdirect_rdma", status=None).returncode:
            raise Wrong("the module is gone from under a connection")
        hosts.echo(client, server, b"still here")


CASES = (
    software_is_not_used_unasked, both_directions_change, by_ipv6,
    policy_decides, strangers_may_be_kept_out, all_sizes,
    bytes_both_ways, end_of_stream, unread_bytes_reset, reader_that_waits,
    demoted_and_promoted, urgent_byte_goes_by_tcp, child_goes_on,
    killed_process_ends_the_stream, many_share_a_link,
    shim_works_without_system_calls, a_thread_saves_the_doorbell,
    *losses.CASES,
    small_messages_share_writes, large_messages_take_few_requests,
    answers_are_waited_for_awake,
    redis_goes_on_without_a_device, strangers_are_harmless, links_are_listed,
    decisions_name_the_device, goes_where_it_is_told,
    unload_is_refused_while_in_use,
)
NAMES = tuple(case.__name__ for case in CASES)
