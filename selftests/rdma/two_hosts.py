#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Either of two hosts, each a guest with a kernel of its own, on one wire.

two_hosts.py server N serves until its guest is ended, for the Nth time; what
it listens at is in the file ports-N of the directory that both guests share,
$SDIRECT_MEET.  two_hosts.py client runs the cases.
"""
import contextlib
import errno
import hashlib
import os
import pathlib
import socket
import sys
import threading

sys.dont_write_bytecode = True

import hosts            # noqa: E402
import rdma             # noqa: E402
import rdma_cases       # noqa: E402
from hosts import RDMA, Wrong  # noqa: E402

MEET = pathlib.Path(os.environ.get("SDIRECT_MEET", "."))
ADDRESS = {"server": "10.5.0.1", "client": "10.5.0.2"}
TOTAL = 3 << 20         # bytes in each direction
SIZE = 64               # bytes of a message that is answered
ENDLESS = 1 << 40


class Nowhere:
    """For the hash alone of what would be sent."""

    def sendall(self, data):
        pass


def set_up(role):
    hosts.run("modprobe", "-a", "virtio_net", "rdma_rxe", "rdma_cm")
    hosts.run("ip", "addr", "add", f"{ADDRESS[role]}/24", "dev", "eth0")
    hosts.run("ip", "link", "set", "eth0", "up")
    hosts.run("rdma", "link", "add", "rxe0", "type", "rxe", "netdev", "eth0")
    hosts.run("insmod", rdma.MODULE)
    hosts.run("insmod", rdma.MODULE.with_name("sdirect_rdma.ko"))
    rdma_cases.SOFT.write_text("1")


def say(name, text=""):
    """To the other guest, and to whoever runs both."""
    part = MEET / f"{name}.part"
    part.write_text(text)
    part.rename(MEET / name)


def told(name):
    path = MEET / name
    hosts.until(f"told {name}", path.exists)
    return path.read_text()


# --- the server ---

def serve_one(sock):
    """Answers messages, until one says how much is to go both ways."""
    with sock, contextlib.suppress(OSError):
        while True:
            message = hosts.receive(sock, SIZE)
            if message[:1] != b"g":
                sock.sendall(message)
                continue
            total = int.from_bytes(message[1:9], "big")
            if total == ENDLESS:
                hosts.send_random(sock, total, 2, hashlib.sha256())
            sock.sendall(b"y" if exchange(sock, total, 2, 1) else b"n")


def accept_all(listener):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve_one, args=(sock,), daemon=True).start()


def serve(number):
    with hosts.Inet() as direct, socket.socket() as plain:
        direct.settimeout(None)
        ports = []
        for listener in direct, plain:
            listener.bind((ADDRESS["server"], 0))
            listener.listen()
            ports.append(listener.getsockname()[1])
        say(f"ports-{number}", "{} {}".format(*ports))
        threading.Thread(target=accept_all, args=(plain,), daemon=True).start()
        accept_all(direct)


# --- both ---

def wanted(total, seed):
    digest = hashlib.sha256()
    hosts.send_random(Nowhere(), total, seed, digest)
    return digest.digest()


def exchange(sock, total, own, other):
    """Streams in both directions; is what came what the other end's seed gives?"""
    thread = threading.Thread(target=hosts.send_random, daemon=True,
                              args=(sock, total, own, hashlib.sha256()))
    thread.start()
    got = hashlib.sha256()
    left = total
    while left:
        data = sock.recv(min(left, 1 << 16))
        if not data:
            return False
        got.update(data)
        left -= len(data)
    thread.join(hosts.LIMIT)
    return not thread.is_alive() and got.digest() == wanted(total, other)


# --- the client ---

def call(number, plain=False):
    ports = told(f"ports-{number}").split()
    sock = socket.socket() if plain else hosts.Inet()
    sock.settimeout(hosts.LIMIT)
    sock.connect((ADDRESS["server"], int(ports[plain])))
    return sock


def on_rdma(sock):
    def moved():
        message = b"e" + os.urandom(SIZE - 1)
        sock.sendall(message)
        if hosts.receive(sock, SIZE) != message:
            raise Wrong("another answer")
        return hosts.carriers(sock) == (RDMA, RDMA)
    hosts.until("on RDMA", moved)


def go(sock, total):
    sock.sendall((b"g" + total.to_bytes(8, "big")).ljust(SIZE, b"-"))


def both_ways(number):
    with call(number) as sock:
        on_rdma(sock)
        go(sock, TOTAL)
        if not exchange(sock, TOTAL, 1, 2):
            raise Wrong("other bytes than the server's")
        if hosts.receive(sock, 1) != b"y":
            raise Wrong("the server has received other bytes")


def streams_between_two_kernels():
    both_ways(1)


def ends_with(sock, result):
    """The error with which it ends, and whether all before it was right."""
    got = hashlib.sha256()
    count = 0
    try:
        while data := sock.recv(1 << 16):
            got.update(data)
            count += len(data)
        error = "the end of the stream"
    except OSError as problem:
        error = errno.errorcode.get(problem.errno, repr(problem))
    result += [error, count, got.digest()]


def prefix(count, seed):
    """The hash of as many bytes of that stream."""
    digest = hashlib.sha256()

    class Part:
        left = count

        def sendall(self, data):
            digest.update(data[:self.left])
            self.left -= min(self.left, len(data))
            if not self.left:
                raise EOFError

    with contextlib.suppress(EOFError):
        hosts.send_random(Part(), ENDLESS, seed, hashlib.sha256())
    return digest.digest()


def dead_host_is_noticed_as_by_tcp():
    """In the midst of what it sends; the same options on both connections."""
    with call(1) as direct, call(1, plain=True) as plain:
        on_rdma(direct)
        results = [], []
        threads = []
        for sock, result in zip((direct, plain), results):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL,
                           socket.TCP_KEEPCNT):
                sock.setsockopt(socket.IPPROTO_TCP, option, 3)
            sock.settimeout(None)
            go(sock, ENDLESS)
            # Some has come before anybody is told.
            sock.recv(1 << 16, socket.MSG_PEEK)
            threads.append(threading.Thread(target=ends_with, daemon=True,
                                            args=(sock, result)))
            threads[-1].start()
        if hosts.carriers(direct) != (RDMA, RDMA):
            raise Wrong("it is not on RDMA")
        say("streaming")
        for thread in threads:
            thread.join(4 * hosts.LIMIT)
    for name, result in zip(("direct", "TCP"), results):
        if not result:
            raise Wrong(f"{name}: nothing noticed")
        print(f"{name}: {result[0]} after {result[1]} bytes", flush=True)
        if result[2] != prefix(result[1], 2):
            raise Wrong(f"{name}: other bytes before it died")
    if results[0][0] != results[1][0]:
        raise Wrong(f"{results[0][0]}, where TCP says {results[1][0]}")
    say("noticed")


def host_that_comes_back_is_met_again():
    both_ways(2)


CASES = (streams_between_two_kernels, dead_host_is_noticed_as_by_tcp,
         host_that_comes_back_is_met_again)
NAMES = tuple(case.__name__ for case in CASES)


def main():
    role = sys.argv[1]
    set_up(role)
    if role == "server":
        serve(sys.argv[2])
    rdma.mark("section", "two")
    done = [rdma.case(each) for each in CASES]
    done.append(rdma.case(rdma.unload))
    return not all(done)


if __name__ == "__main__":
    sys.exit(main())
