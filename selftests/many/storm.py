# SPDX-License-Identifier: GPL-2.0-only
"""A program that opens many connections in vain, and what sockets it gets.

Started under the shim with SDIRECT_STORM={RATE}, or 0, which is told to it; ends
with 0 if each was of the family that it should be.
"""
import contextlib
import ctypes
import errno
import fcntl
import itertools
import os
import select
import socket
import struct
import sys
import time

RATE = 5                # as many in vain in a second are allowed, and at once
TRY = 32                # SDI_STORM_TRY: one of so many is tried
MANY = 2000             # until then a storm must have begun, or ended
MESSAGES = 60           # after which a connection is mapped
SOL_SDIRECT = 1489
SDIRECT_INFO = 1
CARRIED = ((socket.SOL_SOCKET, socket.SO_REUSEADDR),
           (socket.SOL_SOCKET, socket.SO_REUSEPORT),
           (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
CLONE_NEWNET = 0x40000000
EPOLL_CTL_ADD = 1
NUMBERS = {"x86_64": (54, 233), "aarch64": (208, 21)}   # setsockopt, epoll_ctl
LIBC = ctypes.CDLL(None, use_errno=True)    # the shim first
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def is_direct(sock):
    try:
        sock.getsockopt(SOL_SDIRECT, SDIRECT_INFO, 4)
    except OSError as error:
        assert error.errno in (errno.ENOPROTOOPT, errno.EOPNOTSUPP), error
        return False
    return True


def opened(family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_STREAM)


@contextlib.contextmanager
def connection(listener):
    with socket.create_connection(listener.getsockname()[:2]) as client:
        server, _ = listener.accept()
        with server:
            yield client, server


def exchange(client, server, count):
    for _ in range(count):
        for source, sink in ((client, server), (server, client)):
            source.sendall(b"x" * 64)
            assert len(sink.recv(64, socket.MSG_WAITALL)) == 64


def once(listener):
    """A connection with one request.  Was it tried?"""
    with connection(listener) as (client, server):
        exchange(client, server, 1)
        return is_direct(client)


def storm(listener):
    """Until there is one: several in a row are not tried."""
    row = 0
    for _ in range(MANY):
        row = 0 if once(listener) else row + 1
        if row == TRY // 2:
            return
    raise AssertionError("there is no storm")


def others(listener):
    """During one: the other sockets are tried once in so many times."""
    said = [once(listener) for _ in range(4 * TRY)]
    assert 4 <= said.count(True) <= 5, said


def check_any_number(listener):
    assert all(once(listener) for _ in range(100))


def check_slow(listener):
    """A few in a second are tried, for ever."""
    for _ in range(4 * RATE):
        time.sleep(1.2 / RATE)
        assert once(listener)


def check_storm(listener):
    storm(listener)
    others(listener)


def check_pause(listener):
    """It ends with a pause."""
    storm(listener)
    time.sleep(1.1)
    assert all(once(listener) for _ in range(RATE - 1))


def check_use(listener):
    """It ends with one that is mapped, long before it is closed."""
    storm(listener)
    for _ in range(MANY):
        with connection(listener) as (client, server):
            tried = is_direct(client)
            exchange(client, server, MESSAGES)
            if tried:
                assert all(once(listener) for _ in range(RATE))
                return
    raise AssertionError("none was tried")


def spared(family=socket.AF_INET):
    """One that is TCP's, as it is a storm."""
    for _ in range(MANY):
        sock = opened(family)
        if not is_direct(sock):
            return sock
        sock.close()
    raise AssertionError("all are tried")


def reuse(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def refused_listen(sock):
    """As it is connected."""
    try:
        sock.listen()
    except OSError as error:
        assert error.errno == errno.EINVAL, error
    else:
        raise AssertionError("it listens")


def quiet_ports():
    """Those below what connect() takes, where nothing is left of others."""
    with open("/proc/sys/net/ipv4/ip_local_port_range",
              encoding="ascii") as file:
        first = int(file.read().split()[0])
    return iter(range(first - 10000, first))


PORTS = quiet_ports()


def free_port(family):
    """One that nobody is bound to, each once."""
    for port in PORTS:
        with opened(family) as sock, contextlib.suppress(OSError):
            sock.bind((LOOPBACK[family], port))
            return port
    raise AssertionError("no port is free")


def flags(sock):
    return (fcntl.fcntl(sock, fcntl.F_GETFL), fcntl.fcntl(sock, fcntl.F_GETFD),
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN),
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE),
            *(sock.getsockopt(*option) for option in CARRIED
              if option[0] == socket.SOL_SOCKET or
              sock.family == socket.AF_INET6))


def change(sock, inheritable, blocking, value):
    """All that is carried over."""
    sock.set_inheritable(inheritable)
    sock.setblocking(blocking)
    for option in CARRIED:
        with contextlib.suppress(OSError):
            sock.setsockopt(*option, value)
    assert not is_direct(sock)
    return flags(sock)


def check_listeners(listener):
    """They are tried, if no more was done first than is carried over."""
    storm(listener)
    # To any address: another sets IPV6_V6ONLY.
    for family, address in ((socket.AF_INET, "0.0.0.0"),
                            (socket.AF_INET6, "::")):
        for how in itertools.product((False, True), repeat=3):
            with spared(family) as sock:
                was = change(sock, *how)
                sock.bind((address, free_port(family)))
                sock.listen()
                assert is_direct(sock), (family, how)
                assert flags(sock) == was, (flags(sock), was)
            with spared(family) as sock:
                was = change(sock, *how)
                sock.listen()
                assert is_direct(sock), (family, how)
                assert flags(sock) == was, (flags(sock), was)
                if family == socket.AF_INET:
                    once(sock)
    # It has not ended by that.
    others(listener)


def check_clients(listener):
    """They are not, though they do a part of what listeners do."""
    storm(listener)
    for port in (None, 0):
        with spared() as sock:
            reuse(sock)
            if port is not None:
                sock.bind(("127.0.0.1", port))
            sock.connect(listener.getsockname())
            server, _ = listener.accept()
            with server:
                assert not is_direct(sock)
                exchange(sock, server, 2)
    with spared() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        assert not is_direct(sock)
        once(sock)


@contextlib.contextmanager
def other_namespace():
    with open("/proc/thread-self/ns/net", "rb") as home:
        assert LIBC.unshare(CLONE_NEWNET) == 0
        try:
            yield
        finally:
            assert LIBC.setns(home.fileno(), CLONE_NEWNET) == 0


@contextlib.contextmanager
def other_user():
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def check_makers(listener):
    """Another thread's namespace or user is not taken over."""
    storm(listener)
    for other in (other_namespace, other_user):
        address = ("127.0.0.1", free_port(socket.AF_INET))
        with spared() as sock:
            with other():
                sock.bind(address)
                sock.listen()
            assert not is_direct(sock), other
            with socket.create_connection(address):
                sock.accept()[0].close()


def check_by_number(listener):
    """The same for calls that are made by their numbers."""
    storm(listener)
    setsockopt, epoll_ctl = NUMBERS[os.uname().machine]
    with spared() as sock:
        one = ctypes.c_int(1)
        assert LIBC.syscall(setsockopt, sock.fileno(), socket.SOL_SOCKET,
                            socket.SO_KEEPALIVE, ctypes.byref(one), 4) == 0
        sock.bind(("127.0.0.1", free_port(socket.AF_INET)))
        assert not is_direct(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    with spared() as sock, select.epoll() as epoll:
        event = struct.pack("=IQ" if os.uname().machine == "x86_64" else "IQ",
                            select.EPOLLIN, sock.fileno())
        assert LIBC.syscall(epoll_ctl, epoll.fileno(), EPOLL_CTL_ADD,
                            sock.fileno(), event) == 0
        sock.bind(("127.0.0.1", free_port(socket.AF_INET)))
        assert not is_direct(sock)
        epoll.unregister(sock)


def check_untouched(listener):
    """What was done to it before is not lost, and it stays TCP's."""
    storm(listener)
    with spared() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.bind(("127.0.0.1", free_port(socket.AF_INET)))
        sock.listen()
        assert not is_direct(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    with spared() as sock:
        copy = os.dup(sock.fileno())
        sock.bind(("127.0.0.1", free_port(socket.AF_INET)))
        with socket.socket(fileno=copy) as other:
            assert other.getsockname() == sock.getsockname()
    with spared() as sock:
        sock.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            refused_listen(sock)
            exchange(sock, server, 2)
    with spared() as sock:
        sock.connect(listener.getsockname())
        listener.accept()[0].close()
        sock.settimeout(60)
        assert sock.recv(1, socket.MSG_PEEK) == b""
        refused_listen(sock)
        assert sock.recv(1) == b""
    with spared() as sock:
        number = sock.fileno()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert sock.fileno() == number
        sock.bind(("127.0.0.1", free_port(socket.AF_INET)))
        assert sock.getsockopt(socket.SOL_SOCKET,
                               socket.SO_TYPE) == socket.SOCK_DGRAM


CHECKS = {name[6:]: check for name, check in list(globals().items())
          if name.startswith("check_")}


def main():
    listener = opened()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    assert is_direct(listener)
    CHECKS[sys.argv[1]](listener)


if __name__ == "__main__":
    main()
