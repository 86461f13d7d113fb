# SPDX-License-Identifier: GPL-2.0-only
"""Connections between the two ends of a wire, which stand for two hosts."""
import contextlib
import hashlib
import itertools
import json
import os
import pathlib
import random
import selectors
import socket
import subprocess
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", TOP / "build"))
AF_SDIRECT = 18
SOL_SDIRECT = 1489
INFO = 1
DEMOTE = 0xd504
PROMOTE = 0xd505
CLIENT, SERVER, STRANGER = "10.7.0.1", "10.7.1.1", "10.7.0.9"
CLIENT6, SERVER6 = "fd00:7::1", "fd00:8::1"
PORT = 4793             # of the control connection
TCP, RDMA = 0, 2        # enum sdirect_carrier
MEGA = 1 << 20
EVENTS = selectors.EVENT_READ | selectors.EVENT_WRITE
LIMIT = 60 * int(os.environ.get("SDIRECT_TIME", "1"))    # seconds


class Wrong(Exception):
    """What a test has found."""


def run(*argv, status=0):
    done = subprocess.run([str(arg) for arg in argv], text=True,
                          capture_output=True, timeout=LIMIT, check=False,
                          stdin=subprocess.DEVNULL)
    if status is not None and done.returncode != status:
        raise Wrong(f"{argv}: exit {done.returncode}\n"
                    f"{done.stdout}{done.stderr}")
    return done


def links():
    """What sdirect tells of them, by who has called whom."""
    found = json.loads(run(BUILD / "sdirect", "rdma", "list",
                           "--json").stdout)
    return {(row["local"], row["remote"], row["active"]): row
            for row in found}


def until(what, condition):
    """Waits for it, without a word of how long it takes."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise Wrong(f"not {what} after {LIMIT} s")
        time.sleep(0.02)


class Inet(socket.socket):
    """Python builds addresses by family: call it AF_INET, it is one."""

    def __init__(self, family=socket.AF_INET):
        protocol = 0 if family == socket.AF_INET else socket.IPPROTO_IPV6
        plain = socket.socket(AF_SDIRECT, socket.SOCK_STREAM, protocol)
        super().__init__(family, socket.SOCK_STREAM, 0, plain.detach())
        self.settimeout(LIMIT)


def carriers(sock):
    """Of what is sent, and of what is received."""
    raw = sock.getsockopt(SOL_SDIRECT, INFO, 56)
    return raw[4], raw[5]


@contextlib.contextmanager
def being(user):
    """What is opened meanwhile is that user's."""
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def connected(own=CLIENT, other=SERVER, listen=None, user=0):
    """The client's end and the server's, on TCP; @listen: at another address."""
    family = socket.AF_INET6 if ":" in own else socket.AF_INET
    with being(user):
        listener = Inet(socket.AF_INET6 if ":" in (listen or other) else
                        socket.AF_INET)
    with listener, Inet(family) as client:
        listener.bind((listen or other, 0))
        listener.listen()
        client.bind((own, 0))
        client.connect((other, listener.getsockname()[1]))
        with being(user):
            server, _ = listener.accept()
        with server:
            server.settimeout(LIMIT)
            yield client, server


def receive(sock, length):
    data = b""
    while len(data) < length:
        got = sock.recv(length - len(data))
        if not got:
            raise Wrong(f"the end after {len(data)} of {length} bytes")
        data += got
    return data


def echo(client, server, data):
    """There and back, compared at both."""
    for sender, receiver in ((client, server), (server, client)):
        sender.sendall(data)
        if receive(receiver, len(data)) != data:
            raise Wrong(f"other bytes, of {len(data)}")


def all_on(ends, carrier):
    """Talks until both directions of each connection are there."""
    left = list(ends)

    def moved(pair):
        echo(*pair, os.urandom(64))
        return carriers(pair[0]) == carriers(pair[1]) == (carrier, carrier)

    def all_moved():
        left[:] = [pair for pair in left if not moved(pair)]
        return not left
    until(f"on carrier {carrier}", all_moved)


