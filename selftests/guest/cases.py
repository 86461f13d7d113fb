# SPDX-License-Identifier: GPL-2.0-only
"""Tests that run in the guest beside the socket tests.

Each is a function; STAGES says when: before the module is loaded, while it
is, and when it goes.
"""
import contextlib
import errno
import json
import os
import pathlib
import select
import socket
import subprocess
import threading

import kmemleak

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("SDIRECT_BUILD", TOP / "build"))
MODULE = pathlib.Path(os.environ.get("SDIRECT_MODULE", TOP / "sdirect.ko"))
AF_SDIRECT = 18
IPPROTO_IPV6 = 41
LIMIT = 60              # seconds for any one command


class Skip(Exception):
    """Why a test cannot be run here."""


def run(*argv, status=0, env=None):
    done = subprocess.run([str(arg) for arg in argv], text=True,
                          capture_output=True, timeout=LIMIT, check=False,
                          stdin=subprocess.DEVNULL,
                          env=dict(os.environ, **(env or {})))
    if status is not None and done.returncode != status:
        raise AssertionError(f"{argv}: exit {done.returncode}, not {status}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def family_there():
    try:
        socket.socket(AF_SDIRECT, socket.SOCK_STREAM).close()
    except OSError as error:
        assert error.errno == errno.EAFNOSUPPORT, error
        return False
    return True


def sdirect(*words):
    return json.loads(run(BUILD / "sdirect", *words, "--json").stdout)


def ask(sock, option=1, size=56):
    """struct sdirect_info as (tx_carrier, rx_carrier, tx_ring, rx_ring)."""
    raw = sock.getsockopt(1489, option, size)
    word = [int.from_bytes(raw[at:at + 8], "little")
            for at in range(8, 40, 8)]
    return raw[4], raw[5], word[2], word[3]


class Inet(socket.socket):
    """Python builds addresses by family: call it AF_INET, it is one."""

    def __init__(self):
        plain = socket.socket(AF_SDIRECT, socket.SOCK_STREAM)
        super().__init__(socket.AF_INET, socket.SOCK_STREAM, 0,
                         plain.detach())


@contextlib.contextmanager
def pair(rounds=0):
    """Two connected sockets that have exchanged some messages."""
    with Inet() as listener, Inet() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            for _ in range(rounds):
                exchange(client, server)
            yield client, server


def exchange(one, two, data=b"x" * 100):
    for source, sink in ((one, two), (two, one)):
        source.sendall(data)
        assert sink.recv(len(data), socket.MSG_WAITALL) == data


# Before the module is there.

def family_is_not_there():
    assert not family_there()


def run_without_the_module():
    done = run(BUILD / "sdirect-run", "echo", "hello")
    assert done.stdout == "hello\n"
    assert len(done.stderr.splitlines()) == 1, done.stderr


def require_without_the_module():
    done = run(BUILD / "sdirect-run", "--require", "echo", "no", status=None)
    assert done.returncode != 0 and done.stdout == "" and done.stderr


def commands_without_the_module():
    for word in ("list", "stat"):
        done = run(BUILD / "sdirect", word, status=1)
        assert done.stdout == "" and len(done.stderr.splitlines()) == 1


def load():
    run("insmod", MODULE)
    assert family_there()


# While it is.

def load_twice_is_refused():
    done = run("insmod", MODULE, status=None)
    assert done.returncode != 0
    assert family_there()


def example_programs():
    with subprocess.Popen([BUILD / "examples/server"], text=True,
                          stdout=subprocess.PIPE) as server:
        try:
            port = server.stdout.readline().strip()
            done = run(BUILD / "examples/client", port, "1000")
            assert done.stdout == "1000 echoes\n", done.stdout
            assert server.wait(LIMIT) == 0
        finally:
            server.kill()


def example_under_strangers():
    """The example server and a plain TCP client: TCP carries the bytes."""
    with subprocess.Popen([BUILD / "examples/server"], text=True,
                          stdout=subprocess.PIPE) as server:
        try:
            port = int(server.stdout.readline())
            with socket.create_connection(("127.0.0.1", port),
                                          LIMIT) as client:
                for _ in range(100):
                    client.sendall(b"hello")
                    assert client.recv(5, socket.MSG_WAITALL) == b"hello"
            assert server.wait(LIMIT) == 0
        finally:
            server.kill()


def list_shows_both_ends():
    with pair(300) as (client, server):
        port = client.getsockname()[1]
        rows = [row for row in sdirect("list")
                if port in (row["local_port"], row["remote_port"])]
        assert len(rows) == 2, rows
        for row in rows:
            assert row["tx_carrier"] == row["rx_carrier"] == "local", row
            assert row["reason"] == "none", row
            assert row["tx_bytes"] == row["rx_bytes"] == 30000, row
            assert 0 < row["tx_ring_bytes"] <= 30000, row
            count = row["counters"]
            assert count["switches_to_ring"] == 1, row
            assert count["tcp_tx_calls"] + count["ring_tx_calls"] == 300, row
            assert count["tcp_rx_bytes"] + count["ring_rx_bytes"] == 30000
            assert os.getpid() in [p["pid"] for p in row["processes"]], row
        text = run(BUILD / "sdirect", "list").stdout
        assert str(port) in text and str(server.getpeername()[1]) in text


def list_says_why_tcp():
    with Inet() as listener, socket.socket() as stranger:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        stranger.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            for _ in range(50):
                exchange(stranger, server)
            port = stranger.getsockname()[1]
            rows = [row for row in sdirect("list")
                    if row["remote_port"] == port]
            assert len(rows) == 1, rows
            assert rows[0]["tx_carrier"] == "tcp"
            assert rows[0]["reason"] == "no-peer", rows


def stat_counts_ring_bytes():
    before = sdirect("stat")
    with pair(300) as (client, _):
        tx_ring = ask(client)[2]
    after = sdirect("stat")
    grown = {key: after[key] - before[key] for key in after
             if key.startswith("ring_") and key.endswith("_bytes")}
    assert grown, f"no ring_*_bytes in {sorted(after)}"
    assert all(value >= tx_ring for value in grown.values()), grown


def shim_goes_by_rings():
    """An unmodified program: the socket it thinks is TCP has ring bytes."""
    code = (
        "import socket\n"
        "l = socket.create_server(('127.0.0.1', 0))\n"
        "c = socket.create_connection(l.getsockname())\n"
        "s, _ = l.accept()\n"
        "for i in range(500):\n"
        "    c.sendall(b'x' * 100); s.recv(100, socket.MSG_WAITALL)\n"
        "    s.sendall(b'y' * 100); c.recv(100, socket.MSG_WAITALL)\n"
        "raw = c.getsockopt(1489, 1, 56)\n"
        "print(int.from_bytes(raw[24:32], 'little'))\n"
    )
    done = run(BUILD / "sdirect-run", "--require", "/usr/bin/python3", "-c",
               code)
    assert int(done.stdout) > 25000, done.stdout
    done = run(BUILD / "sdirect-run", "/usr/bin/python3", "-c", code,
               env={"SDIRECT_DISABLE": "1"}, status=None)
    assert done.returncode != 0, "SDIRECT_DISABLE=1 changed nothing"


def other_user_stays_on_tcp():
    """Default policy: direct only for the same user."""
    with Inet() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        pid = os.fork()
        if not pid:
            status = 1
            with contextlib.suppress(Exception):
                os.setuid(65534)
                with Inet() as client:
                    client.connect(listener.getsockname())
                    while data := client.recv(100):
                        client.sendall(data)
                status = 0
            os._exit(status)
        server, _ = listener.accept()
        with server:
            for _ in range(300):
                server.sendall(b"z" * 100)
                assert server.recv(100, socket.MSG_WAITALL) == b"z" * 100
            tx, rx, tx_ring, rx_ring = ask(server)
        assert os.waitpid(pid, 0)[1] == 0
        assert (tx, rx, tx_ring, rx_ring) == (0, 0, 0, 0)


def io_under_epoll_threads():
    """A small event server with many clients, all of them served."""
    with Inet() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        failures = []

        def client():
            try:
                with Inet() as sock:
                    sock.settimeout(LIMIT)
                    sock.connect(listener.getsockname())
                    for _ in range(100):
                        sock.sendall(b"abc")
                        assert sock.recv(3, socket.MSG_WAITALL) == b"abc"
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        serve(listener, len(threads))
        for thread in threads:
            thread.join(LIMIT)
        assert not failures, failures


def serve(listener, clients):
    poll, socks = select.epoll(), {}
    poll.register(listener, select.EPOLLIN)
    while clients:
        ready = poll.poll(LIMIT)
        assert ready, "nothing to do, and clients waiting"
        for fd, _ in ready:
            if fd == listener.fileno():
                sock, _ = listener.accept()
                socks[sock.fileno()] = sock
                poll.register(sock, select.EPOLLIN)
                continue
            data = socks[fd].recv(4096)
            if data:
                socks[fd].sendall(data)
            else:
                poll.unregister(fd)
                socks.pop(fd).close()
                clients -= 1


def demoted_by_the_administrator():
    """By either end's name; a program's own wish stands beside it."""
    with pair(300) as (client, server):
        ends = client.getsockname(), client.getpeername()
        for name in (f"{ends[0][0]}:{ends[0][1]}", f":{ends[1][1]}", "all"):
            done = run(BUILD / "sdirect", "demote", name)
            assert done.stdout == "demoted 2 sockets\n", done.stdout
            for _ in range(20):
                exchange(client, server)
            assert ask(client)[:2] == ask(server)[:2] == (0, 0)
            rows = sdirect("list")
            assert {(row["reason"], row["demoted"]) for row in rows} == \
                {("demoted", True)}, rows
            run(BUILD / "sdirect", "promote", name)
            for _ in range(20):
                exchange(client, server)
            assert ask(client)[:2] == ask(server)[:2] == (1, 1)
        done = run("setpriv", "--reuid", "65534", "--clear-groups",
                   BUILD / "sdirect", "demote", "all", status=1)
        assert "administrator" in done.stderr, done.stderr
        assert ask(client)[0] == 1
    done = run(BUILD / "sdirect", "demote", "192.0.2.1:1", status=1)
    assert "192.0.2.1:1" in done.stderr, done.stderr


# When it goes.

def unload_is_refused_while_in_use():
    with pair(300):
        done = run("rmmod", "sdirect", status=None)
        assert done.returncode != 0, "rmmod took the module from a socket"
        assert family_there()
    with Inet():
        assert run("rmmod", "sdirect", status=None).returncode != 0


def unload():
    run("rmmod", "sdirect")
    assert not family_there()


def nothing_is_left():
    for path in ("/proc/modules", "/proc/slabinfo", "/proc/net/protocols",
                 "/proc/vmallocinfo"):
        with contextlib.suppress(FileNotFoundError):
            text = pathlib.Path(path).read_text(encoding="utf-8")
            lines = [line for line in text.splitlines() if "sdirect" in line]
            assert not lines, f"{path}: {lines[:5]}"
    assert not pathlib.Path("/sys/module/sdirect").exists()


def load_and_unload_again():
    for _ in range(5):
        run("insmod", MODULE)
        with pair(200) as (client, _):
            assert ask(client)[2] > 0
        run("rmmod", "sdirect")
    nothing_is_left()


def no_leaks_are_found():
    """For good when the module is gone, and all that used it."""
    if not kmemleak.available():
        raise Skip("this kernel does not look for leaks")
    leaks = kmemleak.leaks()
    assert not leaks, leaks


STAGES = {
    "before": (family_is_not_there, run_without_the_module,
               require_without_the_module, commands_without_the_module, load),
    "loaded": (load_twice_is_refused, example_programs,
               example_under_strangers, list_shows_both_ends,
               list_says_why_tcp, stat_counts_ring_bytes, shim_goes_by_rings,
               other_user_stays_on_tcp, io_under_epoll_threads,
              demoted_by_the_administrator),
    "after": (unload_is_refused_while_in_use, unload, nothing_is_left,
              load_and_unload_again, no_leaks_are_found),
}
