# SPDX-License-Identifier: GPL-2.0-only
"""AF_SDIRECT sockets in Python, and conversations between two of them."""
import collections
import ctypes
import os
import socket
import struct
import time

AF_SDIRECT = 18
SOL_SDIRECT = 1489
SDIRECT_INFO = 1
# enum sdirect_reason and enum sdirect_carrier
REASONS = ("none", "idle", "waiting", "cold", "no_peer", "policy", "key",
           "counts", "memory", "oob", "option", "shutdown", "peer_gone",
           "demoted")
CARRIERS = ("tcp", "local")
INFO = struct.Struct("=IBBHQQQQIIII")
MESSAGE = 100           # bytes
HOT = 60                # messages each way, after which both are on rings
LIMIT = 30 * int(os.environ.get("SDIRECT_TIME", "1"))   # seconds of one wait

libc = ctypes.CDLL(None, use_errno=True)
Info = collections.namedtuple("Info", "tx rx reason ring_tx ring_rx")


class Failed(Exception):
    """Something is not as it must be."""


def expect(what, got, *wanted):
    """One of these; or says what is otherwise."""
    if got not in wanted:
        raise Failed(f"{what}: {got}, not {' or '.join(map(str, wanted))}")


def direct():
    """An IPv4 socket of the family: all else of it is TCP's."""
    fd = libc.socket(AF_SDIRECT, socket.SOCK_STREAM | socket.SOCK_CLOEXEC, 0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "socket(AF_SDIRECT)")
    made = socket.socket(fileno=fd)
    made.settimeout(LIMIT)
    return made


def plain():
    """A TCP socket."""
    made = socket.socket()
    made.settimeout(LIMIT)
    return made


def listener(make, address, backlog=16):
    made = make()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(address)
    made.listen(backlog)
    return made


def accept(waiting):
    made, _ = waiting.accept()
    made.settimeout(LIMIT)
    return made


def client(make, address, source=None):
    made = make()
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if source:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(source)
    made.connect(address)
    return made


def info(sock):
    """What the module says of a socket, or None: plain TCP."""
    try:
        data = sock.getsockopt(SOL_SDIRECT, SDIRECT_INFO, INFO.size)
    except OSError:
        return None
    _, tx, rx, reason, _, _, ring_tx, ring_rx, *_ = INFO.unpack(data)
    return Info(CARRIERS[tx], CARRIERS[rx], REASONS[reason], ring_tx, ring_rx)


def reason(sock):
    said = info(sock)
    return said and said.reason


def is_direct(sock):
    said = info(sock)
    return bool(said) and (said.tx, said.rx) == ("local", "local")


def take(sock, count):
    """So many bytes."""
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise Failed(f"end of stream after {len(data)} of {count} bytes")
        data += more
    return data


def say(one, other, rounds=HOT, seed=0):
    """Messages both ways, each checked; they name their connection."""
    for number in range(rounds):
        for source, sink, way in ((one, other, 0), (other, one, 1)):
            message = struct.pack("=QQB", seed, number, way).ljust(MESSAGE,
                                                                   b".")
            source.sendall(message)
            got = take(sink, MESSAGE)
            if got != message:
                raise Failed(f"a wrong message: {got[:17]!r}, not "
                             f"{message[:17]!r}")


def until(what, condition, limit=LIMIT):
    """What nothing can be slept on."""
    end = time.monotonic() + limit
    while not (got := condition()):
        if time.monotonic() > end:
            raise Failed(f"{what}: not after {limit} s")
        time.sleep(0.01)
    return got
