# SPDX-License-Identifier: GPL-2.0-only
"""What the cases need: connections of several users, in several namespaces."""
import contextlib
import ctypes
import errno
import fcntl
import os
import pathlib
import re
import select
import socket
import subprocess
import sys
import time
import traceback

import genl

TOP = genl.TOP
AF_SDIRECT = 18
LIMIT = 60              # seconds for any one wait
TCP, LOCAL = 0, 1
SYSCTL = pathlib.Path("/proc/sys/net/sdirect/default_policy")
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
LIBC = ctypes.CDLL(None, use_errno=True)

IOC_ATTACH = 0xc050d501
ABI_VERSION = int(re.search(
    r"^#define SDIRECT_ABI_VERSION\s+(\d+)$",
    (TOP / "uapi/linux/sdirect.h").read_text(), re.M)[1])


class Attach(ctypes.Structure):
    """struct sdirect_attach"""
    _fields_ = [(name, ctypes.c_uint32) for name in (
        "abi_version", "flags", "tx_epoch", "rx_epoch")] + \
        [(name, ctypes.c_uint64) for name in (
            "tx_offset", "tx_length", "rx_offset", "rx_length", "tx_base",
            "rx_base")] + \
        [(name, ctypes.c_uint32) for name in (
            "tx_size", "rx_size", "side", "reserved")]


class Inet(socket.socket):
    """Python builds addresses by family: call it AF_INET, it is one."""

    def __init__(self):
        plain = socket.socket(AF_SDIRECT, socket.SOCK_STREAM)
        super().__init__(socket.AF_INET, socket.SOCK_STREAM, 0,
                         plain.detach())
        self.settimeout(LIMIT)


@contextlib.contextmanager
def user(uid):
    """What is connected or accepted in here is that user's."""
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def inode(sock):
    return os.fstat(sock.fileno()).st_ino


def connect(sock, name, uid=0):
    """In one call: it then looks for its peer at once."""
    sock.settimeout(None)
    with user(uid):
        sock.connect(name)
    sock.settimeout(LIMIT)


class Conn:
    """A connection over loopback; of client and server, each has a uid."""

    def __init__(self, client=0, server=0, address="127.0.0.1", port=0):
        with Inet() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            self._meet(listener, client, server)

    def _meet(self, listener, client, server, home=contextlib.nullcontext()):
        """home: where the client is"""
        listener.listen()
        with home:
            self.client = Inet()
            connect(self.client, listener.getsockname(), client)
        with user(server):
            self.server, _ = listener.accept()
        self.server.settimeout(LIMIT)
        self.ends = self.client, self.server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in self.ends:
            sock.close()

    def talk(self, rounds=20, size=100):
        """Bytes in both directions, each with a place of its own."""
        for n in range(rounds):
            data = os.urandom(size)
            for one, two in (self.ends, self.ends[::-1]):
                one.sendall(data)
                got = two.recv(size, socket.MSG_WAITALL)
                assert got == data, (n, len(got))
        return self

    def carriers(self):
        return {carrier for sock in self.ends for carrier in info(sock)[:2]}

    def told(self, sock=None):
        """(verdict, rule, source) as listed."""
        each = genl.conns()[inode(sock or self.client)]
        return tuple(genl.number(each[kind]) if kind in each else None
                     for kind in (genl.K.A_CONN_VERDICT, genl.K.A_CONN_RULE,
                                  genl.K.A_CONN_SOURCE))


def info(sock):
    """(tx carrier, rx carrier, reason, tx ring size) of a socket."""
    raw = sock.getsockopt(1489, 1, 56)
    return raw[4], raw[5], int.from_bytes(raw[6:8], "little"), \
        int.from_bytes(raw[40:44], "little")


def until(what):
    """It comes true before long."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if what():
            return True
    return False


def leased(sock):
    return sock.getsockopt(1489, 1, 56)[48] == 1


def attach(sock):
    """Asks for the lease; what is to be mapped."""
    at = Attach(abi_version=ABI_VERSION)
    fcntl.ioctl(sock, IOC_ATTACH, at)
    return at


def connecting(client, listener):
    """A connection that @client has begun without waiting for it."""
    client.setblocking(False)
    assert client.connect_ex(listener.getsockname()) == errno.EINPROGRESS
    conn = Conn.__new__(Conn)
    conn.client, (conn.server, _) = client, listener.accept()
    conn.server.settimeout(LIMIT)
    conn.ends = conn.client, conn.server
    poll = select.poll()
    poll.register(client, select.POLLOUT)
    assert poll.poll(LIMIT * 1000)
    client.settimeout(LIMIT)
    return conn


def becomes(conn, carrier):
    """It goes by @carrier before long, with each byte in its place."""
    for _ in range(2000):
        conn.talk(4)
        if conn.carriers() == {carrier}:
            return True
    return False


def is_reset(sock):
    """Whether the other end, or the kernel, resets it before long."""
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLERR | select.POLLHUP)
    if not poll.poll(LIMIT * 1000):
        return False
    try:
        return sock.recv(1) is None
    except ConnectionResetError:
        return True


def refused(error, what, *given, **named):
    """The text with which the kernel refuses it."""
    try:
        what(*given, **named)
    except genl.Refused as why:
        assert why.errno == error, why
        return why.why
    except OSError as why:
        assert why.errno == error, why
        return ""
    raise AssertionError("was not refused")


def end_as(what, *given):
    """In a child: does it, and ends; the status says if it went well."""
    status = 1
    try:
        what(*given)
        status = 0
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
    os._exit(status)


def in_child(what, *given):
    """Runs it in a process of its own; an assertion there is one here."""
    child = os.fork()
    if not child:
        end_as(what, *given)
    assert os.waitpid(child, 0)[1] == 0, "failed in a child"


def unshare(flags):
    if LIBC.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


@contextlib.contextmanager
def inside(name):
    """In the network namespace of this name, or path."""
    with open("/proc/self/ns/net", encoding="ascii") as old, \
            open(os.path.join("/run/netns", name), encoding="ascii") as new:
        assert LIBC.setns(new.fileno(), CLONE_NEWNET) == 0
        try:
            yield
        finally:
            assert LIBC.setns(old.fileno(), CLONE_NEWNET) == 0


def ip(words):
    subprocess.run(["ip", *words.split()], check=True, timeout=LIMIT)


@contextlib.contextmanager
def namespaces():
    """Two, "one" at 10.9.0.1 and "two" at 10.9.0.2, joined by a cable."""
    try:
        for name in ("one", "two"):
            ip(f"netns add {name}")
            ip(f"-n {name} link set lo up")
        ip("-n one link add v type veth peer name v netns two")
        for n, name in enumerate(("one", "two"), 1):
            ip(f"-n {name} addr add 10.9.0.{n}/24 dev v")
            ip(f"-n {name} link set v up")
        yield
    finally:
        for name in ("one", "two"):
            subprocess.run(["ip", "netns", "del", name], check=False)


class Across(Conn):
    """A connection from "one" to "two"."""

    def __init__(self, client=0, server=0):
        with inside("two"), Inet() as listener:
            listener.bind(("10.9.0.2", 0))
            self._meet(listener, client, server, inside("one"))


def clean_up():
    """No rules, no helper, the default's default."""
    with genl.Helper() as helper:
        helper.register()
        helper.push()
    SYSCTL.write_text("same-user", encoding="ascii")