def on(client, server, carrier):
    all_on([(client, server)], carrier)


@contextlib.contextmanager
def direct(*where):
    """The same as connected(), by RDMA both ways."""
    with connected(*where) as (client, server):
        on(client, server, RDMA)
        yield client, server


def send_random(sock, total, seed, digest):
    choose = random.Random(seed)
    while total:
        data = choose.randbytes(min(total, choose.randrange(1, 200000)))
        digest.update(data)
        sock.sendall(data)
        total -= len(data)


def stream(sender, receiver, total, seed=1):
    """Bytes from one end to the other, and their hash at both."""
    sent, got = hashlib.sha256(), hashlib.sha256()
    thread = threading.Thread(target=send_random, daemon=True,
                              args=(sender, total, seed, sent))
    thread.start()
    left = total
    while left:
        data = receiver.recv(min(left, 70000))
        if not data:
            raise Wrong(f"the end, {left} of {total} bytes too early")
        got.update(data)
        left -= len(data)
    thread.join(LIMIT)
    if thread.is_alive() or sent.digest() != got.digest():
        raise Wrong(f"other bytes, of {total}")


class Load:
    """One end of many: what it is still to send, and what it has received."""

    def __init__(self, sock, data):
        self.sock = sock
        self.data = memoryview(data)
        self.left = len(data)
        self.digest = hashlib.sha256()

    def send(self):
        """False: all was sent."""
        with contextlib.suppress(BlockingIOError):
            while self.data:
                self.data = self.data[self.sock.send(self.data):]
        return bool(self.data)

    def receive(self):
        """False: as much has come as the other end has."""
        with contextlib.suppress(BlockingIOError):
            while self.left:
                got = self.sock.recv(self.left)
                if not got:
                    raise Wrong(f"the end, {self.left} bytes too early")
                self.digest.update(got)
                self.left -= len(got)
        return bool(self.left)


def all_at_once(ends, size):
    """Different bytes in both directions of all connections, and their hashes."""
    block = random.Random(len(ends)).randbytes(2 * size)
    wants = {}
    loads = []
    with selectors.EpollSelector() as waiter:
        for number, pair in enumerate(itertools.chain(*ends)):
            at = number * 4099 % size
            data = block[at:at + size]
            # The other end of a pair is the next, or the one before.
            wants[number ^ 1] = hashlib.sha256(data).digest()
            loads.append(Load(pair, data))
            pair.setblocking(False)
            waiter.register(pair, EVENTS, loads[-1])
        while waiter.get_map():
            ready = waiter.select(LIMIT)
            if not ready:
                raise Wrong(f"{len(waiter.get_map())} of {len(loads)} ends hang")
            for key, _ in ready:
                load = key.data
                events = load.send() and selectors.EVENT_WRITE
                events |= load.receive() and selectors.EVENT_READ
                if not events:
                    waiter.unregister(load.sock)
                    load.sock.settimeout(LIMIT)
                elif events != key.events:
                    waiter.modify(load.sock, events, load)
    wrong = sum(load.digest.digest() != wants[number]
                for number, load in enumerate(loads))
    if wrong:
        raise Wrong(f"other bytes at {wrong} of {len(loads)} ends")


def both_ways(client, server, total, meanwhile=None):
    """Streams in both directions at once; what is wrong with either."""
    wrong = []

    def one(*ends):
        try:
            stream(*ends, total)
        except (Wrong, OSError) as error:
            wrong.append(f"{ends[0].getsockname()[0]}: {error!r}")

    threads = [threading.Thread(target=one, args=ends, daemon=True)
               for ends in ((client, server), (server, client))]
    for thread in threads:
        thread.start()
    if meanwhile:
        meanwhile()
    for thread in threads:
        thread.join(2 * LIMIT)
        if thread.is_alive():
            wrong.append("it hangs")
    if wrong:
        raise Wrong("; ".join(wrong))
